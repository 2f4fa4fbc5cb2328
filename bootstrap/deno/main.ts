// SPDX-License-Identifier: LGPL-2.1-or-later
// The bootstrap of a Deno worker: waits to be told what to load, loads it, serves it.
//
// It is the main module (mode "import"), or is given by --preload and lets the user's file be
// the main module (mode "main"), so that import.meta.main is true there.

import type { Command, FailureCode, Form, LoadCommand } from "../shared/protocol.ts";
import { installBackground } from "./background.ts";
import { isStopping, stop, stopBySignal, tellUnload } from "./ending.ts";
import { type Exports, HIDDEN_HANDLER, listenToExports, NO_HANDLER } from "./forms.ts";
import { installGuards } from "./guards.ts";
import { emit, exit, followCommands, keepTemporary, waitForCommand } from "./host.ts";
import { describe, report } from "./report.ts";
import { installSecrets } from "./secrets.ts";
import { closeSocket, concealEnvironment, enterFolder, revokeReads } from "./permissions.ts";
import { installServer, isServing, leaveSocket } from "./server.ts";

/** Read by Deno when the first request comes, unlike the others. */
const TRUST_VARIABLE = "DENO_TRUST_PROXY_HEADERS";

let command: LoadCommand;
let started = 0;
let form: Form | undefined;
let evaluated = false;
let ready = false;
const early: unknown[] = [];
let stopWatchingNode: (() => void) | undefined;

function onCommand(command: Command): void {
  if (command.type === "stop") void stop(command);
  else if (command.type === "unload") tellUnload(command.reason);
  else if (command.type === "ping") emit({ type: "pong", id: command.id });
}

function announce(): void {
  if (ready || form === undefined) return;
  ready = true;
  stopWatchingNode?.();
  reportEarly();
  emit({ type: "ready", form, load_ms: Math.round((performance.now() - started) * 100) / 100 });
  if (!command.keep_socket) closeSocket(command.socket);
  followCommands(onCommand);
}

/** A timer would do, but the first one costs 3 ms. */
function inNextTurn(action: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    action();
  };
  port2.postMessage(null);
}

/** A module that awaits its own server never ends evaluating, and still serves. */
function onServing(which: Form): void {
  form = which;
  if (evaluated) announce();
  else inNextTurn(announce);
}

function fail(code: FailureCode, thrown: unknown): never {
  emit({ type: "failed", code, ...describe(thrown) });
  return exit(1);
}

function classify(error: unknown): FailureCode {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (error instanceof SyntaxError) return "syntax";
  if (code !== "ERR_MODULE_NOT_FOUND") return "threw";
  if (message?.startsWith("SyntaxError")) return "syntax";
  if (message?.startsWith("Requires read access")) return "not-permitted";
  return message?.includes("--cached-only is specified") ? "not-cached" : "missing-module";
}

/** While the module loads, its own failure comes by as an unhandled rejection too. */
function keepEarly(thrown: unknown): boolean {
  if (ready || evaluated) return false;
  early.push(thrown);
  return true;
}

function reportEarly(failure?: unknown): void {
  for (const thrown of early.splice(0)) {
    if (thrown !== failure) report("rejection", thrown);
  }
}

async function finishLoading(module: Promise<Exports>): Promise<void> {
  let exports: Exports;
  try {
    exports = await module;
  } catch (error) {
    reportEarly(error);
    if (!ready) fail(classify(error), error);
    report("uncaught", error);
    return;
  }
  evaluated = true;
  reportEarly();
  if (!isServing()) await listenToExports(exports, command);
  announce();
}

/** Nothing is left that could still start a server. An await at top level that never resolves
 * does not come here: the host's deadline ends it. */
function onIdle(): void {
  if (ready || isStopping() || !evaluated) return;
  fail("no-handler", new Error(NO_HANDLER));
}

/** Not a literal, so that Deno does not load the file with the bootstrap. */
function sibling(name: string): string {
  return new URL(name, import.meta.url).href;
}

/** What started Deno is none of the function's business. */
function clearEnvironment(): void {
  for (const name in Deno.env.toObject()) {
    if (name !== "TMPDIR" && name !== TRUST_VARIABLE) Deno.env.delete(name);
  }
}

async function prepare(): Promise<void> {
  started = performance.now();
  for (const name in command.env) Deno.env.set(name, command.env[name]);
  installSecrets(command.secrets, command.env);
  revokeReads(command.revoke);
  enterFolder(command.directory);
  keepTemporary(command.temporary);
  installServer(command.socket, onServing);
  if (command.node) {
    await leaveSocket();
    const { watchNodeServers } = await import(sibling("./node-server.ts"));
    stopWatchingNode = await watchNodeServers(
      command.socket,
      (message: string) => fail("no-handler", new Error(message)),
    );
  }
  if (command.unexported) {
    const { exportHandler } = await import(sibling("./unexported.ts"));
    if (!exportHandler(command.entry)) fail("no-handler", new Error(HIDDEN_HANDLER));
  }
  if (command.hide_env) concealEnvironment();
}

function waitForLoad(): LoadCommand {
  for (;;) {
    const next = waitForCommand();
    if (next.type === "load") return next;
    if (next.type === "stop") exit(0);
  }
}

installGuards(keepEarly);
installBackground();
addEventListener("beforeunload", onIdle);
Deno.addSignalListener("SIGTERM", stopBySignal);
const standbySocket = Deno.env.get("WEIR_STANDBY");
clearEnvironment();
if (standbySocket !== undefined) {
  const { warmUp } = await import(sibling("./warm.ts"));
  await warmUp(standbySocket);
  await new Promise<void>(inNextTurn);
  emit({ type: "standby" });
}
command = waitForLoad();
await prepare();
if (command.mode === "main") {
  addEventListener("load", () => void finishLoading(import(command.entry)));
} else {
  finishLoading(import(command.entry));
}
