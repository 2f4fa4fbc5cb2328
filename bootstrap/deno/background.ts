// SPDX-License-Identifier: LGPL-2.1-or-later
// EdgeRuntime.waitUntil: work that outlives its response, and that a stop waits for.

import { emit } from "./host.ts";
import { report } from "./report.ts";
import { later } from "./timers.ts";

let pending = 0;
let onDrained: (() => void) | undefined;

function finish(): void {
  pending -= 1;
  if (pending > 0) return;
  emit({ type: "task", pending: 0 });
  onDrained?.();
}

function waitUntil<T>(task: T): T {
  if (!(task instanceof Promise)) return task;
  pending += 1;
  if (pending === 1) emit({ type: "task", pending });
  task.then(finish, (reason) => {
    report("rejection", reason);
    finish();
  });
  return task;
}

export function installBackground(): void {
  Object.defineProperty(globalThis, "EdgeRuntime", {
    value: { waitUntil },
    writable: true,
    configurable: true,
  });
}

async function whenNone(): Promise<void> {
  while (pending > 0) await new Promise<void>((resolve) => onDrained = resolve);
}

/** When all are done, or have had their time. */
export async function drained(timeout?: number): Promise<void> {
  if (pending === 0) return;
  if (timeout === undefined) return await whenNone();
  await Promise.race([whenNone(), new Promise<void>((resolve) => later(resolve, timeout))]);
}
