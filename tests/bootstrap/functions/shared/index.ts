import { word } from "../_shared/words.ts";
import { more } from "_shared/deep/more.ts";
Deno.serve(() => new Response(`${word}, ${more}`));
