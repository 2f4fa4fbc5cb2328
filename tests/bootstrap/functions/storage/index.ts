import { AsyncLocalStorage } from "node:async_hooks";

const storage = new AsyncLocalStorage<string>();
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.serve((request) =>
  storage.run(new URL(request.url).pathname, async () => {
    await later(5);
    console.log("in", storage.getStore());
    return new Response(storage.getStore());
  })
);
