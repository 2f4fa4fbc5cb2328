// SPDX-License-Identifier: LGPL-2.1-or-later
// The older way to serve, which `serve` of the standard library and many frameworks had before
// Deno.serve: Deno.listen() accepts connections, Deno.serveHttp() reads requests from each. Here a
// connection carries one request, which came to the worker's one server.

import { enterRequest, requestId } from "./context.ts";

interface RequestEvent {
  readonly request: Request;
  respondWith(answer: Response | PromiseLike<Response>): Promise<void>;
}

const CLOSED = "The connection was closed before its request was answered";
const NOT_HTTP = "A listener takes HTTP only: give its connections to Deno.serveHttp()";

const arrived: object[] = [];
const takers: ((connection: object) => void)[] = [];
const openers = new WeakMap<object, () => object>();

function makeEvent(
  request: Request,
  resolve: (response: Response) => void,
  reject: (error: unknown) => void,
): RequestEvent {
  const id = requestId();
  return {
    // Whoever takes it goes on in a turn of the loop that waited for it, which knows no request.
    get request() {
      enterRequest(id);
      return request;
    },
    async respondWith(answer) {
      try {
        resolve(await answer);
      } catch (error) {
        reject(error);
        throw error;
      }
    },
  };
}

/** What Deno.serveHttp() returns. */
function makeReader(event: RequestEvent, answered: Promise<null>, close: () => void): object {
  let next: RequestEvent | null = event;
  const nextRequest = async () => {
    const first = next;
    next = null;
    return first ?? await answered;
  };
  return {
    rid: 0,
    nextRequest,
    close,
    async *[Symbol.asyncIterator]() {
      for (let found = await nextRequest(); found !== null; found = await nextRequest()) {
        yield found;
      }
    },
    [Symbol.dispose]: close,
  };
}

/** Hands a request to whoever accepts connections. */
export function visit(
  request: Request,
  info: Deno.ServeHandlerInfo,
  localAddr: Deno.NetAddr,
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const answered = promise.then(() => null, () => null);
  const close = () => reject(new Error(CLOSED));
  const refuse = () => {
    const error = new Deno.errors.NotSupported(NOT_HTTP);
    reject(error);
    return Promise.reject(error);
  };
  const connection = {
    rid: 0,
    localAddr,
    remoteAddr: info.remoteAddr,
    read: refuse,
    write: refuse,
    closeWrite: refuse,
    close,
    ref() {},
    unref() {},
    [Symbol.dispose]: close,
  };
  const event = makeEvent(request, resolve, reject);
  openers.set(connection, () => makeReader(event, answered, close));
  const taker = takers.shift();
  if (taker !== undefined) taker(connection);
  else arrived.push(connection);
  return promise;
}

export function accept(): Promise<object> {
  const first = arrived.shift();
  return first !== undefined
    ? Promise.resolve(first)
    : new Promise((resolve) => takers.push(resolve));
}

/** Undefined if it is a connection of Deno's own. */
export function open(connection: object): object | undefined {
  return openers.get(connection)?.();
}
