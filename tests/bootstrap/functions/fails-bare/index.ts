import lodash from "lodash";
Deno.serve(() => new Response(lodash.VERSION));
