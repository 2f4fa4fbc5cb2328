// SPDX-License-Identifier: LGPL-2.1-or-later
// The one server of a worker, on the host's socket whatever address the function asks for.

import type { Form } from "../common/protocol.ts";
import { enterRequest } from "./context.ts";
import { ignore } from "./guards.ts";
import { report } from "./report.ts";

export type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo,
) => Response | Promise<Response>;

interface Options {
  port?: number;
  hostname?: string;
  signal?: AbortSignal;
  handler?: Handler;
  onListen?: (address: Deno.NetAddr) => void;
  onError?: (error: unknown) => Response | Promise<Response>;
}

interface Stoppable {
  shutdown(): Promise<void>;
}

const RETURNED_NO_RESPONSE = "Return value from serve handler must be";

let socket = "";
let onServing: (form: Form) => void = () => {};
const servers: Stoppable[] = [];
/** Deno's own, once it is needed: merely to name it loads what is behind it. */
let serve: typeof Deno.serve | undefined;

export function textResponse(status: number, text: string): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain" } });
}

/** Runs for failures only: a wrapper round each handler would cost a third of a small request. */
function answerFailure(error: unknown): Response {
  if (error instanceof TypeError && error.message.startsWith(RETURNED_NO_RESPONSE)) {
    report("response", new TypeError("The handler returned something that is not a Response"));
    return textResponse(502, "Bad Gateway");
  }
  report("handler", error);
  return textResponse(500, "Internal Server Error");
}

function askUser(onError: NonNullable<Options["onError"]>) {
  return async (error: unknown): Promise<Response> => {
    try {
      const response = await onError(error);
      return response instanceof Response ? response : answerFailure(error);
    } catch (second) {
      return answerFailure(second);
    }
  };
}

/** A server that listens before there is a function, and what it does with a request: until it
 * starts, it holds them. */
interface Early {
  server: Deno.HttpServer;
  handler: Handler;
  onError: NonNullable<Options["onError"]>;
  start(handler: Handler): void;
  end(): Promise<void>;
}

let early: Early | undefined;
/** Has what was held go to the function. */
let startEarly: (() => void) | undefined;

/** Listens, unless it does already. */
export function serveEarly(path: string): void {
  if (early === undefined) listenEarly(path);
}

/** Returns what makes the server wait again after somebody has taken it. */
export function listenEarly(path: string): () => void {
  const ending = new AbortController();
  const waiting = {} as Early;
  serve ??= Deno.serve;
  waiting.server = serve(
    {
      path,
      onListen() {},
      signal: ending.signal,
      onError: (error: unknown) => waiting.onError(error),
      // deno-lint-ignore no-explicit-any
    } as any,
    (request, info) => waiting.handler(request, info as unknown as Deno.ServeHandlerInfo),
  ) as unknown as Deno.HttpServer;
  // At once, which leaves whatever it holds to the host. Nothing else may keep the process alive.
  waiting.end = () => {
    waiting.server.ref();
    ending.abort();
    return waiting.server.finished;
  };
  const wait = () => {
    // Alone it is no reason to go on: a function that serves nothing has to be found out.
    waiting.server.unref();
    const { promise, resolve } = Promise.withResolvers<Handler>();
    waiting.handler = (request, info) => {
      enterRequest(readRequestId(request)); // before Deno waits: what fails is told after that
      return promise.then((handler) => handler(request, info));
    };
    waiting.onError = answerFailure;
    waiting.start = (handler) => resolve(waiting.handler = handler);
    servers.length = 0;
    early = waiting;
  };
  wait();
  return wait;
}

/** A server of node:http will want the socket. */
export async function leaveSocket(): Promise<void> {
  const waiting = early;
  early = undefined;
  await waiting?.end();
}

function adoptEarly(waiting: Early, form: Form, handler: Handler, options: Options) {
  early = undefined;
  startEarly = () => waiting.start(handler);
  waiting.server.ref();
  if (options.onError !== undefined) waiting.onError = askUser(options.onError);
  servers.push(waiting.server);
  onServing(form);
  return waiting.server;
}

/** Not before the host was told that the function serves: what fails until then, it sends again. */
export function handleEarly(): void {
  startEarly?.();
}

const REQUEST_ID = "x-request-id";
// What a request of Deno's own server is made of.
interface Inner {
  header?(name: string): string | null;
}
let inner: symbol | undefined;

/** Asks for the one field there where the request keeps them all: to make the Headers object costs
 * as much as the rest of a small request does in JavaScript, and has Deno answer in a slower way. */
function readRequestId(request: Request): string | undefined {
  inner ??= Object.getOwnPropertySymbols(request).find((key) => key.description === "request");
  const kept = inner && (request as unknown as Record<symbol, Inner | undefined>)[inner];
  const id = kept?.header !== undefined ? kept.header(REQUEST_ID) : request.headers.get(REQUEST_ID);
  return id ?? undefined;
}

