# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several workers of one function, and many functions with few workers."""

import base64
import contextlib
import json
import os
import signal
import subprocess
import unittest
from pathlib import Path

import weirtest
from weirtest import Project, Server, wait_until

LOAD = os.environ.get("TEST_LOAD", "weir-load")
DATA_THREADS = int(os.environ.get("WEIR_DATA_THREADS", "1"))
THOROUGH = bool(os.environ.get("TEST_THOROUGH"))

SLOW = "Deno.serve(async () => { await new Promise((r) => setTimeout(r, %d)); return new Response('ok'); });"
QUICK = "Deno.serve(() => new Response('ok'));"


def configure(*lines, defaults=()):
    """Without standbys, so that every child is a worker of a function."""
    return "\n".join(["standby_workers = 0", *lines, "[defaults]", *defaults, ""])


class PoolTest(unittest.TestCase):
    def serve(self, files, *arguments):
        self.project = Project(files)
        self.addCleanup(self.project.remove)
        self.server = Server(self.project, *arguments)
        self.addCleanup(self.server.stop)
        return self.server

    def start_load(self, connections, requests, target, functions=1, seconds=60):
        return subprocess.Popen(
            [LOAD, str(self.server.address[1]), str(connections), str(requests), target, str(functions), str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def finish_load(self, load, what):
        counts = json.loads(load.communicate(timeout=1900)[0])
        print(f"# {what}: {json.dumps(counts)}", flush=True)
        return counts

    def load(self, what, *arguments, **options):
        return self.finish_load(self.start_load(*arguments, **options), what)

    def workers(self):
        return len(self.server.worker_pids())


class Size(PoolTest):
    def test_grows_when_busy_and_shrinks_when_idle(self):
        server = self.serve({
            "functions/slow/index.ts": SLOW % 50,
            "weir.toml": configure(defaults=["max_workers = 3", "min_workers = 1", "idle_timeout_ms = 400"]),
        })
        self.assertEqual(self.workers(), 0)
        load = self.start_load(8, 400, "/slow")
        wait_until(lambda: self.workers() == 3, "three workers")
        counts = self.finish_load(load, "growth")
        self.assertEqual(counts["ok"], 400)
        self.assertLessEqual(self.workers(), 3)
        wait_until(lambda: self.workers() == 1, "one worker")
        self.assertEqual(server.get("/slow").text, "ok")

    def test_one_after_the_other_needs_one(self):
        self.serve({"functions/quick/index.ts": QUICK, "weir.toml": configure(defaults=["max_workers = 4"])})
        self.assertEqual(self.load("sequence", 1, 500, "/quick")["ok"], 500)
        self.assertEqual(self.workers(), 1)

    def test_eager_workers_are_there_and_are_replaced(self):
        server = self.serve({
            "functions/early/index.ts": QUICK,
            "functions/early/function.json": '{"eagerSpawn": true, "minWorkers": 2, "maxWorkers": 2}',
            "functions/late/index.ts": QUICK,
            "weir.toml": configure(),
        })
        wait_until(lambda: self.workers() == 2, "two workers without any request")
        victim = server.worker_pids()[0]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: self.workers() == 2 and victim not in server.worker_pids(), "a replacement")
        self.assertEqual(server.get("/early").text, "ok")


class Queue(PoolTest):
    def refused(self, target, headers=None):
        answer = self.server.get(target, headers)
        self.assertEqual(answer.status, 503, answer.text)
        self.assertGreaterEqual(int(answer.header("retry-after")), 1)
        return answer

    def occupy(self, target, n):
        clients = [self.server.client() for _ in range(n)]
        for client in clients:
            self.addCleanup(client.close)
            client.request("GET", target)
        return clients

    def test_order_bound_and_deadline(self):
        self.serve({
            "functions/turn/index.ts": """
              let turn = 0;
              Deno.serve(async (req) => {
                const mine = ++turn;
                await new Promise((r) => setTimeout(r, req.url.endsWith("/long") ? 3600 : 10));
                return new Response(String(mine));
              });
            """,
            "weir.toml": configure(
                defaults=["max_workers = 1", "max_concurrency = 1", "queue_size = 3", "queue_timeout_ms = 1800"]
            ),
        })
        self.assertEqual(self.server.get("/turn").text, "1")
        occupant = self.occupy("/turn/long", 1)[0]
        wait_until(lambda: self.has_arrived(occupant), "the request has arrived")
        waiting = []
        for n in range(3):
            waiting += self.occupy("/turn", 1)
            wait_until(lambda: self.has_arrived(waiting[-1]), "the request has arrived")
        wait_until(lambda: self.server.get("/turn").status == 503, "a full queue")
        answer = self.refused("/turn")
        self.assertEqual(answer.json["error"]["code"], "overloaded")
        self.assertIn("message", self.refused("/functions/v1/turn").json)
        # Those that wait are told so in time, the one that works is not disturbed.
        for client in waiting:
            self.assertEqual(client.response().status, 503)
        self.assertEqual(occupant.response().text, "2")
        self.assertEqual(self.server.get("/turn").text, "3", "nobody who was refused has got to the worker")

    def test_first_come_first_served(self):
        self.serve({
            "functions/turn/index.ts": """
              let turn = 0;
              Deno.serve(async (req) => {
                await new Promise((r) => setTimeout(r, 30));
                return new Response(`${new URL(req.url).pathname} ${++turn}`);
              });
            """,
            "weir.toml": configure(defaults=["max_workers = 1", "max_concurrency = 1"]),
        })
        clients = []
        for n in range(1, 9):
            clients += self.occupy(f"/turn/{n}", 1)
            wait_until(lambda: self.has_arrived(clients[-1]), "the request has arrived")
        turns = [int(client.response().text.split()[-1]) for client in clients]
        # With several data threads a few who came later on another one may be faster.
        self.assertEqual(sorted(turns) if DATA_THREADS > 1 else turns, list(range(1, 9)))

    def has_arrived(self, client):
        """Nothing is left in the socket's buffer towards the server."""
        port = client.socket.getsockname()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[2].split(":")[1], 16) == port and int(fields[1].split(":")[1], 16) == self.server.address[1]:
                return fields[4].split(":")[1] == "00000000"
        return False

    def test_nobody_leaves_room(self):
        self.serve({
            "functions/busy/index.ts": SLOW % 1500,
            "functions/other/index.ts": QUICK,
            "weir.toml": configure("max_workers_total = 1", defaults=["queue_timeout_ms = 300"]),
        })
        occupant = self.occupy("/busy", 1)[0]
        wait_until(lambda: self.workers() == 1, "the worker")
        self.refused("/other")
        self.assertEqual(occupant.response().text, "ok")
        self.assertEqual(self.server.get("/other").text, "ok")

    def test_no_worker_for_nobody(self):
        """Whoever asked for it has gone: it is not started when there is room for it."""
        server = self.serve({
            "functions/busy/index.ts": """
              let release;
              Deno.serve(async (req) => {
                if (req.url.endsWith("/release")) release();
                else await new Promise((resolve) => release = resolve);
                return new Response("ok");
              });
            """,
            "functions/left/index.ts": 'console.log("started"); Deno.serve(() => new Response("ok"));',
            "functions/next/index.ts": QUICK,
            "weir.toml": configure("max_workers_total = 1"),
        })
        occupant = self.occupy("/busy", 1)[0]
        wait_until(lambda: self.workers() == 1, "the worker")
        left = self.occupy("/left", 1)[0]
        wait_until(lambda: self.has_arrived(left), "the request has arrived")
        left.close()
        wait_until(lambda: self.requests("left") == 1, "its end was noticed")
        waiting = self.occupy("/next", 1)[0]
        wait_until(lambda: self.has_arrived(waiting), "the request has arrived")
        self.assertEqual(server.get("/busy/release").text, "ok")
        self.assertEqual(occupant.response().text, "ok")
        self.assertEqual(waiting.response().text, "ok")
        self.assertFalse([e for e in server.events if e["type"] == "log"], "first come, first served")

    def test_terminate_finishes_those_who_wait(self):
        """For a worker that starts, and for one that has room."""
        server = self.serve({
            "functions/starts/index.ts": f"await new Promise((r) => setTimeout(r, 700)); {QUICK}",
            "functions/busy/index.ts": SLOW % 300,
            "weir.toml": configure(defaults=["max_workers = 1", "max_concurrency = 1"]),
        })
        clients = self.occupy("/starts", 1) + self.occupy("/busy", 3)
        for client in clients:
            wait_until(lambda: self.has_arrived(client), "the request has arrived")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual([client.response().text for client in clients], ["ok"] * 4)
        self.assertEqual(server.process.wait(weirtest.WATCHDOG), 0)

    def requests(self, name):
        status = self.server.get("/_weir/status").json
        return next(f["requests"] for f in status["functions"] if f["name"] == name)


