#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can go wrong with a function: each has an answer, a message that says what to do, and
leaves the server serving everything else."""

import os
import signal
import threading
import unittest

import weirtest
from weirtest import Project, Server, ServerTest, wait_until

OK = 'Deno.serve(() => new Response("fine"));'


class Broken(ServerTest):
    files = {
        "functions/ok/index.ts": OK,
        "functions/syntax/index.ts": "const fine = 1;\nDeno.serve(() => {{{;\n",
        "functions/missing/index.ts": 'import { x } from "./not-there.ts";\nDeno.serve(() => new Response(x));\n',
        "functions/missing-export/index.ts": 'import { y } from "./there.ts";\nDeno.serve(() => new Response(y));\n',
        "functions/missing-export/there.ts": "export const x = 1;\n",
        "functions/bare/index.ts": 'import { z } from "not-mapped";\nDeno.serve(() => new Response(z));\n',
        "functions/throws-at-load/index.ts": 'const n = 1;\nthrow new Error("at load");\n',
        "functions/no-server/index.ts": "export const value = 1;\n",
        "functions/throws/index.ts": 'Deno.serve(() => {\n  throw new TypeError("sync");\n});\n',
        "functions/rejects/index.ts": 'Deno.serve(async () => {\n  await 0;\n  throw new Error("async");\n});\n',
        "functions/not-response/index.ts": "Deno.serve(() => 7 as unknown as Response);\n",
        "functions/cut/index.ts": """
          let n = 0;
          Deno.serve(() => new Response(new ReadableStream({
            pull(c) { if (n++ === 0) c.enqueue(new TextEncoder().encode("begin")); else c.error(new Error("cut off")); },
          })));
        """,
        "functions/stops/index.ts": "const stop = new AbortController();"
          " const server = Deno.serve({ signal: stop.signal }, () => {"
          " server.shutdown(); stop.abort(); return new Response('went on'); });",
        "functions/closes/index.ts": "import http from 'node:http';"
          " const server = http.createServer((_, res) => { server.close(); res.end('went on'); }).listen(0);",
        "functions/drops/index.ts": """
          import http from "node:http";
          let n = 0;
          http.createServer((req, res) => {
            if (req.url!.endsWith("/count")) return res.end(`${n}`);
            n++;
            req.socket.destroy();
          }).listen(0);
        """,
        "functions/exits/index.ts": "Deno.serve(() => { Deno.exit(3); return new Response('went on'); });",
        "functions/late/index.ts": """
          Deno.serve((req) => {
            if (req.url.endsWith("/reject")) Promise.reject(new Error("too late"));
            if (req.url.endsWith("/throw")) setTimeout(() => { throw new Error("in a timer"); });
            return new Response("lives");
          });
        """,
        "functions/9lives/index.ts": OK,
        "functions/empty/readme.ts": "export {};",
    }

    def tearDown(self):
        # Whatever a test did, the rest is served.
        self.assertEqual(self.server.get("/ok").text, "fine")

    def failure(self, name, status, pattern, kind="failed"):
        mark = 0
        answer = self.server.get(f"/{name}")
        self.assertEqual(answer.status, status, answer.text)
        event = self.server.wait_event(
            lambda e: e["type"] == kind and e.get("function") == name, since=mark)
        self.assertRegex(event["message"] + "\n" + (event.get("stack") or ""), pattern)
        return answer, event

    def test_dropped_without_a_word(self):
        self.assertEqual(self.server.post("/drops", b"order").status, 500)
        self.assertEqual(self.server.get("/drops/count").text, "1", "it was done once")

    def test_syntax(self):
        answer, _ = self.failure("syntax", 503, r"syntax/index\.ts:2:\d+")
        self.assertEqual(answer.json["error"]["code"], "boot-failed")
        self.assertTrue(answer.json["error"]["request_id"])

    def test_missing_module(self):
        self.failure("missing", 503, r"missing/index\.ts:1:19.*not-there\.ts")

    def test_missing_export(self):
        self.failure("missing-export", 503, r"missing-export/index\.ts:1:\d+.*'?y'?")

    def test_bare_specifier(self):
        self.failure("bare", 503, r"bare/index\.ts:1:\d+.*not-mapped")

    def test_throws_at_load(self):
        self.failure("throws-at-load", 500, r"throws-at-load/index\.ts:2:\d+.*at load")

    def test_never_serves(self):
        self.failure("no-server", 503, r"Deno\.serve")

    def test_handler_throws(self):
        answer, event = self.failure("throws", 500, r"throws/index\.ts:2:9", "error")
        self.assertEqual(answer.text, "Internal Server Error")
        self.assertEqual(event["request_id"], answer.header("x-request-id"))

    def test_handler_rejects(self):
        answer, _ = self.failure("rejects", 500, r"rejects/index\.ts:3:9", "error")
        self.assertEqual(answer.text, "Internal Server Error")

    def test_not_a_response(self):
        answer, _ = self.failure("not-response", 502, r"[Rr]esponse", "error")
        self.assertEqual(answer.text, "Bad Gateway")

    def test_response_cut(self):
        with self.server.client() as client:
            client.request("GET", "/cut")
            self.assertEqual(client.read_head().status, 200)
            self.assertEqual(client.read_chunk(), b"begin")
            # No last chunk: a client can tell that something is missing.
            self.assertTrue(client.at_end())

    def test_exit_does_not_end_the_worker(self):
        self.assertEqual(self.server.get("/exits").text, "went on")
        self.assertEqual(self.server.get("/exits").text, "went on")

    def test_server_that_is_stopped_goes_on(self):
        for name in ("stops", "closes"):
            mark = self.server.mark()
            for _ in range(3):
                answer = self.server.get(f"/{name}")
                self.assertEqual((answer.status, answer.text), (200, "went on"))
            event = self.server.wait_event(lambda e: e["type"] == "log" and e["function"] == name, since=mark)
            self.assertIn("has no effect", event["message"])

    def test_late_errors_leave_the_worker_alive(self):
        self.assertEqual(self.server.get("/late/reject").text, "lives")
        self.assertEqual(self.server.get("/late/throw").text, "lives")
        self.server.wait_event(lambda e: e["type"] == "error" and "too late" in e["message"])
        self.server.wait_event(lambda e: e["type"] == "error" and "in a timer" in e["message"])
        self.assertEqual(self.server.get("/late").text, "lives")
        workers = len(self.server.worker_pids())
        self.assertEqual(self.server.get("/late").text, "lives")
        self.assertEqual(len(self.server.worker_pids()), workers)

    def test_problems_are_listed(self):
        started = next(e for e in self.server.events if e["type"] == "listening")
        text = "\n".join(started["problems"])
        self.assertRegex(text, r"9lives")
        self.assertRegex(text, r"empty.*index\.ts")
        self.assertEqual(self.server.get("/9lives").status, 404)

    def test_unknown_function_suggests(self):
        answer = self.server.get("/throw")
        self.assertEqual((answer.status, answer.json["error"]["code"]), (404, "not-found"))
        self.assertIn("throws", answer.json["error"]["hint"])


SLOW = """
Deno.serve(async (req) => {
  if (req.url.endsWith("/hang")) await new Promise(() => {});
  if (req.url.endsWith("/spin")) while (true);
  if (req.url.endsWith("/begin")) {
    let n = 0;
    return new Response(new ReadableStream({
      pull(c) { if (n++ === 0) { c.enqueue(new TextEncoder().encode("begin")); return; } return new Promise(() => {}); },
    }));
  }
  if (req.url.endsWith("/drip")) {
    let n = 0;
    return new Response(new ReadableStream({
      async pull(c) {
        await new Promise((r) => setTimeout(r, 300));
        if (n++ < 4) c.enqueue(new TextEncoder().encode(String(n))); else c.close();
      },
    }));
  }
  return new Response(String(Deno.pid));
});
"""


class Killed(ServerTest):
    files = {
        "weir.toml": "[functions.slow]\nrequest_timeout_ms = 700\n[functions.sleepy]\nboot_timeout_ms = 500\n"
                     "[functions.hungry]\nmemory_limit_mb = 64\n",
        "functions/slow/index.ts": SLOW,
        "functions/victim/index.ts": SLOW,
        "functions/sleepy/index.ts": "setInterval(() => {}, 1000);\nawait new Promise(() => {});\n",
        "functions/hungry/index.ts": """
          Deno.serve((req) => {
            const kept: unknown[] = [];
            if (req.url.endsWith("/eat")) while (true) kept.push(new Array(100000).fill({ a: 1 }));
            return new Response("modest");
          });
        """,
        "functions/ok/index.ts": OK,
    }

    def kill_all(self):
        for pid in self.server.worker_pids():
            os.kill(pid, signal.SIGKILL)

    def test_request_timeout_leaves_the_worker(self):
        pid = self.server.get("/slow").text
        answer = self.server.get("/functions/v1/slow/hang")
        self.assertEqual(answer.status, 504)
        self.assertEqual(answer.json, {"message": "The upstream server is timing out"})
        self.assertEqual(self.server.get("/slow").text, pid)

    def test_request_timeout_is_for_silence(self):
        # 1.5 s in all, but never 700 ms without a byte.
        self.assertEqual(self.server.get("/slow/drip").text, "1234")

    def test_silence_in_the_middle_of_an_answer(self):
        with self.server.client() as client:
            client.request("GET", "/slow/begin")
            self.assertEqual(client.read_head().status, 200)
            self.assertEqual(client.read_chunk(), b"begin")
            self.assertTrue(client.at_end())

    def test_boot_timeout(self):
        answer = self.server.get("/functions/v1/sleepy")
        self.assertEqual((answer.status, answer.json["code"]), (503, "BOOT_ERROR"))
        self.server.wait_event(lambda e: e["type"] == "failed" and e["function"] == "sleepy")

    def test_out_of_memory(self):
        self.assertEqual(self.server.get("/hungry").text, "modest")
        answer = self.server.get("/functions/v1/hungry/eat")
        self.assertEqual((answer.status, answer.json["code"]), (546, "WORKER_LIMIT"))
        self.assertEqual(self.server.get("/hungry").text, "modest")

    def test_killed_while_idle(self):
        first = self.server.get("/victim").text
        self.kill_all()
        wait_until(lambda: self.server.get("/victim").text != first, "another worker answers")

    def test_killed_before_the_answer(self):
        self.server.get("/victim")
        answers = []
        thread = threading.Thread(target=lambda: answers.append(
            self.server.request("POST", "/functions/v1/victim/hang", body=b"x" * 200_000)))
        thread.start()
        wait_until(lambda: self.in_flight("victim"), "the request is there")
        self.kill_all()
        thread.join(20)
        self.assertEqual(answers[0].status, 500)
        self.assertEqual(answers[0].json["code"], "WORKER_ERROR")
        self.assertEqual(self.server.get("/ok").text, "fine")

    def in_flight(self, function):
        workers = self.server.get("/_weir/status").json["workers"]
        return sum(w["in_flight"] for w in workers if w["function"] == function)

    def test_killed_in_the_middle_of_an_answer(self):
        with self.server.client() as client:
            client.request("GET", "/victim/begin")
            self.assertEqual(client.read_head().status, 200)
            self.assertEqual(client.read_chunk(), b"begin")
            self.kill_all()
            self.assertTrue(client.at_end())
        self.assertEqual(self.server.get("/victim").status, 200)

    def test_killed_while_booting(self):
        with self.server.client() as client:
            client.request("GET", "/sleepy")
            pids = wait_until(self.server.worker_pids, "it was spawned")
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            self.assertIn(client.response().status, (500, 503))
        self.assertEqual(self.server.get("/ok").text, "fine")


class Ends(unittest.TestCase):
    def test_terminate_finishes_what_is_in_flight(self):
        project = Project({"functions/wait/index.ts": """
          Deno.serve(async (req) => {
            if (req.url.endsWith("/slow")) await new Promise((r) => setTimeout(r, 400));
            return new Response("whole");
          });
        """})
        self.addCleanup(project.remove)
        server = Server(project)
        self.assertEqual(server.get("/wait").text, "whole")
        pids = server.worker_pids()
        with server.client() as client:
            client.request("GET", "/wait/slow")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.response().text, "whole")
        self.assertEqual(server.process.wait(20), 0)
        server.stop()
        for pid in pids:
            self.assertFalse(os.path.exists(f"/proc/{pid}"), "no worker outlives the server")

    def test_terminate_closes_web_sockets(self):
        project = Project({"functions/socket/index.ts": """
          Deno.serve((req) => {
            const { socket, response } = Deno.upgradeWebSocket(req);
            socket.onmessage = (e) => socket.send(e.data);
            return response;
          });
        """})
        self.addCleanup(project.remove)
        server = Server(project)
        with server.client() as client:
            client.send("GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            self.assertEqual(client.read_head().status, 101)
            server.process.send_signal(signal.SIGTERM)
            frame = client.file.read(4)
            self.assertEqual((frame[0], int.from_bytes(frame[2:4], "big")), (0x88, 1001))
        # Well within the time that a worker may take to drain.
        self.assertEqual(server.process.wait(10), 0)
        server.stop()

    def test_kill_leaves_no_worker(self):
        project = Project({"functions/ok/index.ts": OK})
        self.addCleanup(project.remove)
        server = Server(project)
        self.assertEqual(server.get("/ok").text, "fine")
        pids = server.worker_pids()
        self.assertTrue(pids)
        server.stop(signal.SIGKILL)
        for pid in pids:
            wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the worker ended too")

    def test_port_in_use(self):
        project = Project({"functions/ok/index.ts": OK})
        self.addCleanup(project.remove)
        server = Server(project)
        self.addCleanup(server.stop)
        other = Server(project, "--listen", server.uri.removeprefix("http://"), expect_start=False)
        self.assertNotEqual(other.process.wait(20), 0)
        other.stop()
        self.assertIn("--listen", other.stderr)


if __name__ == "__main__":
    weirtest.main()
