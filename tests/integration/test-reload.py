#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Edits: the next request runs the new code, and a broken edit takes nothing away."""

import json
import subprocess
import time
import unittest

import weirtest
from weirtest import WEIR, Client, Project, Server, wait_until

HELLO = 'Deno.serve(() => new Response("{}"));\n'


class Reload(unittest.TestCase):
    def serve(self, files, *arguments):
        self.project = Project(files)
        self.addCleanup(self.project.remove)
        self.server = Server(self.project, *arguments)
        self.addCleanup(self.server.stop)
        return self.server

    def becomes(self, target, text):
        """Also says how long it took; figures are for the reader, no test rests on them."""
        began = time.monotonic()
        wait_until(lambda: self.server.get(target).body.decode() == text, f"{target} says {text}")
        print(f"# {self.id().split('.')[-1]}: {(time.monotonic() - began) * 1000:.0f} ms")

    def test_function(self):
        server = self.serve({"functions/hello/index.ts": HELLO.format("one")})
        self.assertEqual(server.get("/hello").text, "one")
        self.project.function("hello", HELLO.format("two"))
        self.becomes("/hello", "two")
        self.project.function("hello", HELLO.format("three"))
        self.becomes("/hello", "three")

    def test_an_edit_right_after_the_start_is_loaded_once(self):
        """What the function is made of is not known yet when it is edited."""
        server = self.serve({"functions/hello/index.ts": HELLO.format("one"),
                             "functions/other/index.ts": HELLO.format("-1")})
        self.assertEqual(server.get("/hello").text, "one")
        self.project.function("hello", HELLO.format("two"))
        self.becomes("/hello", "two")
        self.project.function("hello", HELLO.format("three"))
        self.becomes("/hello", "three")
        for n in range(6):  # each takes longer than to find out what a function is made of
            if n == 2:
                mark = server.mark()
            self.project.function("other", HELLO.format(n))
            self.becomes("/other", str(n))
        reloaded = [e["function"] for e in server.events[mark:] if e["type"] == "reloaded"]
        self.assertNotIn("hello", reloaded)

    def test_function_that_has_no_worker(self):
        server = self.serve({"functions/hello/index.ts": HELLO.format("one")})
        mark = server.mark()
        self.project.function("hello", HELLO.format("two"))
        server.wait_event(lambda e: e["type"] == "reloaded", since=mark)
        self.assertEqual(server.get("/hello").text, "two")

    def test_file_written_in_place(self):
        server = self.serve({"functions/hello/index.ts": HELLO.format("one")})
        self.assertEqual(server.get("/hello").text, "one")
        (self.project.functions / "hello/index.ts").write_text(HELLO.format("two"))
        self.becomes("/hello", "two")

    def test_shared_file_touches_only_those_who_import_it(self):
        server = self.serve({
            "functions/_shared/word.ts": 'export const word = "one";',
            "functions/user/index.ts": 'import { word } from "../_shared/word.ts"; Deno.serve(() => new Response(word));',
            "functions/bare/index.ts": 'import { word } from "_shared/word.ts"; Deno.serve(() => new Response(word));',
            "functions/other/index.ts": "let n = 0; Deno.serve(() => new Response(String(++n)));",
        })
        for name in ["user", "bare"]:
            self.assertEqual(server.get(f"/{name}").text, "one")
        self.assertEqual(server.get("/other").text, "1")
        self.project.write("functions/_shared/word.ts", 'export const word = "two";')
        self.becomes("/user", "two")
        self.becomes("/bare", "two")
        self.assertEqual(server.get("/other").text, "2")

    def test_env_file(self):
        code = 'Deno.serve(() => new Response(Deno.env.get("WORD") ?? "none"));'
        server = self.serve({"functions/hello/index.ts": code})
        self.assertEqual(server.get("/hello").text, "none")
        self.project.write("functions/.env", "WORD=one\n")
        self.becomes("/hello", "one")
        self.project.write("functions/hello/.env", "WORD=two\n")
        self.becomes("/hello", "two")

    def test_configuration(self):
        code = 'Deno.serve(() => new Response(Deno.env.get("WORD") ?? "none"));'
        server = self.serve({"functions/hello/index.ts": code})
        self.assertEqual(server.get("/hello").text, "none")
        self.project.write("weir.toml", '[functions.hello.env]\nWORD = "configured"\n')
        self.becomes("/hello", "configured")
        mark = server.mark()
        self.project.write("weir.toml", '[functions.hello.env]\nWORD = 3\n')
        event = server.wait_event(lambda e: e["type"] == "notice", since=mark)
        self.assertRegex(event["message"], r"weir\.toml:2")
        self.assertEqual(server.get("/hello").text, "configured")

    def test_new_function_and_removed_function(self):
        server = self.serve({"functions/hello/index.ts": HELLO.format("one")})
        self.assertEqual(server.get("/late").status, 404)
        self.project.function("late", HELLO.format("late"))
        wait_until(lambda: server.get("/late").status == 200, "the new function answers")
        for file in ["index.ts"]:
            (self.project.functions / "late" / file).unlink()
        (self.project.functions / "late").rmdir()
        wait_until(lambda: server.get("/late").status == 404, "the removed function is gone")
        self.assertEqual(server.get("/hello").text, "one")

    def test_broken_edit_keeps_the_old_code(self):
        server = self.serve({"functions/hello/index.ts": HELLO.format("one")})
        self.assertEqual(server.get("/hello").text, "one")
        mark = server.mark()
        self.project.function("hello", "const ok = 1;\nconst = broken;\n")
        event = server.wait_event(lambda e: e["type"] == "stale", since=mark)
        self.assertRegex(event["message"], r"hello/index\.ts:2:7")
        answer = server.get("/hello")
        self.assertEqual((answer.status, answer.text), (200, "one"))
        stale = wait_until(lambda: server.get("/hello").header("x-weir-stale"), "the header says so")
        self.assertRegex(stale, r"index\.ts:2:7")
        self.project.function("hello", HELLO.format("mended"))
        self.becomes("/hello", "mended")
        self.assertIsNone(server.get("/hello").header("x-weir-stale"))

    def test_broken_edit_under_strict_reload(self):
        server = self.serve({"functions/hello/index.ts": HELLO.format("one")}, "--strict-reload")
        self.assertEqual(server.get("/hello").text, "one")
        self.project.function("hello", "const = broken;\n")
        wait_until(lambda: server.get("/hello").status == 503, "the broken code is not covered up")
        self.project.function("hello", HELLO.format("mended"))
        wait_until(lambda: server.get("/hello").status == 200, "mended")

    def test_broken_from_the_start_then_mended(self):
        server = self.serve({"functions/hello/index.ts": 'import { x } from "./missing.ts";\nDeno.serve(() => new Response(x));\n'})
        self.assertEqual(server.get("/functions/v1/hello").status, 503)
        self.project.write("functions/hello/missing.ts", 'export const x = "found";')
        wait_until(lambda: server.get("/hello").status == 200, "the missing file is there")
        self.assertEqual(server.get("/hello").text, "found")

    def test_a_broken_function_does_not_wait_for_a_text(self):
        """What nobody can import mends nothing; the function whose folder it lies in may read it."""
        server = self.serve({"functions/hello/index.ts": "const = broken;\n", "functions/other/index.ts": HELLO.format("0")})
        self.assertEqual((server.get("/hello").status, server.get("/other").text), (503, "0"))
        mark = server.mark()
        self.project.write("functions/other/notes.txt", "1")
        server.wait_event(lambda e: e["type"] == "reloaded" and e["function"] == "other", since=mark)
        self.assertFalse([e for e in server.events if e["type"] == "reloaded" and e["function"] == "hello"])

    def test_what_the_server_prints_is_no_edit(self):
        """Its output goes to a file beside the code: each line would bring forth another one."""
        self.project = Project({"functions/hello/index.ts": HELLO.format("one"), "functions/other/index.ts": HELLO.format("0")})
        path = self.project.root / "functions/hello/output"
        with open(path, "w") as output:
            process = subprocess.Popen(
                [WEIR, "serve", str(self.project.root), "--listen", "127.0.0.1:0", "--json"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            def events():
                return [json.loads(line) for line in path.read_text().splitlines(True) if line.startswith("{") and line.endswith("\n")]

            def reloaded(name):
                return [e for e in events() if e["type"] == "reloaded" and e["function"] == name]

            port = int(wait_until(lambda: [e for e in events() if e["type"] == "listening"], "it listens")[0]["uris"][0].rpartition(":")[2])
            for name in ("hello", "other"):
                with Client(("127.0.0.1", port)) as client:
                    client.request("GET", f"/{name}")
                    self.assertEqual(client.response().status, 200)
            for i in range(1, 5):
                self.project.function("other", HELLO.format(i))
                wait_until(lambda: len(reloaded("other")) >= i, "the edit was seen")
            self.assertEqual(reloaded("hello"), [])
        finally:
            process.terminate()
            process.wait(30)

    def test_settings_that_are_read_at_the_start(self):
        server = self.serve({"functions/hello/index.ts": HELLO.format("one"), "weir.toml": "stage_timeout_ms = 9000\n"})
        mark = server.mark()
        self.project.write("weir.toml", "max_websockets = 7\n[adapters.native]\nmax_connections = 5\n")
        for where, name in (("weir.toml:3", "adapters.native.max_connections"), ("weir.toml:1", "stage_timeout_ms")):
            event = server.wait_event(lambda e: e["type"] == "notice" and f"“{name}”" in e["message"], since=mark)
            self.assertIn(where, event["message"])
            self.assertIn("when the server starts", event["message"])
        self.assertFalse([e for e in server.events[mark:] if "max_websockets" in e.get("message", "")])
        # What is taken back is in force: only the others are told.
        mark, text = server.mark(), "stage_timeout_ms = 9000\n"
        for line, name in (('trusted_proxies = ["10.0.0.1"]', "trusted_proxies"), ('proxy_headers = "forwarded"', "proxy_headers")):
            text += f"{line}\n"
            self.project.write("weir.toml", text)
            server.wait_event(lambda e: e["type"] == "notice" and f"“{name}”" in e["message"], since=mark)
        told = [e["message"].split("“")[1].split("”")[0] for e in server.events[mark:] if e["type"] == "notice"]
        self.assertEqual(told, ["trusted_proxies", "proxy_headers"])

    def test_no_reload(self):
        server = self.serve({"functions/hello/index.ts": HELLO.format("one")}, "--no-reload")
        self.assertEqual(server.get("/hello").text, "one")
        mark = server.mark()
        self.project.function("hello", HELLO.format("two"))
        self.assertEqual(server.get("/hello").text, "one")
        self.assertFalse([e for e in server.events[mark:] if e["type"] == "reloaded"])

    def test_requests_in_flight_finish_on_the_old_code(self):
        slow = """
        let release: () => void = () => {};
        Deno.serve(async (req) => {
          if (req.url.endsWith("/slow")) await new Promise<void>((r) => { release = r; });
          if (req.url.endsWith("/release")) release();
          return new Response("one");
        });
        """
        server = self.serve({"functions/hello/index.ts": slow})
        with server.client() as client, server.client() as other:
            client.request("GET", "/hello/slow")
            other.request("GET", "/hello/warm")
            self.assertEqual(other.response().text, "one")
            self.project.function("hello", HELLO.format("two"))
            self.becomes("/hello", "two")
            # The old worker drains beside the new one, and those that stand by.
            self.assertGreaterEqual(len(server.worker_pids()), 2)
            pid = next(w["pid"] for w in server.get("/_weir/status").json["workers"] if w["state"] == "draining")
            self.assertIn(pid, server.worker_pids())

    def test_many_reloads_lose_nothing(self):
        server = self.serve({"functions/hello/index.ts": HELLO.format(0)})
        self.assertEqual(server.get("/hello").text, "0")
        statuses = []
        for n in range(1, 8):
            self.project.function("hello", HELLO.format(n))
            for _ in range(40):
                statuses.append(server.get("/hello").status)
        self.assertEqual(set(statuses), {200})
        self.becomes("/hello", "7")


if __name__ == "__main__":
    weirtest.main()
