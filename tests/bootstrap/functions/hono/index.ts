import { Hono } from "npm:hono@4";
const app = new Hono();
app.get("/hello/:name", (c) => c.text("hono " + c.req.param("name")));
export default app;
