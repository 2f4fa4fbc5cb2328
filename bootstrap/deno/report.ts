// SPDX-License-Identifier: LGPL-2.1-or-later
// Errors on their way to the host.

import { describe as describeThrown, type Surroundings } from "../common/describe.ts";
import type { Description, ErrorKind } from "../common/protocol.ts";
import { requestId } from "./context.ts";
import { emit } from "./host.ts";

const around: Surroundings = {
  hidden: new URL("../", import.meta.url).href,
  readText: (path) => Deno.readTextFileSync(path),
  inspect: (value) => Deno.inspect(value),
};

export function describe(thrown: unknown): Description {
  return describeThrown(thrown, around);
}

export function report(kind: ErrorKind, thrown: unknown): void {
  emit({ type: "error", kind, request_id: requestId(), ...describe(thrown) });
}
