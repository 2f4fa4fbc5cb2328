// SPDX-License-Identifier: LGPL-2.1-or-later
// From the load command to the announcement that the function serves.

import type { FailureCode, Form, LoadCommand } from "../common/protocol.ts";
import { isStopping } from "./ending.ts";
import { type Exports, HIDDEN_HANDLER, listenToExports, NO_HANDLER } from "./forms.ts";
import { emit, keepTemporary } from "./host.ts";
import { closeSocket, concealEnvironment, enterFolder, revokeReads } from "./permissions.ts";
import { report } from "./report.ts";
import { installSecrets } from "./secrets.ts";
import { handleEarly, installServer, isServing, leaveSocket, serveEarly } from "./server.ts";
import { inNextTurn } from "./timers.ts";

// Kept before user code can replace it.
const now = performance.now.bind(performance);

/** Not a literal, so that Deno does not load the file with the bootstrap. */
function sibling(name: string): string {
  return new URL(name, import.meta.url).href;
}

function classify(error: unknown): FailureCode {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (error instanceof SyntaxError) return "syntax";
  if (code !== "ERR_MODULE_NOT_FOUND") return "threw";
  if (message?.startsWith("SyntaxError")) return "syntax";
  if (message?.startsWith("Requires read access")) return "not-permitted";
  return message?.includes("--cached-only is specified") ? "not-cached" : "missing-module";
}

export interface Outcome {
  ready(): void;
  fail(code: FailureCode, thrown: unknown): void;
}

export class Loading {
  readonly #command: LoadCommand;
  readonly #outcome: Outcome;
  #started = 0;
  #form: Form | undefined;
  #evaluated = false;
  #ready = false;
  #early: unknown[] = [];
  #stopWatchingNode: (() => void) | undefined;

  constructor(command: LoadCommand, outcome: Outcome) {
    this.#command = command;
    this.#outcome = outcome;
  }

  async prepare(): Promise<void> {
    const command = this.#command;
    this.#started = now();
    for (const name in command.env) Deno.env.set(name, command.env[name]);
    installSecrets(command.secrets, command.env);
    revokeReads(command.revoke);
    enterFolder(command.directory);
    keepTemporary(command.temporary);
    installServer(command.socket, (form) => this.#onServing(form));
    if (command.node) await this.#expectNode();
    else this.#takeSocket();
    if (command.unexported) await this.#exportHandler();
    if (command.hide_env) concealEnvironment();
  }

  /** A module may go on evaluating while it serves. */
  async evaluate(): Promise<void> {
    let exports: Exports;
    try {
      exports = await import(this.#command.entry);
    } catch (error) {
      this.#reportEarly(error);
      if (!this.#ready) this.#outcome.fail(classify(error), error);
      else report("uncaught", error);
      return;
    }
    this.#evaluated = true;
    this.#reportEarly();
    if (!isServing()) await listenToExports(exports, this.#command);
    this.#announce();
  }

  /** While the module loads, its own failure comes by as an unhandled rejection too. */
  keepEarly(thrown: unknown): boolean {
    if (this.#ready || this.#evaluated) return false;
    this.#early.push(thrown);
    return true;
  }

  /** Nothing is left that could still start a server. An await at top level that never resolves
   * does not come here: the host's deadline ends it. */
  onIdle(): void {
    if (this.#ready || isStopping() || !this.#evaluated) return;
    this.#outcome.fail("no-handler", new Error(NO_HANDLER));
  }

  /** Before any line of the function runs: it may do nothing with its own socket. */
  #takeSocket(): void {
    const { keep_socket, socket } = this.#command;
    serveEarly(socket);
    if (!keep_socket) closeSocket(socket);
  }

  /** Its server listens by itself, so the socket has to be its own until then. */
  async #expectNode(): Promise<void> {
    await leaveSocket();
    const { watchNodeServers } = await import(sibling("./node-server.ts"));
    this.#stopWatchingNode = await watchNodeServers(
      this.#command.socket,
      (message: string) => this.#outcome.fail("no-handler", new Error(message)),
    );
  }

  async #exportHandler(): Promise<void> {
    const { exportHandler } = await import(sibling("./unexported.ts"));
    if (!exportHandler(this.#command.entry)) {
      this.#outcome.fail("no-handler", new Error(HIDDEN_HANDLER));
    }
  }

  #reportEarly(failure?: unknown): void {
    for (const thrown of this.#early.splice(0)) {
      if (thrown !== failure) report("rejection", thrown);
    }
  }

  /** A module that awaits its own server never ends evaluating, and still serves. */
  #onServing(form: Form): void {
    this.#form = form;
    if (this.#evaluated) this.#announce();
    else inNextTurn(() => this.#announce());
  }

  #announce(): void {
    const { keep_socket, node, socket } = this.#command;
    if (this.#ready || this.#form === undefined) return;
    this.#ready = true;
    this.#stopWatchingNode?.();
    this.#reportEarly();
    // Before the event: whoever reads it may have to wait for the processor until this rests.
    if (node && !keep_socket) closeSocket(socket);
    const load_ms = Math.round((now() - this.#started) * 100) / 100;
    emit({ type: "ready", form: this.#form, load_ms });
    handleEarly();
    this.#outcome.ready();
  }
}
