#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two data threads: both serve, and what is bounded is bounded over both together."""

import base64
import os
import signal
import socket
import subprocess
import threading
import unittest

import weirtest
from weirtest import WEIR, Project, Server, wait_until

# The system divides connections by chance: of so many, some are on each thread.
MANY = 60
QUICK = "Deno.serve(() => new Response('ok'));"
BUSY = """
  let now = 0, most = 0, all = 0;
  Deno.serve(async (req) => {
    if (req.url.endsWith("/told")) return Response.json({ most, all });
    now++; all++;
    most = Math.max(most, now);
    await new Promise((r) => setTimeout(r, 5));
    now--;
    return new Response("ok");
  });
"""
ECHO = "Deno.serve(async (req) => new Response(await req.text()));"
SOCKET = """
  Deno.serve((req) => {
    const { socket, response } = Deno.upgradeWebSocket(req);
    socket.onmessage = (e) => socket.send(e.data);
    return response;
  });
"""


class DataThreads(unittest.TestCase):
    def serve(self, files, *lines, defaults=(), arguments=()):
        toml = ["data_threads = 2", "standby_workers = 0", *lines, "[defaults]", *defaults, ""]
        self.project = Project({**files, "weir.toml": "\n".join(toml)})
        self.addCleanup(self.project.remove)
        self.server = Server(self.project, *arguments)
        self.addCleanup(self.server.stop)
        return self.server

    def connect(self, n):
        clients = [self.server.client() for _ in range(n)]
        for client in clients:
            self.addCleanup(client.close)
        return clients

    def ask_all(self, clients, target):
        for client in clients:
            client.request("GET", target)

    def begin_bodies(self, clients):
        for client in clients:
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\nhalf and")

    def end_bodies(self, clients):
        for client in clients:
            client.send(" half")

    def statuses(self, clients):
        return [client.response().status for client in clients]

    def threads(self, key):
        return [thread[key] for thread in self.server.get("/_weir/status").json["data_threads"]]

    def assert_both_served(self, least=1):
        self.assertGreaterEqual(min(self.threads("requests")), least, self.threads("requests"))

    def shake_hands(self, n):
        clients = self.connect(n)
        for client in clients:
            client.request("GET", "/socket", {
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            })
        return [client.read_head().status for client in clients]


