declare const EdgeRuntime: { waitUntil<T>(task: T): T };
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

addEventListener("beforeunload", (event) => {
  console.log("unloading:", (event as CustomEvent).detail?.reason);
});

Deno.serve((request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/reject") {
    EdgeRuntime.waitUntil(later(1).then(() => Promise.reject(new Error("task failed"))));
    return new Response("rejecting");
  }
  const task = later(150).then(() => console.log("task done"));
  return new Response(String(EdgeRuntime.waitUntil(task) === task && EdgeRuntime.waitUntil(7) === 7));
});
