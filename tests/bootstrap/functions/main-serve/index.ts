if (import.meta.main) {
  Deno.serve(() => new Response("main"));
}
