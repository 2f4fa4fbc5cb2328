// curl http://127.0.0.1:9000/functions/v1/@NAME@ --json '{"name":"Ada"}'
// input is the JSON body, what the handler returns is the answer.
import { defineFunction } from "@flux/functions";

export default defineFunction({
  name: "@NAME@",
  handler: async ({ input, ctx }) => {
    ctx.log("greeting", input);
    return { message: `Hello, ${input.name ?? "world"}!` };
  },
});
