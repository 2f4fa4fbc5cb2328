// SPDX-License-Identifier: LGPL-2.1-or-later
// A function, started by hand: what every gateway here proxies to. The arguments are a port, or the
// path of a Unix socket, and the function's name.
const [where, name] = Deno.args;
const serve = Deno.serve;
const place = where.startsWith("/") ? { path: where } : { hostname: "127.0.0.1", port: Number(where) };
Object.defineProperty(Deno, "serve", { value: (handler: Deno.ServeHandler) => serve({ ...place, onListen() {} }, handler) });
await import(`../functions/${name}/index.ts`);
