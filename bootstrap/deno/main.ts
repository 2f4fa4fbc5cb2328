// SPDX-License-Identifier: LGPL-2.1-or-later
// The bootstrap of a Deno worker: waits to be told what to load, loads it, serves it.
//
// It is the main module (mode "import"), or is given by --preload and lets the user's file be
// the main module (mode "main"), so that import.meta.main is true there.

import type { Command, FailureCode, LoadCommand } from "../common/protocol.ts";
import { installBackground } from "./background.ts";
import { stop, stopBySignal, tellUnload } from "./ending.ts";
import { installGuards } from "./guards.ts";
import { emit, exit, followCommands, waitForCommand } from "./host.ts";
import { Loading } from "./loading.ts";
import { describe } from "./report.ts";
import { lendTemporary } from "./temporary.ts";
import { inNextTurn, later } from "./timers.ts";

/** Read by Deno when the first request comes, unlike the others. */
const TRUST_VARIABLE = "DENO_TRUST_PROXY_HEADERS";
/** How long the request that a standby was taken for is let pass first. */
const FOLLOW_MS = 5;

let loading: Loading | undefined;

function onCommand(command: Command): void {
  if (command.type === "stop") void stop(command);
  else if (command.type === "unload") tellUnload(command.reason);
  else if (command.type === "ping") emit({ type: "pong", id: command.id });
}

function fail(code: FailureCode, thrown: unknown): never {
  emit({ type: "failed", code, ...describe(thrown) });
  return exit(1);
}

/** What started Deno is none of the function's business. */
function clearEnvironment(): void {
  for (const name in Deno.env.toObject()) {
    if (name !== "TMPDIR" && name !== TRUST_VARIABLE) Deno.env.delete(name);
  }
}

function follow(): void {
  void followCommands(onCommand);
}

function waitForLoad(): LoadCommand {
  for (;;) {
    const next = waitForCommand();
    if (next.type === "load") return next;
    if (next.type === "stop") exit(0);
  }
}

async function start(ready: () => void): Promise<void> {
  const command = waitForLoad();
  const starting = loading = new Loading(command, { ready, fail });
  try {
    await starting.prepare();
  } catch (error) {
    fail("threw", error);
  }
  if (command.mode === "main") addEventListener("load", () => void starting.evaluate());
  else void starting.evaluate();
}

async function standBy(socket: string, packages: string[]): Promise<void> {
  // Not a literal, so that only standbys load it.
  const { findPackages, rehearse } = await import(new URL("./rehearsal.ts", import.meta.url).href);
  await findPackages(packages);
  await rehearse(socket);
  await new Promise<void>(inNextTurn);
  emit({ type: "standby", listens: true });
  await start(() => later(follow, FOLLOW_MS));
}

installGuards((thrown) => loading?.keepEarly(thrown) ?? false);
installBackground();
addEventListener("beforeunload", () => loading?.onIdle());
Deno.addSignalListener("SIGTERM", stopBySignal);
lendTemporary(Deno.env.get("TMPDIR")!);
const standbySocket = Deno.env.get("WEIR_STANDBY");
const packages = Deno.env.get("WEIR_PACKAGES")?.split(" ").filter((name) => name !== "") ?? [];
clearEnvironment();
// A standby does not wait here: Deno tidies its memory up when the main module is done.
if (standbySocket !== undefined) void standBy(standbySocket, packages);
else await start(follow);
