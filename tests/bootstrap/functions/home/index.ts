import os from "node:os";

Deno.serve(() =>
  Response.json({
    home: os.homedir() === Deno.env.get("TMPDIR"),
    variable: Deno.env.get("HOME") === Deno.env.get("TMPDIR"),
  })
);
