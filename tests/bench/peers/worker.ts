// SPDX-License-Identifier: LGPL-2.1-or-later
// The same function as functions/hello, started by hand: what every gateway here proxies to.
const [where] = Deno.args;
const handler = () => new Response("Hello from a function\n");
if (where.startsWith("/")) Deno.serve({ path: where, onListen: ready }, handler);
else Deno.serve({ hostname: "127.0.0.1", port: Number(where), onListen: ready }, handler);

function ready() {
  console.log("ready");
}
