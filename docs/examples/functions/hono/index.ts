// A small API with the router Hono from npm; it is fetched once, before the first request.
//   curl http://127.0.0.1:9000/functions/v1/hono/notes
//   curl http://127.0.0.1:9000/functions/v1/hono/notes --json '{"text":"buy milk"}'
import { Hono } from "npm:hono@4";

const notes: { id: number; text: string }[] = [];

const routes = new Hono();
routes.get("/notes", (c) => c.json(notes));
routes.get("/notes/:id", (c) => {
  const note = notes.find((n) => n.id === Number(c.req.param("id")));
  return note ? c.json(note) : c.json({ error: "no such note" }, 404);
});
routes.post("/notes", async (c) => {
  const { text } = await c.req.json();
  const note = { id: notes.length + 1, text: String(text) };
  notes.push(note);
  return c.json(note, 201);
});

// Under /functions/v1/hono/… a function sees /hono/…; under /hono/… it sees what follows.
const app = new Hono();
app.route("/", routes);
app.route("/hono", routes);

Deno.serve(app.fetch);
