Deno.writeTextFileSync("/tmp/note.txt", "");
Deno.serve(() => new Response());
