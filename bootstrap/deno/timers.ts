// SPDX-License-Identifier: LGPL-2.1-or-later
// Timers for the bootstrap itself.

/** Merely to name setTimeout loads what is behind it, which takes 3 ms of a start; and the
 * function may put something else in its place. So this keeps the way to it, not the thing. */
const timers = Object.getOwnPropertyDescriptor(globalThis, "setTimeout")!;

export function later(action: () => void, milliseconds: number): void {
  const set = (timers.get?.call(globalThis) ?? timers.value) as typeof setTimeout;
  set(action, milliseconds);
}
