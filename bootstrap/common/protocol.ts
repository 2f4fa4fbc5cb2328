// SPDX-License-Identifier: LGPL-2.1-or-later
// The lines between host and worker: one JSON object each, commands in, events out.

export type Form = "serve" | "fetch" | "default" | "handler" | "flux" | "node";

export interface LoadCommand {
  type: "load";
  name: string;
  entry: string;
  socket: string;
  env: Record<string, string>;
  /** What the global `secrets` knows of all functions' secrets. */
  secrets?: Record<string, string>;
  /** The group of functions that it belongs to. */
  namespace?: string;
  mode: "import" | "main";
  directory: string;
  /** The module graph reaches npm packages or Node's own modules. */
  node?: boolean;
  /** The entry file declares a top-level `handler` that it does not export. */
  unexported?: boolean;
  /** What this process may read and the function may not: folders of other functions. */
  revoke?: string[];
  /** The function may not see its environment, not even what was set for it. */
  hide_env?: boolean;
  /** The function may read or write everything, its own socket included. */
  keep_socket?: boolean;
  /** Folder that belongs to this worker alone and ends with it. */
  temporary?: string;
}

export interface StopCommand {
  type: "stop";
  /** Why, as the function is told by `beforeunload`. */
  reason?: string;
  /** How long background tasks may go on; without it, until they are done. */
  tasks_ms?: number;
}

/** It may end soon; nothing but the event comes of it. */
export interface UnloadCommand {
  type: "unload";
  reason: string;
}

export interface PingCommand {
  type: "ping";
  id: number;
}

export type Command = LoadCommand | StopCommand | UnloadCommand | PingCommand;

export type FailureCode =
  | "syntax"
  | "missing-module"
  | "not-cached"
  | "not-permitted"
  | "threw"
  | "no-handler";

export interface Position {
  file?: string;
  line?: number;
  column?: number;
  source?: string;
}

export interface Description extends Position {
  message: string;
  stack?: string;
}

export type Level = "debug" | "info" | "warn" | "error";
export type ErrorKind = "handler" | "response" | "rejection" | "uncaught";

export type Event =
  | { type: "standby"; listens: true }
  | { type: "ready"; form: Form; load_ms: number }
  | ({ type: "failed"; code: FailureCode } & Description)
  | { type: "log"; level: Level; message: string; request_id?: string }
  | ({ type: "error"; kind: ErrorKind; request_id?: string } & Description)
  | { type: "task"; pending: number }
  | { type: "pong"; id: number };

// Kept before user code can replace them.
const stringify = JSON.stringify;
const parse = JSON.parse;

/** `write` is synchronous, so that nothing is lost when the process dies right after. */
export function createEmitter(
  write: (bytes: Uint8Array) => number,
  onBroken: () => void,
): (event: Event) => void {
  const encoder = new TextEncoder();
  return (event) => {
    let bytes = encoder.encode(stringify(event) + "\n");
    try {
      while (bytes.length > 0) bytes = bytes.subarray(write(bytes));
    } catch {
      onBroken();
    }
  };
}

const NEWLINE = 10;

function join(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  return all;
}

/** Cuts a byte stream into commands; what is not a JSON object is passed over. Whole lines are
 * decoded at once: the decoder that knows of halves takes longer to be made than all the rest. */
export class CommandReader {
  #decoder = new TextDecoder();
  #rest: Uint8Array[] = [];
  #ready: Command[] = [];

  push(bytes: Uint8Array): void {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const whole = bytes.subarray(0, end);
      this.#take(this.#rest.length === 0 ? whole : join([...this.#rest, whole]));
      this.#rest = [];
    }
    if (end < bytes.length) this.#rest.push(bytes.slice(end));
  }

  #take(whole: Uint8Array): void {
    for (const line of this.#decoder.decode(whole).split("\n")) {
      if (line === "") continue;
      try {
        const value = parse(line);
        if (value !== null && typeof value === "object") this.#ready.push(value);
      } catch {
        // A host newer or older than this file may say things that it does not know.
      }
    }
  }

  next(): Command | undefined {
    return this.#ready.shift();
  }
}
