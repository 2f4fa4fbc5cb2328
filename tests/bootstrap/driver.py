# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts one worker as the host would, and speaks to it. Standard library only."""

import json
import os
import pathlib
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import traceback

HERE = pathlib.Path(__file__).resolve().parent
FUNCTIONS = HERE / "functions"
PATIENCE = 30  # seconds; how long a broken test may hang


class Response:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body
        self.text = body.decode("utf-8", "replace")

    def get(self, name):
        return dict(self.fields).get(name.lower())


class PrepareError(Exception):
    pass


class Worker:
    """A worker of the function whose entry file is `entry`, below `root`. In what `env` gives it,
    {socket} is the path that it listens on."""

    def __init__(self, entry, root=FUNCTIONS, env=(), args=(), host_env=None):
        self.folder = tempfile.mkdtemp(prefix="weir-test-")
        self.socket = os.path.join(self.folder, "worker.sock")
        self.events = queue.Queue()
        self.seen = []
        self.process = self.printer = None
        environ = dict(os.environ)
        environ.setdefault("DENO_DIR", os.path.join(
            environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "deno"))
        environ["XDG_CACHE_HOME"] = os.path.join(self.folder, "cache")
        environ.update(host_env or {})
        argv = [sys.argv[1], "--root", str(root), "--entry", entry, "--socket", self.socket]
        argv += ["--standby"] if "standby" in sys.argv[2:] else []
        argv += [word for pair in env
                 for word in ("--env", pair.replace("{socket}", self.socket))] + list(args)
        self.printer = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environ, text=True)
        line = self.printer.stdout.readline()
        if not line:
            message = self.printer.stderr.read()
            self.close()
            raise PrepareError(message.strip())
        self.launch = json.loads(line)

    def start(self):
        self.process = subprocess.Popen(
            self.launch["argv"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.launch["directory"],
            env=dict(pair.split("=", 1) for pair in self.launch["environ"]))
        threading.Thread(target=self._read_events, daemon=True).start()
        self.stderr = []
        self._stderr_thread = threading.Thread(target=self._read_stderr, daemon=True)
        self._stderr_thread.start()
        if any(pair.startswith("WEIR_STANDBY=") for pair in self.launch["environ"]):
            assert self.wait("standby") is not None, "".join(self.stderr)
        self.send_line(self.launch["load"])
        return self

    def _read_events(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"type": "raw", "line": line.decode("utf-8", "replace")}
            self.events.put(event)
        self.events.put(None)

    def _read_stderr(self):
        for line in self.process.stderr:
            self.stderr.append(line.decode("utf-8", "replace"))

    def send_line(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def wait(self, type_, **members):
        """The next event of this type whose members are these; None when there is no more."""
        while True:
            event = self.events.get(timeout=PATIENCE)
            if event is None:
                self.events.put(None)
                return None
            self.seen.append(event)
            if event["type"] == type_ and all(event.get(k) == v for k, v in members.items()):
                return event

    def ready(self):
        self.start()
        event = self.wait("ready")
        if event is None:
            self.process.wait(timeout=PATIENCE)
            raise AssertionError(f"not ready: {self.seen} {''.join(self.stderr)}")
        return event

    def failed(self):
        self.start()
        event = self.wait("failed")
        assert event is not None, f"no failure: {self.seen} {''.join(self.stderr)}"
        assert self.process.wait(timeout=PATIENCE) == 1
        return event

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(self.socket)
        return connection

    def request(self, path="/", method="GET", fields=(), body=b"", request_id=None):
        with self.connect() as connection:
            connection.sendall(make_request(path, method, fields, body, request_id))
            data = b""
            while chunk := connection.recv(65536):
                data += chunk
        return parse_response(data)

    def finish(self):
        """Waits for the end of the process and for all that it said."""
        status = self.process.wait(timeout=PATIENCE)
        while self.wait("nothing") is not None:
            pass
        return status

    def stop(self):
        self.send_line('{"type":"stop"}')
        return self.finish()

    def close(self):
        for process in (self.process, self.printer):
            if process is not None:
                process.stdin.close()
                if process is self.process:
                    process.kill()
                process.wait(timeout=PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def make_request(path, method="GET", fields=(), body=b"", request_id=None):
    lines = [f"{method} http://shop.example:8443{path} HTTP/1.1", "host: shop.example:8443",
             "x-deno-client-address: 192.0.2.7:40404", "connection: close"]
    lines += [f"{name}: {value}" for name, value in fields]
    if request_id is not None:
        lines.append(f"x-request-id: {request_id}")
    if body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def decode_chunks(data):
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return body
        body, data = body + data[:length], data[length + 2:]
    raise AssertionError("the response was cut short")


def parse_response(data):
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = [(name.lower(), value.strip())
              for name, _, value in (line.partition(":") for line in lines[1:])]
    if dict(fields).get("transfer-encoding") == "chunked":
        body = decode_chunks(body)
    return Response(int(lines[0].split()[1]), fields, body)


def expect(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def main(tests):
    """Runs (name, function) pairs and prints TAP."""
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # a test may raise anything; the others still run
            failed += 1
            text = traceback.format_exc().replace("\n", "\n# ")
            print(f"not ok {number} - {name}\n# {text}", flush=True)
    sys.exit(1 if failed else 0)
