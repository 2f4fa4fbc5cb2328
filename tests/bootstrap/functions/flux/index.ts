import { defineFunction } from "@flux/functions";

const input = {
  safeParse(value: { name?: unknown }) {
    return typeof value.name === "string" || value.name === undefined
      ? { success: true, data: value }
      : { success: false, error: { issues: [{ path: ["name"], message: "a string" }] } };
  },
};
const output = {
  safeParse: (value: unknown) =>
    value === "wrong" ? { success: false, error: { issues: [] } } : { success: true, data: value },
};

export default defineFunction({
  name: "flux",
  input,
  output,
  handler: async ({ input, ctx }) => {
    ctx.log("saw", { input }, "warn");
    switch (input.name) {
      case "nothing":
        return undefined;
      case "wrong":
        return "wrong";
      case "throw":
        throw new Error("broke");
      case "code":
        throw Object.assign(new Error("none left"), { code: "OUT_OF_TODOS" });
      case "response":
        return new Response("as it is", { status: 418 });
      case "secret":
        return [
          await ctx.secrets.get("TOKEN"),
          await ctx.secrets.get("ABSENT", "fallback"),
          await ctx.secrets.get("ABSENT").catch((error: Error) => error.message),
          ctx.env.TOKEN,
        ];
      default:
        return { hello: input.name ?? null };
    }
  },
});
