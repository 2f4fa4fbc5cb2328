Deno.serve(() => new Response("first"));
Deno.serve({ port: 9999 }, () => new Response("second"));
