// SPDX-License-Identifier: LGPL-2.1-or-later
// Serves a Fluxbase handler: handler(request, fluxbase, fluxbaseService, utils).

import type { LoadCommand } from "../common/protocol.ts";
import { enterRequest, requestId } from "./context.ts";
import { report } from "./report.ts";
import { foldSecrets, mask } from "./secrets.ts";
import type { Handler } from "./server.ts";

// deno-lint-ignore no-explicit-any
type FluxbaseHandler = (...values: any[]) => unknown;

const BODILESS = ["GET", "HEAD"];
const CLAIMS = "x-auth-claims";
const SECRETS = "x-deno-worker-user-secrets";

interface User {
  id?: string;
  email?: string;
  role?: string;
  session_id?: string;
}

/** What only the gateway writes, so that it can be believed. */
function readField(headers: Headers, name: string): Record<string, string> | undefined {
  const text = headers.get(name);
  if (text === null) return undefined;
  const bytes = Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")),
    (letter) => letter.charCodeAt(0),
  );
  return JSON.parse(new TextDecoder().decode(bytes));
}

function readUser(headers: Headers): User | null {
  const claims = readField(headers, CLAIMS);
  const id = claims?.user_id ?? claims?.sub;
  if (claims === undefined || id === undefined) return null;
  return { id, email: claims.email, role: claims.role, session_id: claims.session_id };
}

/** Everything that the handler does from here on may ask for the caller's own. */
function enterUser(headers: Headers): Headers {
  if (!headers.has(SECRETS)) return headers;
  const rest = new Headers(headers);
  rest.delete(SECRETS);
  enterRequest(requestId(), foldSecrets(readField(headers, SECRETS)!));
  return rest;
}

function hide(target: object, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
  }
}

/** Both headers.get("X-A") and headers["x-a"]; a field named like a method stays a method. */
function openHeaders(headers: Headers): Record<string, string> {
  const plain = Object.fromEntries(headers);
  for (const [name, value] of Object.entries(plain)) {
    if (name in Headers.prototype) continue;
    Object.defineProperty(headers, name, { value, enumerable: true, configurable: true });
  }
  return plain;
}

/** A real Request that also has the plain object's fields, body as a string among them. */
function openRequest(
  request: Request,
  incoming: Headers,
  bytes: Uint8Array,
  user: User | null,
): Request {
  const bodiless = BODILESS.includes(request.method);
  const init = {
    method: request.method,
    headers: incoming,
    body: bodiless || bytes.length === 0 ? undefined : bytes as BodyInit,
    signal: request.signal,
  };
  const open = new Request(request.url, init);
  const body = new TextDecoder().decode(bytes);
  const params = Object.fromEntries(new URL(request.url).searchParams);
  const headers = openHeaders(open.headers);
  const fields = {
    user_id: user?.id,
    user_email: user?.email,
    user_role: user?.role,
    session_id: user?.session_id,
  };
  hide(open, {
    body,
    params,
    user,
    ...fields,
    legacy: { method: request.method, url: request.url, headers, body, params, ...fields },
    clone: () =>
      openRequest(new Request(request.url, { ...init, body: undefined }), incoming, bytes, user),
  });
  return open;
}

function createUtils(request: Request, body: string, user: User | null, command: LoadCommand) {
  const execution = requestId() ?? crypto.randomUUID();
  return {
    reportProgress(percent: number, message?: string, data?: unknown): void {
      const extra = data === undefined ? [] : [data];
      console.info(`progress ${percent}%${message === undefined ? "" : ": " + message}`, ...extra);
    },
    isCancelled: () => Promise.resolve(request.signal.aborted),
    getExecutionContext: () => ({
      execution_id: execution,
      function_name: command.name,
      namespace: command.namespace ?? "default",
      user: user === null ? null : { id: user.id, email: user.email, role: user.role },
    }),
    getPayload(): unknown {
      try {
        return JSON.parse(body);
      } catch {
        return null;
      }
    },
  };
}

function fromParts(parts: { status: number; headers?: object; body?: unknown }): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(parts.headers ?? {})) {
    headers.set(name, String(value));
  }
  const body = parts.body;
  if (body === undefined || body === null) {
    return new Response(null, { status: parts.status, headers });
  }
  if (typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream) {
    return new Response(body as BodyInit, { status: parts.status, headers });
  }
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return new Response(JSON.stringify(body), { status: parts.status, headers });
}

function toResponse(result: unknown): Response {
  if (result instanceof Response) return result;
  if (result === undefined) return new Response(null);
  const parts = result as { status?: number } | null;
  if (typeof parts === "object" && parts?.status !== undefined) {
    return fromParts(parts as { status: number });
  }
  return Response.json(result);
}

/** What its clients read of a failure: `error` is what they show. */
function answerThrown(thrown: unknown): Response {
  report("handler", thrown);
  const message = mask(thrown instanceof Error ? thrown.message : String(thrown));
  const request_id = requestId();
  return Response.json({ error: message, logs: message, request_id }, { status: 500 });
}

export function fluxbaseHandler(handler: FluxbaseHandler, command: LoadCommand): Handler {
  return async (request) => {
    const bytes = request.body === null ? new Uint8Array() : await request.bytes();
    const user = readUser(request.headers);
    const open = openRequest(request, enterUser(request.headers), bytes, user);
    const utils = createUtils(request, open.body as unknown as string, user, command);
    try {
      // The SDK clients need a Fluxbase server that mints their tokens; without one they are null.
      return toResponse(await handler(open, null, null, utils));
    } catch (thrown) {
      return answerThrown(thrown);
    }
  };
}
