#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a server listens, apart from an address and a port: Unix sockets, and sockets that
somebody else has bound."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import unittest
from pathlib import Path

import weirtest
from weirtest import WEIR, Client, Project, Server, wait_until

HELLO = """
Deno.serve((req, info) => Response.json({
  url: req.url, remote: info.remoteAddr, supabase: Deno.env.get("SUPABASE_URL"),
}));
"""


class UnixClient(Client):
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(address)
        self.file = self.socket.makefile("rb")


class ListenTest(unittest.TestCase):
    def setUp(self):
        self.project = Project({"functions/hello/index.ts": HELLO})
        self.addCleanup(self.project.remove)

    def popen_with(self, listener, command, **kwargs):
        """As systemd does it: number 3, and the process's own id in the environment."""
        process = subprocess.Popen(
            ["sh", "-c", 'fd=$1; shift; eval "exec 3<&$fd"; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"',
             "sh", str(listener.fileno()), *command],
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            text=True,
            **kwargs,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process


class Listen(ListenTest):
    def get(self, address):
        with UnixClient(address) as client:
            return client.request("GET", "/hello", host="example.test").response()

    def test_unix(self):
        path = self.project.root / "weir.sock"
        server = Server(self.project, "--listen", f"unix:{path}")
        self.addCleanup(server.stop)
        event = server.wait_event(lambda e: e["type"] == "listening")
        self.assertEqual(event["uris"][1], f"unix:{path}")
        answer = self.get(str(path))
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json["url"], "http://example.test/")
        self.assertEqual(server.get("/hello").status, 200)
        server.stop()
        self.assertFalse(path.exists())

    def test_abstract(self):
        name = f"weir-test-{os.getpid()}"
        server = Server(self.project, "--listen", f"unix:@{name}")
        self.addCleanup(server.stop)
        self.assertEqual(self.get(f"\0{name}").status, 200)

    def test_after_a_kill(self):
        path = self.project.root / "weir.sock"
        server = Server(self.project, "--listen", f"unix:{path}")
        server.stop(signal.SIGKILL)
        self.assertTrue(path.exists())
        server = Server(self.project, "--listen", f"unix:{path}")
        self.addCleanup(server.stop)
        self.assertEqual(self.get(str(path)).status, 200)

    def test_low_limit_of_files(self):
        """The soft limit that a shell sets is not what the server stops at."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        try:
            server = Server(self.project)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.addCleanup(server.stop)
        clients = [server.client() for _ in range(200)]
        for client in clients:
            self.addCleanup(client.close)
            client.request("GET", "/hello")
        self.assertEqual({client.response().status for client in clients}, {200})

    def start_with(self, listener, *arguments):
        process = self.popen_with(
            listener,
            [WEIR, "serve", str(self.project.root), "--json", *arguments],
            stdout=subprocess.PIPE,
        )
        self.addCleanup(process.stdout.close)
        for line in process.stdout:
            event = json.loads(line)
            if event["type"] == "listening":
                return event["uris"]
        raise AssertionError("the server did not start")

    def test_inherited(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            host, port = listener.getsockname()
            uris = self.start_with(listener, "--listen", "127.0.0.1:1")
            self.assertEqual(uris, [f"http://{host}:{port}"])
            with Client((host, port)) as client:
                answer = client.request("GET", "/hello").response()
            self.assertEqual(answer.json["supabase"], f"http://{host}:{port}")

    def test_inherited_unix(self):
        path = str(self.project.root / "inherited.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            self.assertEqual(self.start_with(listener), [f"unix:{path}"])
            self.assertEqual(self.get(path).json["supabase"], "http://localhost")
        wait_until(lambda: os.path.exists(path), "it stays: it is whose who bound it")

    def test_notify(self):
        """Who waits for the server to be ready hears of it when it is, and of its end."""
        for name in [str(self.project.root / "notify.sock"), f"\0weir-notify-{os.getpid()}"]:
            with self.subTest(name), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
                told.bind(name)
                told.settimeout(20)
                server = Server(self.project, env={"NOTIFY_SOCKET": name.replace("\0", "@")})
                self.addCleanup(server.stop)
                self.assertEqual(told.recv(100), b"READY=1")
                self.assertEqual(server.get("/hello").status, 200)
                server.stop()
                self.assertEqual(told.recv(100), b"STOPPING=1")


# What is built, and what is only copied.
UNITS = [
    Path(os.environ["G_TEST_BUILDDIR"]).parent / "data" / "weir.service",
    Path(os.environ["G_TEST_SRCDIR"]).parent / "data" / "systemd" / "weir.socket",
]


class Units(ListenTest):
    """The units of systemd that are installed."""

    @unittest.skipIf(shutil.which("systemd-analyze") is None, "systemd is not installed")
    def test_verify(self):
        folder = self.project.root / "units"
        folder.mkdir()
        for unit in UNITS:
            text = re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={WEIR}", unit.read_text())
            (folder / unit.name).write_text(text)
        told = subprocess.run(
            ["systemd-analyze", "--user", "--man=no", "verify", *folder.iterdir()],
            env={**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        ).stdout
        self.assertEqual([line for line in told.splitlines() if "weir." in line], [])

    def test_start(self):
        """The command of the service, with what systemd gives it."""
        command = re.search(r"(?m)^ExecStart=(.*)$", UNITS[0].read_text())[1].split()
        self.assertEqual(command[-1], "${WEIR_PROJECT}")
        with (
            socket.create_server(("127.0.0.1", 0)) as listener,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told,
        ):
            address = str(self.project.root / "notify.sock")
            told.bind(address)
            told.settimeout(60)
            process = self.popen_with(
                listener,
                [WEIR, *command[1:-1], str(self.project.root)],
                env={
                    **os.environ,
                    "NOTIFY_SOCKET": address,
                    "WEIR_PROJECT": str(self.project.root),
                },
                stdout=subprocess.DEVNULL,
            )
            with Client(listener.getsockname()) as client:
                self.assertEqual(client.request("GET", "/hello").response().status, 200)
            self.assertEqual(told.recv(100), b"READY=1")
            process.terminate()
            self.assertEqual(process.wait(60), 0)


if __name__ == "__main__":
    weirtest.main()
