import { serve } from "npm:@hono/node-server@1";
import { Hono } from "npm:hono@4";
const app = new Hono();
app.get("/hello", (c) => c.text("hono on node"));
serve(app);
