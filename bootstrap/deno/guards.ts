// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps one request's mistake from ending the worker or forging its events.

import { createPrinter, type Printer, replaceConsole } from "../common/console.ts";
import { requestId } from "./context.ts";
import { emit } from "./host.ts";
import { report } from "./report.ts";

const INFO = 1;
const WARN = 2;

const print: Printer = createPrinter(emit, requestId);

/** What would end the worker, which is the host's to decide. */
export function ignore(what: string): void {
  print(
    `${what} has no effect: the worker also serves other requests. Return a response, or throw.`,
    WARN,
  );
}

function ignoreExit(code?: number): never {
  ignore(`Deno.exit(${code ?? ""})`);
  return undefined as never;
}

function guardExit(): void {
  Deno.exit = ignoreExit;
}

function printBytes(chunk: Uint8Array): number {
  print(new TextDecoder().decode(chunk), INFO);
  return chunk.length;
}

/** On the prototype: what process.stdout is made of shares it, and touching `process` here would
 * cost every start 10 ms. */
function guardStdout(): void {
  const prototype = Object.getPrototypeOf(Deno.stdout);
  prototype.writeSync = printBytes;
  prototype.write = (chunk: Uint8Array) => Promise.resolve(printBytes(chunk));
  Object.defineProperty(prototype, "writable", {
    configurable: true,
    get: () => new WritableStream({ write: (chunk: Uint8Array) => void printBytes(chunk) }),
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
  guardStdout();
  guardExit();
  guardErrors(isExpected);
}