class Both(DataThreads):
    def test_both_serve(self):
        server = self.serve({"functions/quick/index.ts": QUICK})
        clients = self.connect(MANY)
        for _ in range(5):
            self.ask_all(clients, "/quick")
            self.assertEqual(self.statuses(clients), [200] * MANY)
        self.assert_both_served(5)
        status = server.get("/_weir/status").json
        self.assertEqual(status["functions"][0]["requests"], 5 * MANY)
        self.assertEqual(status["totals"]["requests"], 5 * MANY)
        wait_until(lambda: sum(self.threads("in_flight")) == 1, "only the question itself")

    def test_each_request_is_told(self):
        server = self.serve({"functions/quick/index.ts": QUICK})
        clients = self.connect(MANY)
        for n in range(4):
            for i, client in enumerate(clients):
                client.request("GET", f"/quick/{i}/{n}")
            self.statuses(clients)
        wait_until(lambda: len(self.paths()) == 4 * MANY, "a record of each request")
        order = {}
        for path in self.paths():
            _, _, client, n = path.split("/")
            order.setdefault(client, []).append(int(n))
        self.assertEqual(list(order.values()), [[0, 1, 2, 3]] * MANY, "in order, as each connection asked")
        self.assertEqual(server.stop(), 0)

    def paths(self):
        with self.server.lock:
            return [e["target"] for e in self.server.events if e["type"] == "request" and "/quick/" in e["target"]]

    def test_option(self):
        project = Project({"functions/quick/index.ts": QUICK})
        self.addCleanup(project.remove)
        self.project, self.server = project, Server(project, "--data-threads", "3")
        self.addCleanup(self.server.stop)
        self.assertEqual(len(self.threads("requests")), 3)
        self.assertEqual(self.server.get("/quick").status, 200)

    def test_nobody_joins_the_port(self):
        server = self.serve({"functions/quick/index.ts": QUICK})
        other = subprocess.run(
            [WEIR, "serve", str(self.project.root), "--listen", "127.0.0.1:%d" % server.address[1]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        self.assertNotEqual(other.returncode, 0)
        self.assertIn("another program has that port", other.stderr)

    def test_adapter_for_one_thread(self):
        project = Project({"functions/quick/index.ts": QUICK, "weir.toml": 'data_threads = 2\nadapter = "soup"\n'})
        self.addCleanup(project.remove)
        server = Server(project, expect_start=False)
        self.assertNotEqual(server.process.wait(20), 0)
        server.stop()
        self.assertIn("weir.toml:1", server.stderr)
        self.assertIn("works on one data thread only", server.stderr)

    def test_unix_socket(self):
        path = self.serve({"functions/quick/index.ts": QUICK}).project.root / "weir.sock"
        self.server.stop()
        self.server = Server(self.project, "--listen", f"unix:{path}")
        self.addCleanup(self.server.stop)
        for _ in range(MANY):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(b"GET /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                self.assertIn(b"200 OK", client.makefile("rb").read())


class Bounds(DataThreads):
    def test_windows_are_exact(self):
        self.serve({"functions/quick/index.ts": QUICK}, defaults=['rate_limit = "50/day"'])
        clients = self.connect(MANY)
        statuses = []
        for _ in range(3):
            self.ask_all(clients, "/quick")
            statuses += self.statuses(clients)
        self.assertEqual(statuses.count(200), 50)
        self.assertEqual(statuses.count(429), 3 * MANY - 50)
        self.assert_both_served(2)

    def test_plans_are_exact(self):
        self.serve(
            {"functions/quick/index.ts": QUICK},
            "[rate_limits.tiny]", "per_minute = 1", "burst = 50",
            defaults=['rate_limit = "tiny"'],
        )
        clients = self.connect(MANY)
        began = weirtest.time.monotonic()
        statuses = []
        for _ in range(3):
            self.ask_all(clients, "/quick")
            statuses += self.statuses(clients)
        refilled = int((weirtest.time.monotonic() - began) / 60) + 1
        self.assertIn(statuses.count(200), range(50, 50 + refilled))
        self.assert_both_served(2)

    def test_concurrency_is_exact(self):
        server = self.serve(
            {"functions/busy/index.ts": BUSY},
            defaults=["max_workers = 1", "max_concurrency = 3", "queue_timeout_ms = 0"],
        )
        clients = self.connect(MANY)
        for _ in range(5):
            self.ask_all(clients, "/busy")
            self.assertEqual(self.statuses(clients), [200] * MANY)
        self.assertEqual(server.get("/busy/told").json, {"most": 3, "all": 5 * MANY})
        self.assert_both_served(5)

    def test_queue_is_exact(self):
        self.serve(
            {"functions/echo/index.ts": ECHO},
            defaults=["max_workers = 1", "max_concurrency = 2", "queue_size = 7", "queue_timeout_ms = 0"],
        )
        self.assertEqual(self.server.post("/echo", "warm").text, "warm")
        statuses = {}
        clients = self.connect(MANY)
        self.begin_bodies(clients)
        readers = [threading.Thread(target=lambda c=c: statuses.update({c: c.read_head().status})) for c in clients]
        for reader in readers:
            reader.start()
        wait_until(lambda: len(statuses) >= MANY - 2 - 7, "those for whom there is no place are refused")
        self.assertEqual(list(statuses.values()), [503] * (MANY - 2 - 7))
        self.end_bodies([client for client in clients if client not in statuses])
        for reader in readers:
            reader.join(20)
        self.assertEqual(sorted(statuses.values()), [200] * 9 + [503] * (MANY - 9))

    def test_web_sockets_are_exact(self):
        self.serve({"functions/socket/index.ts": SOCKET}, defaults=["max_workers = 1", "max_websockets = 5"])
        self.assertEqual(self.shake_hands(1), [101])
        statuses = self.shake_hands(30)
        self.assertEqual((statuses.count(101), statuses.count(503)), (4, 26))

    def test_web_sockets_of_the_server_are_exact(self):
        self.serve({"functions/socket/index.ts": SOCKET}, "max_websockets = 5")
        statuses = self.shake_hands(30)
        self.assertEqual((statuses.count(101), statuses.count(503)), (5, 25))

    def test_connections_are_exact(self):
        for option in ["max_connections", "max_connections_per_address"]:
            self.serve({"functions/quick/index.ts": QUICK}, "[adapters.native]", f"{option} = 20")
            clients = self.connect(MANY)
            statuses = []
            for client in clients:
                client.request("GET", "/quick")
            for client in clients:
                statuses.append(client.read_head().status)
            self.assertEqual((statuses.count(200), statuses.count(503)), (20, MANY - 20))
            for client in clients:
                client.close()
            wait_until(lambda: self.server.get("/quick").status == 200, "room again")
            self.server.stop()


class Life(DataThreads):
    def test_stop_finishes_what_is_in_flight(self):
        server = self.serve({"functions/echo/index.ts": ECHO})
        clients, idle = self.connect(MANY), self.connect(MANY)
        self.ask_all(idle, "/echo")
        self.statuses(idle)
        self.begin_bodies(clients)
        wait_until(lambda: sum(self.threads("in_flight")) == MANY + 1, "all are in flight")
        self.assertGreater(min(self.threads("in_flight")), 1)
        server.process.send_signal(signal.SIGTERM)
        for client in idle:
            self.assertEqual(client.file.read(), b"", "what idles is closed, on both")
        self.end_bodies(clients)
        for client in clients:
            answer = client.response()
            self.assertEqual((answer.status, answer.text), (200, "half and half"))
        self.assertEqual(server.process.wait(30), 0)


if __name__ == "__main__":
    weirtest.main()
