# SPDX-License-Identifier: LGPL-2.1-or-later
"""Embeds a whole server: a function in Deno, and a stage that is written in Python."""

import contextlib
import os
import pathlib
import shutil
import socket
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

import gi

gi.require_version("Weir", "1")
from gi.repository import Gio, GLib, GObject, Weir  # noqa: E402

WATCHDOG_S = 40
HANDSHAKE = (
    "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
FUNCTION = "Deno.serve(() => new Response('hello from a function'));\n"
SICK = "Deno.serve((req) => { if (req.url.endsWith('/loop')) for (;;); return new Response('well'); });\n"
FLOOD = """Deno.serve((req) => {
  const { socket, response } = Deno.upgradeWebSocket(req);
  socket.onopen = () => {
    for (let i = 0; i < 64; i++) socket.send(new Uint8Array(1 << 20));
    let before = -1, still = 0;
    const timer = setInterval(() => {
      still = socket.bufferedAmount === before ? still + 1 : 0;
      before = socket.bufferedAmount;
      if (still === 10) console.log("stuck"), clearInterval(timer);
    }, 20);
  };
  return response;
});
"""
HEALTH_CHECKS = """
[functions.sick]
cpu_soft_ms = 0
cpu_hard_ms = 0
health_check_interval_ms = 100
health_check_timeout_ms = 1000
health_check_failures = 2
"""


class Teapot(GObject.Object, Weir.Stage):
    def do_handle(self, exchange, task):
        if exchange.get_path() == "/teapot":
            exchange.set_response_text(418, "text/plain", "short and stout")
            task.return_boolean(True)
        else:
            exchange.set_response_header("x-passed", "python")
            task.return_boolean(False)


class Collector(GObject.Object, Weir.Stage):
    """Keeps every exchange for longer than it lasts."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def do_handle(self, exchange, task):
        self.kept.append(exchange)
        task.return_boolean(False)


class Server(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="weir-python-")
        function = pathlib.Path(self.folder.name) / "functions" / "hello"
        function.mkdir(parents=True)
        (function / "index.ts").write_text(FUNCTION)
        self.loop = GLib.MainLoop()
        self.watchdog = GLib.timeout_add_seconds(WATCHDOG_S, self.on_watchdog)

    def tearDown(self):
        GLib.source_remove(self.watchdog)
        self.folder.cleanup()

    def on_watchdog(self):
        print("Nothing happened for too long", file=sys.stderr)
        self.loop.quit()
        return GLib.SOURCE_CONTINUE

    def write(self, path, text):
        file = pathlib.Path(self.folder.name) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def make(self):
        listen = {"listen": GLib.Variant("as", ["127.0.0.1:0"])}
        config = Weir.Config.load(self.folder.name, GLib.Variant("a{sv}", listen))
        return Weir.Server.new(config)

    def meanwhile(self, call):
        """In another thread, as any client; the loop of this one runs the server."""
        answers = []

        def run():
            answers.append(call())
            GLib.idle_add(self.loop.quit)

        thread = threading.Thread(target=run)
        thread.start()
        self.loop.run()
        thread.join()
        return answers[0]

    def get(self, uri):
        def fetch():
            try:
                with urllib.request.urlopen(uri, timeout=WATCHDOG_S) as response:
                    return response.status, response.read(), response.headers
            except urllib.error.HTTPError as error:
                return error.code, error.read(), error.headers
            except OSError as error:
                return 0, str(error).encode(), {}

        return self.meanwhile(fetch)

    def open_web_socket(self, uri, path):
        address = urllib.parse.urlsplit(uri)

        def connect():
            client = socket.create_connection((address.hostname, address.port), WATCHDOG_S)
            client.sendall(f"GET {path} HTTP/1.1\r\n{HANDSHAKE}\r\n".encode())
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            return client, head

        return self.meanwhile(connect)

    def stop(self, server):
        results = []

        def on_stopped(server, result):
            results.append(server.stop_finish(result))
            self.loop.quit()

        server.stop_async(None, on_stopped)
        self.loop.run()
        self.assertEqual(results, [True])
        self.assertEqual(server.get_state(), Weir.ServerState.STOPPED)

    def test_function_life(self):
        server = self.make()
        life = []
        workers = []
        server.connect("function-ready", lambda server, name: life.append(f"ready {name}"))
        server.connect("function-cold", lambda server, name: life.append(f"cold {name}"))
        server.connect("worker-added", lambda server, worker: workers.append(worker))
        server.start()
        self.assertIsNone(server.dup_function_stats("no-such-function"))
        self.assertEqual(server.dup_function_stats("hello").get_requests(), 0)

        uri = server.dup_uris()[0]
        self.assertEqual(self.get(uri + "/hello")[0], 200)
        self.assertEqual(self.get(uri + "/hello")[0], 200)
        self.assertEqual(life, ["ready hello"])
        self.assertEqual(workers[0].props.requests, 2)
        self.assertGreaterEqual(workers[0].props.age, 0)

        stats = server.dup_function_stats("hello")
        self.assertEqual((stats.get_requests(), stats.get_errors(), stats.get_restarts()), (2, 0, 0))
        self.assertEqual(stats.get_bytes_sent(), 2 * len("hello from a function"))
        self.assertEqual(stats.get_count(Weir.Latency.COLD), 1)
        self.assertGreater(stats.get_sum(Weir.Latency.COLD), 0)
        buckets = stats.get_buckets(Weir.Latency.TOTAL)
        self.assertEqual(sum(buckets), 2)
        self.assertEqual(len(buckets), len(Weir.FunctionStats.get_bounds()) + 1)

        self.stop(server)
        self.assertEqual(life, ["ready hello", "cold hello"])

    def test_unhealthy_worker(self):
        self.write("functions/sick/index.ts", SICK)
        self.write("weir.toml", HEALTH_CHECKS)
        server = self.make()
        told = []
        added = []

        def on_unhealthy(server, worker, failures):
            told.append((worker.get_function().get_name(), worker.get_exit_reason().value_nick, failures))

        server.connect("worker-unhealthy", on_unhealthy)
        server.connect("worker-added", lambda server, worker: added.append(worker.get_function().get_name()))
        server.start()
        uri = server.dup_uris()[0]
        self.assertEqual(self.get(uri + "/sick")[0], 200)
        self.assertEqual(self.get(uri + "/sick/loop")[0], 500)
        self.assertEqual(set(told), {("sick", "unhealthy", 2)})
        self.assertEqual(self.get(uri + "/sick")[0], 200)
        self.assertGreater(len(added), len(told), "each was replaced")
        self.stop(server)

    def test_server(self):
        server = self.make()
        workers = []
        states = []
        records = []
        batches = []
        exits = []

        def on_worker_added(server, worker):
            workers.append(worker)
            worker.connect("state-changed", lambda w, old, new: states.append(new.value_nick))
            worker.connect("exited", lambda w: exits.append(w.get_exit_reason().value_nick))

        server.connect("worker-added", on_worker_added)
        server.connect("request", lambda server, record: records.append(record))
        server.connect("requests", lambda server, records: batches.append(records))
        began = GLib.get_real_time()
        server.add_stage(Teapot())
        server.start()
        self.assertEqual(server.get_state(), Weir.ServerState.RUNNING)
        uri = server.dup_uris()[0]
        self.assertEqual([f.get_name() for f in server.get_functions()], ["hello"])

        status, body, _ = self.get(uri + "/teapot")
        self.assertEqual((status, body), (418, b"short and stout"))

        status, body, headers = self.get(uri + "/hello")
        self.assertEqual((status, body), (200, b"hello from a function"))
        self.assertEqual(headers["x-passed"], "python")
        self.assertEqual(workers[0].get_function().get_name(), "hello")
        self.assertGreater(workers[0].get_pid(), 0)
        self.assertEqual(states[:3], ["spawning", "booting", "idle"])
        self.assertIn("busy", states)

        status, _, _ = self.get(uri + "/no-such-function")
        self.assertEqual(status, 404)

        self.stop(server)
        self.assertEqual(states[-1], "exited")
        self.assertEqual(exits, ["requested"])
        self.assertEqual(server.get_workers().get_n_items(), 0)
        seen = [(r.get_target(), r.get_status(), r.get_function()) for r in records]
        self.assertEqual(
            seen,
            [("/teapot", 418, None), ("/hello", 200, "hello"), ("/no-such-function", 404, None)],
        )
        told = [record for batch in batches for record in batch]
        self.assertEqual([r.get_target() for r in told], [r.get_target() for r in records])
        self.assertEqual([r.get_ended() for r in told], [r.get_ended() for r in records])
        self.assertLess(abs(records[0].get_ended() - began), 3600 * GLib.USEC_PER_SEC)

    def start_in_vain(self, server):
        with self.assertRaises(GLib.Error) as caught:
            server.start()
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        self.assertEqual(server.get_state(), Weir.ServerState.STOPPED)
        self.assertEqual(server.dup_uris(), [])
        self.assertEqual(server.get_workers().get_n_items(), 0)

    def serve_after_all(self, server):
        server.start()
        self.assertEqual(self.get(server.dup_uris()[0] + "/hello")[0], 200)
        self.stop(server)

    def test_stop_at_once(self):
        server = self.make()
        states = []

        def on_state(server, pspec):
            states.append(server.get_state().value_nick)
            server.stop()

        handler = server.connect("notify::state", on_state)
        self.start_in_vain(server)
        self.assertEqual(states, ["starting", "stopped"])
        server.disconnect(handler)
        self.serve_after_all(server)

    def test_stop_on_a_notice(self):
        self.write("weir.toml", "secrets = 'nowhere'\n")
        server = self.make()
        notices = []
        stopped = []

        def on_notice(server, text):
            notices.append((server.get_state(), text))
            server.stop_async(None, lambda server, result: stopped.append(server.stop_finish(result)))

        handler = server.connect("notice", on_notice)
        self.start_in_vain(server)
        self.assertEqual(len(notices), 1)
        self.assertEqual(notices[0][0], Weir.ServerState.STARTING)
        self.assertIn("nowhere", notices[0][1])
        while not stopped:
            GLib.MainContext.default().iteration(True)
        self.assertEqual(stopped, [True])
        server.disconnect(handler)
        self.serve_after_all(server)

    def test_stop_when_it_runs(self):
        server = self.make()

        def on_state(server, pspec):
            if server.get_state() == Weir.ServerState.RUNNING:
                server.stop()

        handler = server.connect("notify::state", on_state)
        server.start()
        self.assertEqual(server.get_state(), Weir.ServerState.STOPPED)
        server.disconnect(handler)
        self.serve_after_all(server)

    def test_stage_keeps_exchanges(self):
        server = self.make()
        stage = Collector()
        server.add_stage(stage)
        server.start()
        uri = server.dup_uris()[0]
        ids = [self.get(f"{uri}/hello/{n}")[2]["x-request-id"] for n in range(3)]
        self.stop(server)

        self.assertEqual([e.get_path() for e in stage.kept], [f"/hello/{n}" for n in range(3)])
        self.assertEqual([e.get_request_id() for e in stage.kept], ids)
        self.assertEqual({e.get_state() for e in stage.kept}, {Weir.ExchangeState.DONE})

    def test_stop_with_a_web_socket_that_is_not_read(self):
        self.write("functions/flood/index.ts", FLOOD)
        self.write("weir.toml", "shutdown_timeout_ms = 500\n")
        server = self.make()
        records = []
        said = []
        server.connect("request", lambda server, record: records.append(record))
        server.connect("function-log", lambda server, name, level, text, id: said.append(text))
        server.start()
        client, head = self.open_web_socket(server.dup_uris()[0], "/flood")
        with client:
            self.assertIn(b"101", head)
            while "stuck" not in said: # what fits nowhere is left with the server
                GLib.MainContext.default().iteration(True)
            self.stop(server)
            received = 0
            # What the kernel had is there, and then the end: not one of silence.
            with contextlib.suppress(ConnectionResetError):
                while piece := client.recv(1 << 20):
                    received += len(piece)
        self.assertLess(received, 64 << 20)
        self.assertEqual([(r.get_status(), r.get_aborted()) for r in records], [(101, True)])
        self.assertGreaterEqual(records[0].get_bytes_sent(), received)

    def test_stage_too_late(self):
        server = self.make()
        server.start()
        with self.assertRaises(GLib.Error) as caught:
            server.add_stage(Teapot())
        self.assertTrue(caught.exception.matches(Weir.error_quark(), Weir.Error.INVALID_STATE))
        self.stop(server)


if __name__ == "__main__":
    if not (os.environ.get("WEIR_DENO") or shutil.which("deno")):
        print("SKIPPED: there is no deno, nobody served a function from Python")
        sys.exit(77)
    unittest.main(verbosity=2)