export function listen(form: Form, handler: Handler, options: Options = {}): Deno.HttpServer {
  const dispatch: Handler = (request, info) => {
    enterRequest(readRequestId(request));
    return handler(request, info);
  };
  if (early !== undefined) return adoptEarly(early, form, dispatch, options);
  const server = serve!(
    {
      path: socket,
      onListen() {},
      onError: options.onError === undefined ? answerFailure : askUser(options.onError),
      // deno-lint-ignore no-explicit-any
    } as any,
    dispatch,
  );
  servers.push(server);
  onServing(form);
  return server as unknown as Deno.HttpServer;
}

export function adopt(form: Form, server: Stoppable): void {
  servers.push(server);
  onServing(form);
}

export function isServing(): boolean {
  return servers.length > 0;
}

export async function shutdown(): Promise<void> {
  await Promise.all(servers.map((server) => server.shutdown()));
}

function readArguments(first: unknown, second: unknown): [Handler, Options] {
  if (typeof first === "function") return [first as Handler, (second ?? {}) as Options];
  const options = (first ?? {}) as Options;
  if (typeof second === "function") return [second as Handler, options];
  if (typeof options.handler === "function") return [options.handler, options];
  throw new TypeError("Deno.serve needs a handler: Deno.serve((request) => new Response())");
}

/** What the function sees of its server: the address that it asked for. */
function disguise(server: Deno.HttpServer | undefined, addr: Deno.NetAddr): Deno.HttpServer {
  const finished = server?.finished ?? new Promise<void>(() => {});
  const stop = () => Promise.resolve(ignore("server.shutdown()"));
  return {
    addr,
    finished,
    shutdown: stop,
    ref: () => server?.ref(),
    unref: () => server?.unref(),
    [Symbol.asyncDispose]: stop,
  } as Deno.HttpServer;
}

/** The one that was asked for, which nobody listens at. */
function readAddress({ hostname, port }: Options): Deno.NetAddr {
  return { transport: "tcp", hostname: hostname ?? "0.0.0.0", port: Number(port ?? 0) || 8000 };
}

function reportSecond(what: string): void {
  report("uncaught", new Error(`${what}: only the first server is reachable`));
}

function userServe(first: unknown, second?: unknown): Deno.HttpServer {
  const [handler, options] = readArguments(first, second);
  const addr = readAddress(options);
  if (isServing()) {
    reportSecond("Deno.serve was called twice");
    return disguise(undefined, addr);
  }
  const server = disguise(listen("serve", handler, options), addr);
  options.signal?.addEventListener("abort", () => ignore("To abort the server"), { once: true });
  options.onListen?.(addr);
  return server;
}

// Not a literal, so that Deno does not load the file with the bootstrap.
const CONNECTIONS = new URL("./connections.ts", import.meta.url).href;
type Connections = typeof import("./connections.ts");
let connections: Promise<Connections> | undefined;
let loadedConnections: Connections | undefined;

function serveConnections(addr: Deno.NetAddr): Promise<Connections> {
  connections = import(CONNECTIONS).then((module) => loadedConnections = module);
  listen("serve", async (request, info) => (await connections!).visit(request, info, addr));
  return connections;
}

/** It serves when it is asked for a connection: who only looks for a port that is free does not. */
function makeListener(addr: Deno.NetAddr): Deno.Listener {
  let mine: Promise<Connections> | undefined;
  const accept = async () => {
    if (mine === undefined && isServing()) {
      reportSecond("A listener accepts connections beside another server");
      return await new Promise<never>(() => {});
    }
    mine ??= serveConnections(addr);
    return (await mine).accept() as Promise<Deno.Conn>;
  };
  const close = () => {
    if (mine !== undefined) ignore("listener.close()");
  };
  return {
    rid: 0,
    addr,
    accept,
    close,
    ref() {},
    unref() {},
    async *[Symbol.asyncIterator]() {
      for (;;) yield await accept();
    },
    [Symbol.dispose]: close,
  } as unknown as Deno.Listener;
}

let listenInstalled = false;

/** Once: a standby has rehearsed it. */
function installListen(): void {
  if (listenInstalled) return;
  listenInstalled = true;
  // deno-lint-ignore no-explicit-any
  const deno = Deno as any;
  const { listen: realListen } = deno;
  // Merely to name it loads what is behind it.
  const real = Object.getOwnPropertyDescriptor(deno, "serveHttp");
  deno.listen = function listen(options: Partial<Deno.TcpListenOptions & { transport: string }>) {
    if (isServing() || (options?.transport ?? "tcp") !== "tcp") return realListen(options);
    return makeListener(readAddress(options ?? {}));
  };
  function serveHttp(connection: object): unknown {
    return loadedConnections?.open(connection) ??
      (real?.value ?? real?.get?.call(deno))?.call(deno, connection);
  }
  Object.defineProperty(deno, "serveHttp", {
    value: serveHttp,
    writable: true,
    configurable: true,
  });
}

export function installServer(path: string, serving: (form: Form) => void): void {
  socket = path;
  onServing = serving;
  serve ??= Deno.serve;
  Object.defineProperty(Deno, "serve", { value: userServe, writable: true, configurable: true });
  installListen();
}
