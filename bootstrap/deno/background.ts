// SPDX-License-Identifier: LGPL-2.1-or-later
// EdgeRuntime.waitUntil: work that outlives its response, and that a stop waits for.

import { emit } from "./host.ts";
import { report } from "./report.ts";

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

export async function drained(): Promise<void> {
  while (pending > 0) await new Promise<void>((resolve) => onDrained = resolve);
}
