import note from "./note.txt" with { type: "text" };
Deno.serve(() => new Response(note));