class Limits(PoolTest):
    files = {
        "functions/size/index.ts": """
          Deno.serve(async (req) => {
            const n = Number(new URL(req.url).searchParams.get("n") ?? 0);
            const got = (await req.arrayBuffer()).byteLength;
            if (req.url.includes("stream")) {
              let left = n;
              return new Response(new ReadableStream({
                pull(c) { if (left <= 0) c.close(); else { c.enqueue(new Uint8Array(1000)); left -= 1000; } },
              }));
            }
            return new Response(n > 0 ? new Uint8Array(n) : String(got));
          });
        """,
        "functions/socket/index.ts": """
          Deno.serve((req) => {
            const { socket, response } = Deno.upgradeWebSocket(req);
            socket.onmessage = (e) => socket.send(e.data);
            return response;
          });
        """,
    }

    def test_bodies(self):
        server = self.serve({
            **self.files,
            "weir.toml": configure(defaults=["request_size_limit = 100000", "response_size_limit = 100000"]),
        })
        self.assertEqual(server.post("/size", b"x" * 100000).text, "100000")
        self.assertEqual(server.post("/size", b"x" * 100001).status, 413)
        with server.client() as client:
            client.send("POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            with contextlib.suppress(OSError):
                for _ in range(30):
                    client.send(b"2710\r\n" + b"x" * 10000 + b"\r\n")
            self.assertEqual(client.read_head().status, 413)
        self.assertEqual(len(server.get("/size?n=100000").body), 100000)
        self.assertEqual(server.get("/size?n=100001").status, 502)
        self.assertEqual(server.request("HEAD", "/size?n=5").status, 200)
        with server.client() as client:
            client.request("GET", "/size/stream?n=300000")
            self.assertEqual(client.read_head().status, 200)
            with self.assertRaises((ValueError, OSError)):  # no last chunk
                while client.read_chunk():
                    pass
        wait_until(lambda: "request_size_limit" in server.stderr or self.said("request_size_limit"), "the reason")

    def said(self, text):
        with self.server.lock:
            return any(text in json.dumps(e) for e in self.server.events)

    def shake_hands(self):
        client = self.server.client()
        self.addCleanup(client.close)
        client.request("GET", "/socket", {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        })
        return client, client.read_head()

    def test_web_sockets_of_a_worker(self):
        self.serve({**self.files, "weir.toml": configure(defaults=["max_workers = 2", "max_websockets = 2"])})
        clients = []
        for _ in range(4):
            client, answer = self.shake_hands()
            self.assertEqual(answer.status, 101)
            clients.append(client)
        self.assertEqual(self.workers(), 2, "a full worker is passed over")
        self.assertEqual(self.shake_hands()[1].status, 503)
        clients[0].close()
        wait_until(lambda: self.shake_hands()[1].status == 101, "room for another")

    def test_web_sockets_of_the_server(self):
        self.serve({**self.files, "weir.toml": configure("max_websockets = 1")})
        client, answer = self.shake_hands()
        self.assertEqual(answer.status, 101)
        refused = self.shake_hands()[1]
        self.assertEqual(refused.status, 503)
        self.assertGreaterEqual(int(refused.header("retry-after")), 1)
        client.close()
        wait_until(lambda: self.shake_hands()[1].status == 101, "room for another")


class Many(PoolTest):
    def starts(self):
        with self.server.lock:
            return sum(e["type"] == "log" for e in self.server.events)

    def test_functions_share_few_workers(self):
        """Asked in turn, each has been ended by the time that it is asked again: that is a start
        for each request, and not one more."""
        n, requests = 500, 10000 if THOROUGH else 300
        self.serve({
            **{f"functions/f{i}/index.ts": f"console.log('f{i}'); {QUICK}" for i in range(n)},
            "weir.toml": "max_workers_total = 20\n",
        })
        counts = self.load("500 functions, warming up", 4, 500, "/f#", functions=n, seconds=600)
        self.assertEqual(counts["ok"], 500)
        before = self.server.rss()
        most = 0
        load = self.start_load(4, requests, "/f#", functions=n, seconds=1800)
        while load.poll() is None:
            most = max(most, self.workers())
            with contextlib.suppress(subprocess.TimeoutExpired):
                load.wait(0.2)
        counts = self.finish_load(load, "500 functions")
        after = self.server.rss()
        starts = self.starts()
        print(f"# {starts} starts; at most {most} processes; {before} kB before, {after} kB after", flush=True)
        self.assertEqual(counts["ok"], requests)
        self.assertLessEqual(most, 20 + 8, "workers, and standbys")
        self.assertLessEqual(starts, 500 + requests)
        self.assertLess(after, before * 1.2 + 4096)


if __name__ == "__main__":
    weirtest.main()
