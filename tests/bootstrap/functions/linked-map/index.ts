import { outer } from "lib/outer.ts";
Deno.serve(() => new Response(outer));
