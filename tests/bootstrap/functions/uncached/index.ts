import isOdd from "npm:is-odd@3.0.1";
Deno.serve(() => new Response(String(isOdd(3))));
