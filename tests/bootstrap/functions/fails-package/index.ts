import nothing from "npm:@weir-tests/there-is-no-such-package@1";
Deno.serve(() => new Response(nothing));
