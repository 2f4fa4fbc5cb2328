Deno.serve(() => new Response("never"));
throw new Error("after serving");
