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
  | { type: "standby" }
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

/** Cuts a byte stream into commands; what is not a JSON object is passed over. */
export class CommandReader {
  #decoder = new TextDecoder();
  #rest = "";
  #ready: Command[] = [];

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
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
