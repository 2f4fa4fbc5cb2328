// SPDX-License-Identifier: LGPL-2.1-or-later
// What every other file needs of the host: events out, commands in, the one true exit.

import { type Command, CommandReader, createEmitter } from "../common/protocol.ts";

// Taken before user code runs; guards.ts replaces the public ones.
const realExit = Deno.exit.bind(Deno);
const writeSync = Deno.stdout.writeSync.bind(Deno.stdout);
const read = Deno.stdin.read.bind(Deno.stdin);
const readSync = Deno.stdin.readSync.bind(Deno.stdin);

let temporary: string | undefined;

export function keepTemporary(path: string | undefined): void {
  temporary = path;
}

export function exit(code: number): never {
  if (temporary !== undefined) {
    try {
      Deno.removeSync(temporary, { recursive: true });
    } catch {
      // The host clears what is left.
    }
  }
  return realExit(code);
}

let muted = false;

/** While muted, events are made and not written. */
export function mute(on: boolean): void {
  muted = on;
}

export const emit = createEmitter(
  (bytes) => muted ? bytes.length : writeSync(bytes),
  () => exit(1),
);

const reader = new CommandReader();
const buffer = new Uint8Array(65536);

/** Blocks, which costs less than a turn of the event loop: there is nothing else to do yet. */
export function waitForCommand(): Command {
  for (;;) {
    const command = reader.next();
    if (command !== undefined) return command;
    const count = readSync(buffer);
    if (count === null) exit(0);
    reader.push(buffer.subarray(0, count));
  }
}

/** Ends the worker when standard input closes: then the host is gone. */
export async function followCommands(onCommand: (command: Command) => void): Promise<never> {
  for (;;) {
    for (let command = reader.next(); command !== undefined; command = reader.next()) {
      onCommand(command);
    }
    const count = await read(buffer);
    if (count === null) exit(0);
    reader.push(buffer.subarray(0, count));
  }
}
