import { one } from "./one.ts";
import { two } from "./two.ts";
Deno.serve(() => new Response(one + two));
