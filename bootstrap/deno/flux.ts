// SPDX-License-Identifier: LGPL-2.1-or-later
// Serves a Flux definition: JSON in, the handler's bare value out.

import type { LoadCommand } from "../common/protocol.ts";
import { report } from "./report.ts";
import { mask } from "./secrets.ts";
import type { Handler } from "./server.ts";

interface Definition {
  execute(payload: unknown, ctx: unknown): Promise<unknown>;
}

type Level = "debug" | "info" | "warn" | "error";

const LEVELS = ["debug", "info", "warn", "error"];
const BODILESS = ["GET", "HEAD", "DELETE"];
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

function log(...values: unknown[]): void {
  const last = values.at(-1);
  const levelled = values.length > 1 && LEVELS.includes(last as string);
  const level = levelled ? last as Level : "info";
  const shown = levelled ? values.slice(0, -1) : values;
  const words = shown.map((value) =>
    typeof value === "string" ? value : JSON.stringify(value) ?? String(value)
  );
  // A format string of the caller's would otherwise be taken for one.
  console[level]("%s", words.join(" "));
}

/** Of what was set for the function, whether or not it may read its environment. */
function createSecrets(values: Record<string, string>) {
  return {
    get(key: string, ...fallback: unknown[]): Promise<unknown> {
      if (Object.hasOwn(values, key)) return Promise.resolve(values[key]);
      if (fallback.length > 0) return Promise.resolve(fallback[0]);
      return Promise.reject(new Error(`secret not found: ${key}`));
    },
  };
}

function nanoid(size = 21): string {
  const bytes = crypto.getRandomValues(new Uint8Array(size));
  return Array.from(bytes, (byte) => ALPHABET[byte & 63]).join("");
}

function createContext(payload: unknown, command: LoadCommand) {
  return {
    payload,
    log,
    env: { ...command.env },
    secrets: createSecrets({ ...command.env, ...command.secrets }),
    uuid: () => crypto.randomUUID(),
    nanoid,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
}

async function readInput(request: Request): Promise<unknown> {
  const text = request.body === null ? "" : await request.text();
  if (text === "" && BODILESS.includes(request.method)) {
    return Object.fromEntries(new URL(request.url).searchParams);
  }
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

interface Thrown {
  code?: unknown;
  message?: unknown;
  violations?: unknown;
}

/** By its code: what checks the input may come from another copy of the library. */
function answerThrown(error: unknown): Response {
  const { code, message, violations } = (error ?? {}) as Thrown;
  const status = code === "INPUT_VALIDATION_ERROR" ? 400 : 500;
  if (status === 500) report("handler", error);
  return Response.json({
    error: typeof code === "string" ? code : "FunctionExecutionError",
    message: mask(typeof message === "string" ? message : String(error)),
    violations,
  }, { status });
}

export function fluxHandler(definition: Definition, command: LoadCommand): Handler {
  return async (request) => {
    const input = await readInput(request);
    try {
      const result = await definition.execute(input, createContext(input, command));
      return result instanceof Response ? result : Response.json(result ?? null);
    } catch (error) {
      return answerThrown(error);
    }
  };
}
