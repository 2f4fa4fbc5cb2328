// SPDX-License-Identifier: LGPL-2.1-or-later
// How a worker ends: what the function hears of it, and what is finished first.

import type { StopCommand } from "../common/protocol.ts";
import { drained } from "./background.ts";
import { exit } from "./host.ts";
import { shutdown } from "./server.ts";
import { later } from "./timers.ts";

/**
 * The host says why on standard input, but the signal may be quicker, by much when the machine
 * is busy. Only who sends a signal alone waits for it.
 */
const WORD_MS = 200;

const dispatch = dispatchEvent;
const told = new Set<string>();
let stopping = false;

/** Each reason once: a worker that is told of its age may be ended for it a moment later. */
export function tellUnload(reason: string): void {
  if (told.has(reason)) return;
  told.add(reason);
  dispatch(new CustomEvent("beforeunload", { cancelable: true, detail: { reason } }));
}

export function isStopping(): boolean {
  return stopping;
}

/** Deno itself tells of `unload` when it exits. */
export async function stop(command: Partial<StopCommand> = {}): Promise<void> {
  if (stopping) return;
  stopping = true;
  tellUnload(command.reason ?? "termination");
  await shutdown();
  await drained(command.tasks_ms);
  exit(0);
}

export function stopBySignal(): void {
  later(() => void stop(), WORD_MS);
}
