// SPDX-License-Identifier: LGPL-2.1-or-later
// Which form is this function? Looks at what the module exports when it has not served by itself.

import type { LoadCommand } from "../common/protocol.ts";
import { type Handler, listen } from "./server.ts";

// deno-lint-ignore no-explicit-any
export type Exports = Record<string, any>;

/** Not a literal, so that Deno does not load the file with the bootstrap. */
function sibling(name: string): string {
  return new URL(name, import.meta.url).href;
}

function isFluxbaseDefault(value: unknown): boolean {
  return typeof value === "function" && value.name === "handler" && value.length > 1;
}

async function listenFlux(definition: unknown, command: LoadCommand): Promise<boolean> {
  const { fluxHandler } = await import(sibling("./flux.ts"));
  listen("flux", fluxHandler(definition, command));
  return true;
}

async function listenFluxbase(handler: unknown, command: LoadCommand): Promise<boolean> {
  const { fluxbaseHandler } = await import(sibling("./fluxbase.ts"));
  listen("handler", fluxbaseHandler(handler, command));
  return true;
}

/** False when the exports hold nothing that can answer a request. */
export async function listenToExports(module: Exports, command: LoadCommand): Promise<boolean> {
  const value = module.default;
  if (value?.__flux === true) return await listenFlux(value, command);
  if (typeof value?.fetch === "function") {
    listen("fetch", (request, info) => value.fetch(request, info));
    return true;
  }
  const handler = module.handler ?? module.__weir_handler;
  if (typeof handler === "function") return await listenFluxbase(handler, command);
  if (isFluxbaseDefault(value)) return await listenFluxbase(value, command);
  if (typeof value === "function") {
    listen("default", value as Handler);
    return true;
  }
  if (typeof module.main === "function") return await listenFluxbase(module.main, command);
  return false;
}

export const NO_HANDLER = "The module answers no requests. It needs one of: Deno.serve(handler), " +
  "export default { fetch }, export default function, a function named handler, " +
  "export default defineFunction(…), or a node:http server that listens";

export const HIDDEN_HANDLER =
  "This Deno cannot see a handler that is not exported: write export before the function " +
  "named handler, or use a newer Deno";
