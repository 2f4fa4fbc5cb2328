Promise.reject(new Error("stray"));
await new Promise((resolve) => setTimeout(resolve, 5));
export default { fetch: () => new Response("served") };
