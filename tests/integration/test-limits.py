#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The limits of a worker, one after the other, with real processes: what the client is
answered, what the log says, and that the next request is served."""

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import weirtest
from weirtest import Project, Server, ServerTest, wait_until

WORKER_LIMIT = {
    "code": "WORKER_LIMIT",
    "message": "Worker failed to respond due to a resource limit (please check logs)",
}

SETTINGS = """
[functions.cpu]
cpu_soft_ms = 0
cpu_hard_ms = 400
[functions.slices]
cpu_soft_ms = 0
cpu_hard_ms = 3000
[functions.soft]
cpu_soft_ms = 200
cpu_hard_ms = 5000
[functions.steady]
cpu_soft_ms = 150
cpu_hard_ms = 300
[functions.wall]
wall_clock_ms = 1000
drain_timeout_ms = 500
[functions.once]
max_requests = 2
[functions.memory]
memory_limit_mb = 64
cpu_hard_ms = 0
cpu_soft_ms = 0
[functions.litters]
memory_limit_mb = 96
cpu_hard_ms = 0
cpu_soft_ms = 0
[functions.tasks]
idle_timeout_ms = 300
background_task_timeout_ms = 1500
[functions.endless]
background_task_timeout_ms = 300
[functions.careless]
idle_timeout_ms = 300
background_task_keeps_alive = false
background_task_timeout_ms = 700
[functions.stuck]
cpu_soft_ms = 0
cpu_hard_ms = 0
health_check_interval_ms = 100
health_check_timeout_ms = 100
health_check_failures = 2
[functions.well]
health_check_interval_ms = 50
health_check_timeout_ms = 5000
idle_timeout_ms = 600
"""

ENDS = """
addEventListener("beforeunload", (event) => console.log(`beforeunload ${event.detail.reason}`));
addEventListener("unload", () => console.log("unload"));
"""

SPIN = """
function spin(ms) { const end = performance.now() + ms; while (performance.now() < end); }
"""

# So much, however little of the processor there is: some milliseconds of it for each unit.
WORK = """
function work(units) { let x = 0; for (let i = 0; i < units * 1e6; i++) x = (x + i * 7) % 1000003; return x; }
"""

FILES = {
    "weir.toml": SETTINGS,
    "functions/cpu/index.ts": SPIN + ENDS + """
      Deno.serve(async (req) => {
        if (req.url.endsWith("/spin")) while (true);
        if (req.url.endsWith("/wait")) await new Promise((r) => setTimeout(r, 700));
        return new Response(String(Deno.pid));
      });
    """,
    "functions/slices/index.ts": SPIN + ENDS + """
      Deno.serve(async (req) => {
        if (req.url.endsWith("/on")) for (;;) { spin(20); await new Promise((r) => setTimeout(r, 1)); }
        return new Response(String(Deno.pid));
      });
    """,
    "functions/soft/index.ts": WORK + ENDS + """
      Deno.serve(async (req) => {
        if (req.url.endsWith("/long")) for (let i = 0; i < 40; i++) { work(4); await 0; }
        return new Response(String(Deno.pid));
      });
    """,
    "functions/steady/index.ts": SPIN + """
      Deno.serve(() => { spin(60); return new Response(String(Deno.pid)); });
    """,
    "functions/wall/index.ts": ENDS + """
      Deno.serve(async (req) => {
        if (req.url.endsWith("/hang")) await new Promise(() => {});
        return new Response(String(Deno.pid));
      });
    """,
    "functions/memory/index.ts": ENDS + """
      const kept = [];
      Deno.serve(async (req) => {
        if (req.url.endsWith("/heap")) for (;;) kept.push(new Array(100000).fill({ a: 1 }));
        if (req.url.endsWith("/buffers")) for (;;) kept.push(new Uint8Array(4 << 20).fill(1));
        if (req.url.endsWith("/clear")) kept.length = 0;
        if (req.url.endsWith("/near")) {
          let told = false;
          addEventListener("beforeunload", () => told = true);
          for (let i = 0; i < 40; i++) kept.push(new Uint8Array(1 << 20).fill(1));
          while (!told) {
            kept.push(new Uint8Array(1 << 20).fill(1));
            await new Promise((r) => setTimeout(r, 150));
          }
        }
        return new Response(String(Deno.pid));
      });
    """,
    "functions/litters/index.ts": """
      Deno.serve((req) => {
        if (req.url.endsWith("/garbage")) for (let i = 0; i < 100; i++) new Uint8Array(5 << 20).fill(1);
        return new Response(String(Deno.pid));
      });
    """,
    "functions/tasks/index.ts": ENDS + """
      Deno.serve((req) => {
        const ms = Number(new URL(req.url).searchParams.get("ms") ?? 0);
        if (ms > 0) EdgeRuntime.waitUntil(new Promise((r) => setTimeout(r, ms)).then(() => console.log("task done")));
        if (req.url.includes("reject")) EdgeRuntime.waitUntil(Promise.reject(new Error("task failed")));
        return new Response(String(Deno.pid));
      });
    """,
    "functions/endless/index.ts": ENDS + """
      Deno.serve(() => {
        EdgeRuntime.waitUntil(new Promise(() => {}));
        return new Response(String(Deno.pid));
      });
    """,
    "functions/careless/index.ts": ENDS + """
      Deno.serve(() => {
        EdgeRuntime.waitUntil(new Promise(() => {}));
        return new Response(String(Deno.pid));
      });
    """,
    "functions/stuck/index.ts": """
      Deno.serve((req) => {
        if (req.url.endsWith("/spin")) while (true);
        return new Response(String(Deno.pid));
      });
    """,
    "functions/once/index.ts": "let turn = 0; Deno.serve(() => new Response(`${Deno.pid} ${++turn}`));",
    "functions/well/index.ts": "Deno.serve(() => new Response(String(Deno.pid)));",
}


class Limits(ServerTest):
    files = FILES

    def call(self, target):
        return self.server.get(f"/functions/v1/{target}")

    def pid(self, name):
        answer = self.call(name)
        self.assertEqual(answer.status, 200, answer.text)
        return int(answer.text)

    def ended(self, pid):
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), f"process {pid} ended")

    def event(self, kind, function, pattern, since):
        event = self.server.wait_event(
            lambda e: e["type"] == kind and function in (e.get("function") or e["message"])
            and pattern in e["message"], since=since)
        return event["message"]

    def log(self, function, text, since):
        return self.event("log", function, text, since)

    def count(self, kind, text, since):
        with self.server.lock:
            return sum(e["type"] == kind and text in e["message"] for e in self.server.events[since:])

    def limit(self, target, reason, since):
        answer = self.call(target)
        self.assertEqual((answer.status, answer.json), (546, WORKER_LIMIT))
        name = target.split("/")[0]
        return self.event("failed", name, reason, since)

    def test_cpu_hard(self):
        pid = self.pid("cpu")
        mark = self.server.mark()
        message = self.limit("cpu/spin", "cpu_hard_ms is 400", mark)
        used = int(re.search(r"computed for (\d+) ms without an answer", message)[1])
        self.assertGreaterEqual(used, 400)
        self.ended(pid)
        self.assertNotEqual(self.pid("cpu"), pid)
        # In a loop that never ends nobody can be told anything.
        self.assertEqual(self.count("log", "beforeunload cpu", mark), 0)
        self.assertEqual(self.count("failed", "cpu_hard_ms", mark), 1)

    def test_cpu_hard_tells_a_loop_that_listens(self):
        """At 90 %: a tenth of the limit must be longer than the server is between two looks."""
        self.pid("slices")
        mark = self.server.mark()
        self.limit("slices/on", "cpu_hard_ms is 3000", mark)
        self.log("slices", "beforeunload cpu", mark)

    def test_cpu_hard_takes_nobody_along(self):
        self.pid("cpu")
        clients = [self.server.client() for _ in range(5)]
        for client in clients:
            self.addCleanup(client.close)
            client.request("GET", "/functions/v1/cpu/wait")
        wait_until(lambda: self.in_flight("cpu") == 5, "they are there")
        self.assertEqual(self.call("cpu/spin").status, 546)
        self.assertEqual([client.response().status for client in clients], [200] * 5)

    def in_flight(self, name):
        status = self.server.get("/_weir/status").json
        return sum(w["in_flight"] for w in status["workers"] if w["function"] == name)

    def test_cpu_soft(self):
        pid = self.pid("soft")
        mark = self.server.mark()
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.call("soft/long")))
        thread.start()
        message = self.event("notice", "soft", "cpu_soft_ms is 200", mark)
        self.assertRegex(message, r"computed for \d+ ms")
        other = self.pid("soft")
        thread.join(20)
        self.assertNotEqual(other, pid)
        self.assertEqual((answers[0].status, int(answers[0].text)), (200, pid))
        self.ended(pid)
        self.log("soft", "beforeunload cpu", mark)
        self.log("soft", "unload", mark)
        self.assertEqual(self.count("failed", "soft", mark), 0)

    def test_cpu_of_a_busy_worker(self):
        pid = self.pid("steady")
        with self.server.client() as client:
            for _ in range(20):
                client.request("GET", "/functions/v1/steady")
                self.assertEqual(int(client.response().text), pid)

    def test_max_requests(self):
        answers = [self.call("once").text.split() for _ in range(6)]
        self.assertEqual([turn for _, turn in answers], ["1", "2"] * 3)
        self.assertEqual(len({pid for pid, _ in answers}), 3)

    def test_wall_clock(self):
        mark = self.server.mark()
        pid = self.pid("wall")
        self.log("wall", "beforeunload wall_clock", mark)
        self.assertTrue(os.path.exists(f"/proc/{pid}"), "told before it ends")
        self.event("notice", "wall", "wall_clock_ms", mark)
        self.ended(pid)
        self.assertEqual(self.count("log", "beforeunload", mark), 1)
        self.assertNotEqual(self.pid("wall"), pid)

    def test_wall_clock_does_not_drain(self):
        pid = self.pid("wall")
        mark = self.server.mark()
        self.limit("wall/hang", "wall_clock_ms", mark)
        self.ended(pid)
        self.assertNotEqual(self.pid("wall"), pid)

    def test_memory_heap(self):
        pid = self.pid("memory")
        mark = self.server.mark()
        self.limit("memory/heap", "memory_limit_mb is 64", mark)
        self.ended(pid)
        self.assertNotEqual(self.pid("memory"), pid)

    def test_memory_buffers(self):
        pid = self.pid("memory")
        mark = self.server.mark()
        answer = self.call("memory/buffers")
        if answer.status == 500:
            # Refused one buffer, the function threw. Its worker may live on, or be ended a
            # moment later for standing at the limit: the next request is answered either way.
            self.assertEqual(answer.text, "Internal Server Error")
            self.event("error", "memory", "Array buffer allocation failed", mark)
            self.assertEqual(self.call("memory/clear").status, 200)
        else:
            self.assertEqual((answer.status, answer.json), (546, WORKER_LIMIT))
            self.event("failed", "memory", "memory_limit_mb is 64", mark)
            self.ended(pid)
        self.assertLess(int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]), 500_000)

    def test_memory_of_garbage(self):
        mark = self.server.mark()
        pid = self.pid("litters")
        answer = self.call("litters/garbage")
        with self.server.lock:
            said = [e for e in self.server.events[mark:] if e["type"] in ("failed", "error")]
        self.assertEqual(answer.text, str(pid), said)

    def test_memory_is_near(self):
        self.pid("memory")
        self.call("memory/clear")
        mark = self.server.mark()
        self.assertEqual(self.call("memory/near").status, 200)
        self.log("memory", "beforeunload memory", mark)
        self.call("memory/clear")

    def test_tasks_keep_it_alive(self):
        mark = self.server.mark()
        pid = int(self.call("tasks?ms=800").text)
        self.log("tasks", "task done", mark)
        self.assertTrue(os.path.exists(f"/proc/{pid}"), "idle_timeout_ms is shorter")
        self.ended(pid)
        self.log("tasks", "beforeunload early_drop", mark)
        self.log("tasks", "unload", mark)

    def test_rejected_task(self):
        pid = int(self.call("tasks?reject").text)
        self.server.wait_event(lambda e: e["type"] == "error" and "task failed" in e["message"])
        self.assertEqual(self.pid("tasks"), pid)

    def test_endless_task(self):
        mark = self.server.mark()
        pid = self.pid("endless")
        self.event("failed", "endless", "300 ms after its last request (background_task_timeout_ms)", mark)
        self.ended(pid)
        self.log("endless", "beforeunload early_drop", mark)
        self.assertNotEqual(self.pid("endless"), pid)

    def test_requests_reset_the_time_of_tasks(self):
        """The tasks may last for 300 ms after a request. Where the machine itself pauses for as
        long between two of them, nothing is learned, and it is tried again."""
        for _ in range(20):
            pid = self.pid("endless")
            begin = last = time.monotonic()
            pause = 0
            while last - begin < 0.8:
                time.sleep(0.05)
                same = self.pid("endless") == pid
                pause = max(pause, time.monotonic() - last)
                last = time.monotonic()
                if not same:
                    break
            if same:
                return
            self.assertGreater(pause, 0.2, "it ended although there were requests")
        self.skipTest("the machine is too busy")

    def test_tasks_that_do_not_keep_it_alive(self):
        pid = self.pid("careless")
        self.ended(pid)

    def test_unhealthy(self):
        pid = self.pid("stuck")
        mark = self.server.mark()
        # It may be the next worker's turn to answer this, and that one gets stuck as well.
        answer = self.call("stuck/spin")
        self.assertEqual((answer.status, answer.json["code"]), (500, "WORKER_ERROR"))
        self.event("failed", "stuck", "2 health checks in a row (health_check_failures)", mark)
        self.ended(pid)
        self.assertNotEqual(self.pid("stuck"), pid)

    def test_health_checks_are_no_requests(self):
        pid = self.pid("well")
        began = time.monotonic()
        self.ended(pid)
        self.assertGreater(time.monotonic() - began, 0.5)


class Sockets(ServerTest):
    files = {
        "weir.toml": "[functions.brief]\nidle_timeout_ms = 300\nwebsocket_keeps_alive = false\n"
                     "[functions.lasting]\nidle_timeout_ms = 300\n"
                     "[functions.spins]\ncpu_hard_ms = 300\n",
        **{f"functions/{name}/index.ts": """
          Deno.serve((req) => {
            const { socket, response } = Deno.upgradeWebSocket(req);
            socket.onmessage = (event) => { if (event.data === "spin") while (true); socket.send(String(Deno.pid)); };
            return response;
          });
        """ for name in ("brief", "lasting", "spins", "edited")},
    }

    def connect(self, name):
        client = self.server.client()
        self.addCleanup(client.close)
        client.request("GET", f"/functions/v1/{name}", {
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
        self.assertEqual(client.read_head().status, 101)
        return client

    def ask(self, client, text):
        client.send(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())

    def frame(self, client):
        head = client.file.read(2)
        self.assertEqual(len(head), 2, "the connection was cut off")
        return head[0] & 0x0F, client.file.read(head[1] & 0x7F)

    def closed_with(self, client):
        opcode, payload = self.frame(client)
        self.assertEqual(opcode, 8)
        return int.from_bytes(payload[:2], "big")

    def test_keeps_the_worker(self):
        client = self.connect("lasting")
        self.ask(client, "who")
        pid = self.frame(client)
        time.sleep(0.9)
        self.ask(client, "who")
        self.assertEqual(self.frame(client), pid)

    def test_does_not_keep_the_worker(self):
        self.assertEqual(self.closed_with(self.connect("brief")), 1001)

    def test_edit_closes_with_1001(self):
        client = self.connect("edited")
        self.ask(client, "who")
        self.frame(client)
        self.project.function("edited", 'Deno.serve(() => new Response("new"));')
        self.assertEqual(self.closed_with(client), 1001)
        wait_until(lambda: self.server.get("/edited").text == "new", "the new code answers")

    def test_loop_in_a_socket(self):
        client = self.connect("spins")
        mark = self.server.mark()
        self.ask(client, "spin")
        self.server.wait_event(
            lambda e: e["type"] == "failed" and "cpu_hard_ms is 300" in e["message"], since=mark)
        self.assertTrue(client.at_end(), "its death closes the connection")


class Status(ServerTest):
    files = {
        "functions/one/index.ts": "Deno.serve(() => new Response(String(Deno.pid)));",
        "functions/two/index.ts": "Deno.serve(() => new Response(String(Deno.pid)));",
    }

    def status(self, headers=None, **kwargs):
        return self.server.get("/_weir/status", headers, **kwargs)

    def test_what_it_says(self):
        pid = int(self.server.get("/one").text)
        self.server.get("/one")
        status = self.status().json
        self.assertEqual(status["server"]["pid"], self.server.process.pid)
        self.assertEqual(status["server"]["state"], "running")
        self.assertEqual(status["server"]["uris"], [self.server.uri])
        self.assertEqual([f["name"] for f in status["functions"]], ["one", "two"])
        self.assertEqual([f["workers"] for f in status["functions"]], [1, 0])
        self.assertEqual([f["requests"] for f in status["functions"]][1], 0)
        self.assertGreaterEqual(status["functions"][0]["requests"], 2)
        self.assertEqual([(f["errors"], f["restarts"]) for f in status["functions"]], [(0, 0)] * 2)
        self.assertTrue(all(f["start"] for f in status["functions"]))
        worker = next(w for w in status["workers"] if w["pid"] == pid)
        self.assertEqual((worker["function"], worker["in_flight"]), ("one", 0))
        self.assertGreaterEqual(worker["requests"], 2)
        self.assertIn(worker["state"], ("idle", "busy"))
        self.assertGreater(worker["memory_bytes"], 1 << 20)
        self.assertGreater(worker["cpu_ms"], 0)
        self.assertEqual(status["totals"]["workers"], len(status["workers"]))
        self.assertEqual(status["totals"]["requests"], worker["requests"])

    def test_only_from_here(self):
        port = self.server.address[1]
        for host in ("127.0.0.1", f"localhost:{port}", "[::1]", f"127.0.0.1:{port}"):
            self.assertEqual(self.status(host=host).status, 200, host)
        for host in ("example.org", f"example.org:{port}", "127.0.0.1.example.org", "10.0.0.1", "x y"):
            self.assertIn(self.status(host=host).status, (400, 403), host)
        self.assertEqual(self.status({"X-Forwarded-For": "10.0.0.1"}).status, 403)
        self.assertEqual(self.server.post("/_weir/status").status, 405)
        self.assertEqual(self.server.get("/_weir/status/more").status, 404)

    def weir(self, *arguments):
        return subprocess.run([weirtest.WEIR, "status", *arguments], capture_output=True, text=True)

    def test_command(self):
        self.server.get("/one")
        result = self.weir("--url", self.server.uri)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"running for .*\n\nFUNCTION")
        self.assertRegex(result.stdout, r"one-\d+ +(idle|busy) +\d+")
        result = self.weir("--url", self.server.uri, "--json")
        self.assertEqual(json.loads(result.stdout)["server"]["uris"], [self.server.uri])
        self.assertEqual(self.weir("--url", "http://127.0.0.1:1").returncode, 1)


class Ends(unittest.TestCase):
    def serve(self, settings=""):
        project = Project({**FILES, "weir.toml": settings})
        self.addCleanup(project.remove)
        return Server(project)

    def test_stop_waits_for_tasks(self):
        server = self.serve()
        self.assertEqual(server.get("/tasks?ms=700").status, 200)
        self.assertEqual(server.stop(), 0)
        messages = [e["message"] for e in server.events if e["type"] == "log"]
        self.assertEqual(messages, ["beforeunload termination", "task done", "unload"])

    def test_stop_is_in_time(self):
        server = self.serve("shutdown_timeout_ms = 1500\n[defaults]\ncpu_soft_ms = 0\ncpu_hard_ms = 0\n")
        self.assertEqual(server.get("/endless").status, 200)
        pids = server.worker_pids()
        stuck = server.client()
        self.addCleanup(stuck.close)
        stuck.request("GET", "/stuck/spin")
        server.wait_event(lambda e: True)
        self.assertEqual(server.stop(), 0)
        for pid in pids:
            self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def test_killed_server_leaves_nothing(self):
        with tempfile.TemporaryDirectory(prefix="weir-run-") as run:
            environment = {"XDG_RUNTIME_DIR": run}
            project = Project(FILES)
            self.addCleanup(project.remove)
            living = Server(project, env=environment)
            server = Server(project, env=environment)
            self.assertEqual(server.get("/tasks").status, 200)
            pids = server.worker_pids()
            self.assertTrue(pids)
            server.stop(signal.SIGKILL)
            for pid in pids:
                wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the worker ended too")
            self.assertEqual(len(os.listdir(run)), 2)
            third = Server(project, env=environment)
            self.assertEqual(third.get("/tasks").status, 200)
            self.assertEqual(len(os.listdir(run)), 2, "one of the living, one of its own")
            self.assertEqual(living.get("/tasks").status, 200)
            self.assertEqual((third.stop(), living.stop()), (0, 0))
            self.assertEqual(os.listdir(run), [])

    def processes_of(self, project):
        """All that have its folder in their command line, or are in it: workers, standbys, those
        that only just start, and looks at modules."""
        pids = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                place = os.readlink(entry / "cwd") + (entry / "cmdline").read_bytes().decode(errors="replace")
                if str(project.root) in place:
                    pids.append(int(entry.name))
        return pids

    def test_killed_server_amid_everything(self):
        """While workers and standbys start, load, are reloaded and drain."""
        hot = "Deno.serve(async () => { await new Promise((r) => setTimeout(r, 30)); return new Response('%d'); });"
        with tempfile.TemporaryDirectory(prefix="weir-run-") as run:
            project = Project({
                "functions/slow/index.ts": "await new Promise((r) => setTimeout(r, 300)); Deno.serve(() => new Response());",
                "weir.toml": "standby_workers = 2\n[defaults]\nmax_workers = 3\n",
            })
            self.addCleanup(project.remove)
            found = set()
            for moment in range(8):
                project.function("hot", hot % 0)
                server = Server(project, env={"XDG_RUNTIME_DIR": run})
                self.assertEqual(len(os.listdir(run)), 1, "what the one before left was removed")
                clients = [server.client() for _ in range(4)]
                for n, client in enumerate(clients):
                    client.request("GET", "/slow" if n == 0 else "/hot")
                for n in range(moment):
                    project.function("hot", hot % (n + 1))
                    server.get("/hot")
                found.add(len(self.processes_of(project)))
                server.stop(signal.SIGKILL)
                wait_until(lambda: self.processes_of(project) == [], "nobody is left")
                for client in clients:
                    client.close()
            print(f"# processes at the moment of its death: {sorted(found)}", flush=True)
            self.assertGreater(max(found), 3, "the server itself, workers and standbys")
            last = Server(project, env={"XDG_RUNTIME_DIR": run})
            self.assertEqual(last.get("/hot").status, 200)
            self.assertEqual(last.stop(), 0)
            self.assertEqual(os.listdir(run), [])

    def test_second_signal_ends_at_once(self):
        server = self.serve("[defaults]\ncpu_soft_ms = 0\ncpu_hard_ms = 0\n")
        self.assertEqual(server.get("/endless").status, 200)
        pids = server.worker_pids()
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertIsNone(server.process.poll(), "it waits for the task")
        server.process.send_signal(signal.SIGTERM)
        self.assertNotEqual(server.process.wait(weirtest.WATCHDOG), 0)
        server.stop()
        for pid in pids:
            wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the worker ended too")


if __name__ == "__main__":
    weirtest.main()
