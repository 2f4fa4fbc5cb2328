// curl http://127.0.0.1:9000/functions/v1/@NAME@/hello/Ada
import { Hono } from "npm:hono@4";

const routes = new Hono();
routes.get("/", (c) => c.text("There is more at /hello/NAME.\n"));
routes.get("/hello/:name", (c) => c.json({ message: `Hello, ${c.req.param("name")}!` }));

// Under /functions/v1/@NAME@/… a function sees /@NAME@/…; under /@NAME@/… it sees what follows.
const app = new Hono();
app.route("/", routes);
app.route("/@NAME@", routes);

Deno.serve(app.fetch);
