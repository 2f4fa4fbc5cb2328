// SPDX-License-Identifier: LGPL-2.1-or-later
Deno.serve(() => new Response("Hello from a function\n"));
