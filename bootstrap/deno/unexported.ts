// SPDX-License-Identifier: LGPL-2.1-or-later
// Lets the bootstrap see a `handler` that the entry file declares but does not export.

import * as nodeModule from "node:module";

/** False when this Deno has no such hook. */
export function exportHandler(entry: string): boolean {
  // deno-lint-ignore no-explicit-any
  const { registerHooks } = nodeModule as any;
  if (typeof registerHooks !== "function") return false;
  const hooks = registerHooks({
    // deno-lint-ignore no-explicit-any
    load(url: string, context: unknown, nextLoad: (url: string, context: unknown) => any) {
      const result = nextLoad(url, context);
      if (url !== entry) return result;
      hooks.deregister();
      const source = typeof result.source === "string"
        ? result.source
        : new TextDecoder().decode(result.source);
      return { ...result, source: source + "\nexport { handler as __weir_handler };\n" };
    },
  });
  return true;
}
