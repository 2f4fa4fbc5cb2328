import { Hono } from "hono";
import { poweredBy } from "hono/powered-by";
const app = new Hono();
app.use(poweredBy());
app.get("/", (c) => c.text("packaged"));
Deno.serve(app.fetch);
