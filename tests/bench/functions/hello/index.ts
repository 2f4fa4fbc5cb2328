// SPDX-License-Identifier: LGPL-2.1-or-later
// A short text, or as many bytes as ?bytes= asks for.
const blocks = new Map<string, Uint8Array>();

function bytes(size: string): Uint8Array {
  let block = blocks.get(size);
  if (!block) blocks.set(size, block = new Uint8Array(Number(size)).fill(120));
  return block;
}

Deno.serve((req) => {
  const at = req.url.indexOf("?bytes=");
  return new Response(at < 0 ? "Hello from a function\n" : bytes(req.url.slice(at + 7)));
});
