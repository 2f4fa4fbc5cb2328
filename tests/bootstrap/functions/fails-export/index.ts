import { word, nothing } from "_shared/words.ts";
Deno.serve(() => new Response(word + nothing));
