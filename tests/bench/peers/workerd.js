// SPDX-License-Identifier: LGPL-2.1-or-later
// functions/hello, in the words of workerd.
const blocks = new Map();

function bytes(size) {
  let block = blocks.get(size);
  if (!block) blocks.set(size, block = new Uint8Array(Number(size)).fill(120));
  return block;
}

export default {
  fetch(req) {
    const at = req.url.indexOf("?bytes=");
    return new Response(at < 0 ? "Hello from a function\n" : bytes(req.url.slice(at + 7)));
  },
};
