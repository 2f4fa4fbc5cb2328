// SPDX-License-Identifier: LGPL-2.1-or-later
// Serves a Flux definition: JSON in, the handler's bare value out.

import { report } from "./report.ts";
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

async function getSecret(key: string, ...fallback: unknown[]): Promise<unknown> {
  const value = Deno.env.get(key);
  if (value !== undefined) return await Promise.resolve(value);
  if (fallback.length > 0) return fallback[0];
  throw new Error(`secret not found: ${key}`);
}

function nanoid(size = 21): string {
  const bytes = crypto.getRandomValues(new Uint8Array(size));
  return Array.from(bytes, (byte) => ALPHABET[byte & 63]).join("");
}

function createContext(payload: unknown) {
  return {
    payload,
    log,
    get env() {
      return Deno.env.toObject();
    },
    secrets: { get: getSecret },
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

function answerInvalid(error: { code: string; message: string; violations?: unknown }): Response {
  const status = error.code === "INPUT_VALIDATION_ERROR" ? 400 : 500;
  if (status === 500) report("handler", error);
  const { code, message, violations } = error;
  return Response.json({ error: code, message, violations }, { status });
}

export function fluxHandler(definition: Definition): Handler {
  return async (request) => {
    const input = await readInput(request);
    try {
      const result = await definition.execute(input, createContext(input));
      return result instanceof Response ? result : Response.json(result ?? null);
    } catch (error) {
      // By name: the definition may come from another copy of the library.
      const code = (error as { code?: unknown } | null)?.code;
      if (code === "INPUT_VALIDATION_ERROR" || code === "OUTPUT_VALIDATION_ERROR") {
        return answerInvalid(error as { code: string; message: string });
      }
      throw error;
    }
  };
}
