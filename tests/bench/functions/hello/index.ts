Deno.serve(() => new Response("Hello from a function\n"));
