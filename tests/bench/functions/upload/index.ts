// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads all of a body, however slowly it comes.
Deno.serve(async (req) => new Response(`${(await req.arrayBuffer()).byteLength}\n`));
