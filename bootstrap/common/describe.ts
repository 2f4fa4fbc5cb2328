// SPDX-License-Identifier: LGPL-2.1-or-later
// Turns whatever was thrown into text and a place in the user's own files.

import type { Description, Position } from "./protocol.ts";

/** A line between worker and host must stay short, whatever was thrown. */
const LIMIT = 10_000;
const SOURCE_LIMIT = 500;

/** Nobody who edits a function runs Deno by hand. */
const ADVICE = /, run again with the (--allow-[\w-]+) flag/g;
const OUR_ADVICE = "; `permissions` in weir.toml can give it $1";

const PLACE = /file:\/\/(\/[^\s()]*?):(\d+):(\d+)/g;

export interface Surroundings {
  /** Folder URL of the bootstrap: its frames say nothing to the user. */
  hidden: string;
  readText(path: string): string;
  inspect(value: unknown): string;
}

function findPosition(text: string, around: Surroundings): Position {
  for (const [whole, path, line, column] of text.matchAll(PLACE)) {
    if (whole.startsWith(around.hidden)) continue;
    const position: Position = {
      file: decodeURIComponent(path),
      line: Number(line),
      column: Number(column),
    };
    try {
      position.source = around.readText(position.file!).split("\n")[position.line! - 1]
        ?.trimEnd().slice(0, SOURCE_LIMIT);
    } catch {
      // Not readable (a package, a deleted file): the place alone must do.
    }
    return position;
  }
  return {};
}

function stackOf(error: Error, around: Surroundings): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current instanceof Error && depth < 8; depth++) {
    const stack = String(current.stack ?? current)
      .split("\n")
      .filter((line) => !line.includes(around.hidden) && !line.includes("(ext:"))
      .join("\n");
    parts.push(depth === 0 ? stack : "Caused by: " + stack);
    current = current.cause;
  }
  return parts.join("\n").replace(ADVICE, OUR_ADVICE);
}

export function describe(thrown: unknown, around: Surroundings): Description {
  if (!(thrown instanceof Error)) {
    const text = typeof thrown === "string" ? thrown : around.inspect(thrown);
    return { message: ("Uncaught " + text).slice(0, LIMIT) };
  }
  const stack = stackOf(thrown, around);
  const message = thrown.message.startsWith(thrown.name)
    ? thrown.message
    : `${thrown.name}: ${thrown.message}`;
  return {
    message: message.replace(ADVICE, OUR_ADVICE).slice(0, LIMIT),
    stack: stack.slice(0, LIMIT),
    ...findPosition(stack, around),
  };
}
