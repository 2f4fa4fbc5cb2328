// SPDX-License-Identifier: LGPL-2.1-or-later
// Serves a Fluxbase handler: handler(request, fluxbase, fluxbaseService, utils).

import { requestId } from "./context.ts";
import type { Handler } from "./server.ts";

// deno-lint-ignore no-explicit-any
type FluxbaseHandler = (...values: any[]) => unknown;

const BODILESS = ["GET", "HEAD"];

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
function openRequest(request: Request, bytes: Uint8Array): Request {
  const bodiless = BODILESS.includes(request.method);
  const init = {
    method: request.method,
    headers: request.headers,
    body: bodiless || bytes.length === 0 ? undefined : bytes as BodyInit,
    signal: request.signal,
  };
  const open = new Request(request.url, init);
  const body = new TextDecoder().decode(bytes);
  const params = Object.fromEntries(new URL(request.url).searchParams);
  const headers = openHeaders(open.headers);
  hide(open, {
    body,
    params,
    user: null,
    user_id: undefined,
    user_email: undefined,
    user_role: undefined,
    session_id: undefined,
    legacy: { method: request.method, url: request.url, headers, body, params },
    clone: () => openRequest(new Request(request.url, { ...init, body: undefined }), bytes),
  });
  return open;
}

function createUtils(request: Request, body: string, name: string) {
  const execution = requestId() ?? crypto.randomUUID();
  return {
    reportProgress(percent: number, message?: string, data?: unknown): void {
      const extra = data === undefined ? [] : [data];
      console.info(`progress ${percent}%${message === undefined ? "" : ": " + message}`, ...extra);
    },
    isCancelled: () => Promise.resolve(request.signal.aborted),
    getExecutionContext: () => ({
      execution_id: execution,
      function_name: name,
      namespace: "default",
      user: null,
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

export function fluxbaseHandler(handler: FluxbaseHandler, name: string): Handler {
  return async (request) => {
    const bytes = request.body === null ? new Uint8Array() : await request.bytes();
    const open = openRequest(request, bytes);
    const utils = createUtils(request, open.body as unknown as string, name);
    // The SDK clients need a Fluxbase server that mints their tokens; without one they are null.
    return toResponse(await handler(open, null, null, utils));
  };
}
