#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A page of another origin, in a real Chromium, that uses supabase-js and what browsers have."""

import http.server
import json
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import weirtest

CLIENTS = Path(__file__).resolve().parent / "clients"
LIBRARY = CLIENTS / "node_modules/@supabase/supabase-js/dist/umd/supabase.js"
ANON = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6ImFub24iLCJl"
    "eHAiOjE5ODM4MTI5OTZ9.CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0"
)

FILES = {
    "supabase/config.toml": "[functions.open]\nverify_jwt = false\n",
    # As the guides have it, its own headers included.
    "supabase/functions/hello/index.ts": """
const corsHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type",
};
Deno.serve(async (req) => {
  if (req.method === "OPTIONS") return new Response("ok", { headers: corsHeaders });
  const { name } = await req.json();
  return Response.json({ message: `Hello ${name}!` }, { headers: corsHeaders });
});
""",
    # It knows nothing of other origins.
    "supabase/functions/open/index.ts": """
Deno.serve((req) => {
  const path = new URL(req.url).pathname;
  if (path.endsWith("/events")) {
    const lines = ["data: 1\\n\\n", "data: 2\\n\\n", "event: end\\ndata: 3\\n\\n"];
    return new Response(new ReadableStream({
      pull(c) { const l = lines.shift(); if (l) c.enqueue(new TextEncoder().encode(l)); else c.close(); },
    }), { headers: { "content-type": "text/event-stream" } });
  }
  if (req.headers.get("upgrade") === "websocket") {
    const { socket, response } = Deno.upgradeWebSocket(req);
    socket.onmessage = (event) => socket.send(`echo ${event.data}`);
    return response;
  }
  if (path.endsWith("/throws")) throw new Error("boom");
  if (path.endsWith("/form")) {
    return req.formData().then(async (form) => {
      const file = form.get("file") as File;
      return Response.json([form.get("field"), file.name, file.type, await file.text()]);
    });
  }
  if (path.endsWith("/size")) {
    return req.arrayBuffer().then((body) => Response.json([req.headers.get("content-type"), body.byteLength]));
  }
  return new Response(`${req.method} ${req.headers.get("x-own")}`);
});
""",
}

PAGE = """<!doctype html><title>test</title><script src="/supabase.js"></script><script type="module">
const [url, key] = %s;
const seen = {};
async function look(name, action) {
  try { seen[name] = await action(); } catch (error) { seen[name] = `failed: ${error}`; }
}
const client = supabase.createClient(url, key);
const open = `${url}/functions/v1/open`;
await look("invoke", async () => (await client.functions.invoke("hello", { body: { name: "Ada" } })).data);
await look("form", async () => {
  const body = new FormData();
  body.set("field", "value");
  body.set("file", new File(["content"], "\\u00fc.txt", { type: "text/plain" }));
  return (await client.functions.invoke("open/form", { body })).data;
});
await look("blob", async () => {
  const body = new Blob([new Uint8Array(300000)]);
  return (await client.functions.invoke("open/size", { body })).data;
});
await look("stream", async () => {
  const { data } = await client.functions.invoke("open/events", { method: "GET" });
  return await data.text();
});
await look("out of reach", async () => {
  const elsewhere = supabase.createClient("http://127.0.0.1:1", key);
  return (await elsewhere.functions.invoke("hello", { body: {} })).error.name;
});
await look("unknown", async () => {
  const { error } = await client.functions.invoke("nowhere", { body: {} });
  return [error.name, error.context.status];
});
await look("no key", async () => (await fetch(`${url}/functions/v1/hello`, { method: "POST", body: "{}" })).status);
await look("own header", async () => (await fetch(open, { method: "PUT", headers: { "x-own": "mine" } })).text());
await look("throws", async () => (await fetch(`${open}/throws`)).status);
await look("events", () => new Promise((resolve, reject) => {
  const source = new EventSource(`${open}/events`), data = [];
  source.onmessage = (event) => data.push(event.data);
  source.onerror = reject;
  source.addEventListener("end", (event) => { source.close(); resolve([...data, event.data]); });
}));
await look("socket", () => new Promise((resolve, reject) => {
  const socket = new WebSocket(open.replace("http", "ws"));
  socket.onopen = () => socket.send("hi");
  socket.onmessage = (event) => { socket.close(); resolve(event.data); };
  socket.onerror = reject;
}));
await fetch("/seen", { method: "POST", body: JSON.stringify(seen) });
</script>
"""

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
]  # fmt: skip


class Site(http.server.BaseHTTPRequestHandler):
    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/supabase.js":
            self.answer("text/javascript", LIBRARY.read_bytes())
        else:
            self.answer("text/html", self.server.page.encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer("text/plain", b"")
        self.server.seen.put(json.loads(body))

    def log_message(self, *_):
        pass


@unittest.skipUnless(shutil.which("chromium"), "there is no chromium")
class Browser(weirtest.ServerTest):
    files = FILES
    functions = "supabase/functions"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        site.page, site.seen = PAGE % json.dumps([cls.server.uri, ANON]), queue.Queue()
        threading.Thread(target=site.serve_forever, daemon=True).start()
        profile = tempfile.mkdtemp(prefix="weir-chromium-")
        browser = subprocess.Popen(
            ["chromium", *ARGUMENTS, f"--user-data-dir={profile}", f"http://127.0.0.1:{site.server_port}/"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            cls.seen = site.seen.get(timeout=120)
        finally:
            weirtest.os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
            site.shutdown()
            site.server_close()
            shutil.rmtree(profile, ignore_errors=True)

    def test_client_library(self):
        self.assertEqual(self.seen["invoke"], {"message": "Hello Ada!"})
        self.assertEqual(self.seen["unknown"], ["FunctionsHttpError", 404])
        self.assertEqual(self.seen["out of reach"], "FunctionsFetchError")

    def test_bodies(self):
        self.assertEqual(self.seen["form"], ["value", "ü.txt", "text/plain", "content"])
        self.assertEqual(self.seen["blob"], ["application/octet-stream", 300000])
        self.assertEqual(self.seen["stream"], "data: 1\n\ndata: 2\n\nevent: end\ndata: 3\n\n")

    def test_refusals_can_be_read(self):
        self.assertEqual(self.seen["no key"], 401)
        self.assertEqual(self.seen["throws"], 500)

    def test_own_header(self):
        self.assertEqual(self.seen["own header"], "PUT mine")

    def test_event_source(self):
        self.assertEqual(self.seen["events"], ["1", "2", "3"])

    def test_web_socket(self):
        self.assertEqual(self.seen["socket"], "echo hi")


if __name__ == "__main__":
    weirtest.main()
