// SPDX-License-Identifier: LGPL-2.1-or-later
import { Hono } from "npm:hono@4";

const app = new Hono();
app.get("/*", (context) => context.text("Hello from a function\n"));
Deno.serve(app.fetch);
