// SPDX-License-Identifier: LGPL-2.1-or-later
// A megabyte, made as fast as it is taken.
const block = new Uint8Array(16 * 1024).fill(120);

Deno.serve(() => {
  let left = 64;
  return new Response(new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(block.slice());
      else controller.close();
    },
  }));
});
