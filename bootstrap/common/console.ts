// SPDX-License-Identifier: LGPL-2.1-or-later
// Console output becomes log events that know their request.

import type { Event, Level } from "./protocol.ts";

const LIMIT = 10_000;
const LEVELS: Level[] = ["debug", "info", "warn", "error"];

export type Printer = (text: string, level: number) => void;

export function createPrinter(
  emit: (event: Event) => void,
  requestId: () => string | undefined,
): Printer {
  return (text, level) => {
    let message = text.endsWith("\n") ? text.slice(0, -1) : text;
    if (message.length > LIMIT) message = message.slice(0, LIMIT - 1) + "…";
    emit({ type: "log", level: LEVELS[level] ?? "info", message, request_id: requestId() });
  };
}

/** Keeps the identity of the console object: libraries hold on to it. */
export function replaceConsole(
  target: Console,
  make: new (print: Printer) => object,
  print: Printer,
): void {
  const source = new make(print) as Record<string, unknown>;
  for (const name of Object.keys(source)) {
    if (typeof source[name] === "function") {
      Object.defineProperty(target, name, {
        value: source[name],
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  }
}
