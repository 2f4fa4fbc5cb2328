import here from "here";
Deno.serve(() => new Response(here));
