// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps one request's mistake from ending the worker or forging its events.

import { createPrinter, type Printer, replaceConsole } from "../shared/console.ts";
import { requestId } from "./context.ts";
import { emit } from "./host.ts";
import { report } from "./report.ts";

const INFO = 1;
const WARN = 2;

const print: Printer = createPrinter(emit, requestId);

function ignoreExit(code?: number): never {
  print(
    `Deno.exit(${code ?? ""}) has no effect: the worker also serves other requests. ` +
      "Return a response, or throw.",
    WARN,
  );
  return undefined as never;
}

function guardExit(): void {
  Deno.exit = ignoreExit;
}

function printBytes(chunk: Uint8Array | string): number {
  print(typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk), INFO);
  return chunk.length;
}

function guardDenoStdout(): void {
  Object.defineProperties(Deno.stdout, {
    writeSync: { value: printBytes },
    write: { value: (bytes: Uint8Array) => Promise.resolve(printBytes(bytes)) },
    writable: {
      get: () => new WritableStream({ write: (bytes: Uint8Array) => void printBytes(bytes) }),
    },
  });
}

/** The stream is costly to make, so it is patched only when somebody asks for it. */
function guardNodeStdout(): void {
  // deno-lint-ignore no-explicit-any
  const node = (globalThis as any).process;
  const original = node && Object.getOwnPropertyDescriptor(node, "stdout");
  if (original?.get === undefined || !original.configurable) return;
  Object.defineProperty(node, "stdout", {
    configurable: true,
    enumerable: true,
    get() {
      const stream = original.get!.call(node);
      stream.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
        printBytes(chunk);
        const done = rest.find((value) => typeof value === "function");
        if (done !== undefined) queueMicrotask(done as () => void);
        return true;
      };
      Object.defineProperty(node, "stdout", { ...original, get: () => stream });
      return stream;
    },
  });
}

function guardErrors(isExpected: (thrown: unknown) => boolean): void {
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    if (!isExpected(event.reason)) report("rejection", event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    if (!isExpected(event.error)) report("uncaught", event.error ?? event.message);
  });
}

/** `isExpected` knows errors that somebody else reports. */
export function installGuards(isExpected: (thrown: unknown) => boolean): void {
  // deno-lint-ignore no-explicit-any
  const Console = (Deno as any)[(Deno as any).internal]?.Console;
  if (Console !== undefined) replaceConsole(console, Console, print);
  guardDenoStdout();
  guardNodeStdout();
  guardExit();
  guardErrors(isExpected);
}
