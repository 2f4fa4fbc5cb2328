Deno.writeTextFileSync("/srv/note.txt", "");
Deno.serve(() => new Response());
