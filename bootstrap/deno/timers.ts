// SPDX-License-Identifier: LGPL-2.1-or-later
// Timers for the bootstrap itself.

/** Merely to name setTimeout loads what is behind it, which takes 3 ms of a start; and the
 * function may put something else in its place. So this keeps the way to it, not the thing. */
const timers = Object.getOwnPropertyDescriptor(globalThis, "setTimeout")!;

let loaded = false;

export function later(action: () => void, milliseconds: number): void {
  const set = (timers.get?.call(globalThis) ?? timers.value) as typeof setTimeout;
  loaded = true;
  set(action, milliseconds);
}

/** A timer costs less than a channel, but for the first one. */
export function inNextTurn(action: () => void): void {
  if (loaded) return later(action, 0);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    action();
  };
  port2.postMessage(null);
}
