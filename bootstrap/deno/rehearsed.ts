// SPDX-License-Identifier: LGPL-2.1-or-later
// The function of the rehearsal: does what most functions do.

Deno.serve(async (request: Request) => {
  const { pathname, searchParams } = new URL(request.url);
  console.log(`${request.method} ${pathname}`, searchParams.get("x"));
  if (request.method !== "POST") return new Response("hello", { headers: { "x-a": "b" } });
  const { name } = await request.json();
  return Response.json({ message: `Hello ${name}!` });
});
