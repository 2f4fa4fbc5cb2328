#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A folder of functions written for Supabase, unmodified, called by supabase-js."""

import json
import subprocess
import weirtest
from pathlib import Path

CLIENTS = Path(__file__).resolve().parent / "clients"
ANON = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6ImFub24iLCJl"
    "eHAiOjE5ODM4MTI5OTZ9.CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0"
)

FILES = {
    "supabase/config.toml": """
project_id = "demo"

[api]
port = 54321

[auth]
enabled = true
site_url = "http://127.0.0.1:3000"

[edge_runtime]
policy = "per_worker"

[functions.configured]
entrypoint = "./functions/elsewhere/main.ts"
import_map = "./functions/elsewhere/map.json"

[functions.switched-off]
enabled = false
""",
    "supabase/functions/_shared/cors.ts": """
export const corsHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type",
};
""",
    "supabase/functions/hello-world/index.ts": """
import { corsHeaders } from "../_shared/cors.ts";
Deno.serve(async (req) => {
  if (req.method === "OPTIONS") return new Response("ok", { headers: corsHeaders });
  const { name } = await req.json();
  const headers = { ...corsHeaders, "Content-Type": "application/json" };
  if (!name) return new Response(JSON.stringify({ error: "no name" }), { status: 400, headers });
  return new Response(JSON.stringify({ message: `Hello ${name}!` }), { headers });
});
""",
    "supabase/functions/restful/index.ts": """
const tasks = new URLPattern({ pathname: "/restful/tasks/:id" });
Deno.serve((req) => {
  const match = tasks.exec(req.url);
  return match
    ? new Response(`${req.method} ${match.pathname.groups.id}${new URL(req.url).search}`)
    : new Response("no task", { status: 404 });
});
""",
    "supabase/functions/kinds/index.ts": """
Deno.serve(async (req) => {
  const type = req.headers.get("content-type") ?? "";
  if (type.startsWith("multipart/form-data")) {
    const form = await req.formData();
    const file = form.get("file") as File;
    return Response.json({ type: "form", field: form.get("field"), file: file.name, text: await file.text() });
  }
  return Response.json({ type, text: await req.text() });
});
""",
    "supabase/functions/binary/index.ts": """
Deno.serve(() => new Response(new Uint8Array([0, 255, 1]), { headers: { "content-type": "application/octet-stream" } }));
""",
    "supabase/functions/events/index.ts": """
Deno.serve(() => {
  const lines = ["data: 1\\n\\n", "data: 2\\n\\n"];
  const body = new ReadableStream({
    pull(c) { const l = lines.shift(); if (l) c.enqueue(new TextEncoder().encode(l)); else c.close(); },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
});
""",
    "supabase/functions/environment/index.ts": """
Deno.serve(() => Response.json({
  url: Deno.env.get("SUPABASE_URL"), anon: Deno.env.get("SUPABASE_ANON_KEY"),
  service: Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")?.length, own: Deno.env.get("MY_SECRET"),
  stolen: Deno.env.get("SUPABASE_STOLEN") ?? null, home: Deno.env.get("WEIR_TEST_HOST_VARIABLE") ?? null,
}));
""",
    "supabase/functions/.env": 'MY_SECRET="from the file"\nSUPABASE_STOLEN=x\n',
    "supabase/functions/broken/index.ts": "import { a } from './nowhere.ts'; Deno.serve(() => new Response(a));",
    "supabase/functions/throws/index.ts": "Deno.serve(() => { throw new Error('boom'); });",
    "supabase/functions/not-a-response/index.ts": "Deno.serve(() => 'text' as unknown as Response);",
    "supabase/functions/top-level/index.ts": "throw new Error('at the top');",
    "supabase/functions/never-serves/index.ts": "export const nothing = 1;",
    "supabase/functions/elsewhere/main.ts": "import { v } from 'mapped'; export default { fetch: () => new Response(v) };",
    "supabase/functions/elsewhere/map.json": '{ "imports": { "mapped": "./value.ts" } }',
    "supabase/functions/elsewhere/value.ts": "export const v = 'mapped value';",
    "supabase/functions/switched-off/index.ts": "Deno.serve(() => new Response('off'));",
}


