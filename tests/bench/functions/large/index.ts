// SPDX-License-Identifier: LGPL-2.1-or-later
// As many bytes as ?bytes= asks for, in pieces; or how many bytes came.
const block = new Uint8Array(64 << 10).fill(120);

async function count(body: ReadableStream<Uint8Array> | null): Promise<number> {
  let total = 0;
  for await (const piece of body ?? []) total += piece.byteLength;
  return total;
}

Deno.serve(async (req) => {
  if (req.method === "POST") return new Response(`${await count(req.body)}`);
  let left = Number(new URL(req.url).searchParams.get("bytes"));
  return new Response(new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      // Given away: each piece is a new one.
      controller.enqueue(block.slice(0, Math.min(left, block.length)));
      left -= block.length;
    },
  }));
});
