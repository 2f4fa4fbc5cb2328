// SPDX-License-Identifier: LGPL-2.1-or-later
// Servers made with node:http, or with what is built on it: express, fastify, koa, hono.

import { EventEmitter } from "node:events";
import { enterRequest } from "./context.ts";
import { ignore } from "./guards.ts";
import { report } from "./report.ts";
import { adopt, isServing } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

const ADDRESS_VARIABLE = "DENO_SERVE_ADDRESS";
const TOO_OLD = "A server of node:http needs Deno 2.8 or newer here";
const redirected = new WeakSet<object>();
const PEER_FIELD = "x-deno-client-address";

function answerFailure(response: Any, error: unknown): void {
  report("handler", error);
  if (response?.headersSent) return void response.destroy();
  response?.writeHead(500, { "content-type": "text/plain" });
  response?.end("Internal Server Error");
}

/** Deno itself puts the address that the host names in place only for Deno.serve. */
function setPeer(request: Any): void {
  const peer: string | undefined = request.headers[PEER_FIELD];
  if (peer === undefined) return;
  delete request.headers[PEER_FIELD];
  const colon = peer.lastIndexOf(":");
  Object.defineProperties(request.socket, {
    remoteAddress: { value: peer.slice(0, colon).replace(/^\[|\]$/g, ""), configurable: true },
    remotePort: { value: Number(peer.slice(colon + 1)), configurable: true },
  });
}

/** Deno leaves the absolute target there when it did not choose the socket itself. */
function setTarget(request: Any): void {
  if (request.url.startsWith("/")) return;
  const slash = request.url.indexOf("/", request.url.indexOf("//") + 2);
  request.url = slash < 0 ? "/" : request.url.slice(slash);
}

/** Gives requests their id and answers those whose listener throws. */
function wrapRequests(server: Any, emit: Any): void {
  server.emit = function (event: string, request: Any, response: Any, ...rest: unknown[]) {
    if (event !== "request" && event !== "upgrade") {
      return emit.call(this, event, request, response, ...rest);
    }
    enterRequest(request.headers["x-request-id"]);
    setPeer(request);
    setTarget(request);
    if (event === "upgrade") return emit.call(this, event, request, response, ...rest);
    try {
      return emit.call(this, event, request, response, ...rest);
    } catch (error) {
      answerFailure(response, error);
      return true;
    }
  };
}

function adoptServer(server: Any, emit: Any): void {
  // Frameworks print the address, and some stop working without one.
  server.address = () => ({ address: "127.0.0.1", family: "IPv4", port: 8000 });
  const close = server.close;
  server.close = () => {
    ignore("server.close()");
    return server;
  };
  wrapRequests(server, emit);
  adopt("node", {
    shutdown: () =>
      new Promise((resolve) => {
        close.call(server, () => resolve());
        server.closeIdleConnections?.();
      }),
  });
}

/** Deno older than 2.9 takes no address for node:http from its environment. */
function takesAddress(): boolean {
  const [major, minor] = Deno.version.deno.split(".").map(Number);
  return major > 2 || minor >= 9;
}

async function redirectListen(socket: string): Promise<() => void> {
  const { Server } = await import("node:http") as Any;
  const listen = Server.prototype.listen;
  Server.prototype.listen = function (...values: unknown[]) {
    if (isServing()) return listen.apply(this, values);
    redirected.add(this);
    return listen.call(this, { path: socket }, values.find((value) => typeof value === "function"));
  };
  return () => Server.prototype.listen = listen;
}

function redirectByAddress(socket: string): () => void {
  Deno.env.set(ADDRESS_VARIABLE, "unix:" + socket);
  return () => Deno.env.delete(ADDRESS_VARIABLE);
}

function isOurs(server: Any): boolean {
  return redirected.has(server) || server.address?.() === null;
}

/** The next node:http server listens on `socket`; "listening" is the first one hears of it. */
export async function watchNodeServers(
  socket: string,
  onRefused: (message: string) => void,
): Promise<() => void> {
  const emit = EventEmitter.prototype.emit;
  const undo = takesAddress() ? redirectByAddress(socket) : await redirectListen(socket);
  const restore = () => {
    EventEmitter.prototype.emit = emit;
    undo();
  };
  EventEmitter.prototype.emit = function (this: Any, event: Any, ...values: unknown[]) {
    if (event === "listening" && !isServing() && isOurs(this)) {
      restore();
      if (redirected.has(this) && this.address()?.port !== undefined) onRefused(TOO_OLD);
      adoptServer(this, emit);
    }
    return emit.call(this, event, ...values);
  };
  return restore;
}