class Supabase(weirtest.ServerTest):
    files = FILES
    functions = "supabase/functions"

    @classmethod
    def setUpClass(cls):
        weirtest.os.environ["WEIR_TEST_HOST_VARIABLE"] = "of the host"
        super().setUpClass()
        run = subprocess.run(
            ["node", str(CLIENTS / "supabase.mjs"), cls.server.uri, ANON],
            capture_output=True, text=True, timeout=60,
        )
        if run.returncode != 0:
            raise AssertionError(f"the client failed: {run.stderr}")
        cls.seen = json.loads(run.stdout)

    def expect(self, label, **wanted):
        got = self.seen[label]
        for key, value in wanted.items():
            self.assertEqual(got.get(key), value, f"{label}: {got}")

    def failed(self, label, status, body):
        self.expect(label, status=status, body=body, data=None)
        self.assertEqual(self.seen[label]["error"]["name"], "FunctionsHttpError")

    def test_answers(self):
        self.expect("json", data={"message": "Hello Ada!"}, error=None)
        self.expect("text", data="GET 7?x=1")
        self.expect("put", data="PUT 7")
        self.expect("delete", data="DELETE 7")
        self.expect("blob", data=[0, 255, 1])
        self.expect("events", data="data: 1\n\ndata: 2\n\n")
        self.expect("region", data={"message": "Hello R!"})

    def test_bodies(self):
        self.assertEqual(self.seen["string"]["data"]["text"], "plain text")
        self.expect("form", data={"type": "form", "field": "value", "file": "f.txt", "text": "content"})
        self.expect("buffer", data={"type": "application/octet-stream", "text": "bytes"})

    def test_errors(self):
        self.failed("own error", 400, '{"error":"no name"}')
        self.failed("unknown", 404, "Function not found")
        self.failed("broken", 503, '{"code":"BOOT_ERROR","message":"Worker failed to boot (please check logs)"}')
        self.failed("throws", 500, "Internal Server Error")
        self.failed("not a response", 502, "Bad Gateway")

    def test_error_types_and_bodies(self):
        cases = [
            ("/functions/v1/no-such", 404, "text/plain", "Function not found"),
            ("/functions/v1/", 404, "text/plain", "Function not found"),
            ("/functions/v1/switched-off", 404, "text/plain", "Function not found"),
            ("/functions/v1/top-level", 500, "application/json",
             '{"code":"WORKER_ERROR","message":"Function exited due to an error (please check logs)"}'),
            ("/functions/v1/never-serves", 503, "application/json",
             '{"code":"BOOT_ERROR","message":"Worker failed to boot (please check logs)"}'),
            ("/functions/v1/_internal/health", 200, "application/json", '{"message":"ok"}'),
        ]
        for target, status, kind, body in cases:
            with self.subTest(target):
                answer = self.server.get(target)
                self.assertEqual((answer.status, answer.text), (status, body))
                self.assertTrue(answer.header("content-type").startswith(kind))

    def test_log_says_where_it_threw(self):
        event = self.server.wait_event(lambda e: e["type"] == "error" and e["function"] == "throws")
        self.assertIn("boom", event["message"])
        self.assertRegex(event["stack"], r"throws/index\.ts:1:\d+")

    def test_configured_entry_point(self):
        self.assertEqual(self.server.get("/functions/v1/configured").text, "mapped value")

    def test_environment(self):
        env = self.server.get("/functions/v1/environment").json
        self.assertEqual(env["url"], self.server.uri)
        self.assertEqual(env["anon"], ANON)
        self.assertGreater(env["service"], 100)
        self.assertEqual(env["own"], "from the file")
        self.assertIsNone(env["stolen"])
        self.assertIsNone(env["home"])


if __name__ == "__main__":
    weirtest.main()
