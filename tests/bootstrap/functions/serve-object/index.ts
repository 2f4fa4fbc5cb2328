Deno.serve({
  handler(request) {
    if (request.url.endsWith("/throw")) throw new Error("mine");
    if (request.url.endsWith("/nothing")) return undefined as unknown as Response;
    return new Response("object");
  },
  onError: (error) => new Response("caught: " + (error as Error).message, { status: 555 }),
});
