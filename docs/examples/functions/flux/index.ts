// The form that Flux knows: input is the JSON body, what the handler returns is the answer.
//   curl http://127.0.0.1:9000/flux --json '{"a":2,"b":3}'
import { defineFunction } from "@flux/functions";

export default defineFunction({
  name: "flux",
  handler: async ({ input, ctx }) => {
    ctx.log("adding", input);
    return { sum: Number(input.a ?? 0) + Number(input.b ?? 0) };
  },
});
