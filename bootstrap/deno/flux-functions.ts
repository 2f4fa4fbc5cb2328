// SPDX-License-Identifier: LGPL-2.1-or-later
// What "@flux/functions" and "@fluxbase/functions" resolve to.

interface Schema {
  safeParse(value: unknown): { success: boolean; data?: unknown; error?: unknown };
}

export interface Options {
  name: string;
  description?: string;
  input?: Schema;
  output?: Schema;
  // deno-lint-ignore no-explicit-any
  handler: (call: { input: any; ctx: any }) => unknown;
}

export class ValidationError extends Error {
  constructor(readonly code: string, message: string, readonly violations: unknown) {
    super(message);
    this.name = code;
  }
}

function check(schema: Schema | undefined, value: unknown, code: string, what: string): unknown {
  if (schema === undefined) return value;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const error = result.error as { issues?: unknown; errors?: unknown } | undefined;
  throw new ValidationError(
    code,
    `The ${what} does not match its schema`,
    error?.issues ?? error?.errors ?? [],
  );
}

export function defineFunction(options: Options) {
  if (typeof options?.handler !== "function") {
    throw new TypeError("defineFunction needs { name, handler }");
  }
  return {
    __flux: true,
    metadata: {
      name: options.name,
      description: options.description,
      input_schema: options.input,
      output_schema: options.output,
    },
    async execute(payload: unknown, ctx: unknown): Promise<unknown> {
      const input = check(options.input, payload, "INPUT_VALIDATION_ERROR", "input");
      const result = await options.handler({ input, ctx });
      if (result instanceof Response) return result;
      return check(options.output, result, "OUTPUT_VALIDATION_ERROR", "result");
    },
  };
}
