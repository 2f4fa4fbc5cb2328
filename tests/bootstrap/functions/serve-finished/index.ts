const server = Deno.serve(() => new Response("awaited"));
await server.finished;
