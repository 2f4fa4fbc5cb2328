# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the Python tests share: a server in a folder of its own, raw HTTP, and TAP output.

A test file is a unittest module that ends with `weirtest.main()`.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest
from pathlib import Path

WEIR = os.environ.get("WEIR_PROGRAM", "weir")
WATCHDOG = 60


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.count = 0

    def _line(self, ok, test, note=""):
        self.count += 1
        name = test.id().removeprefix("__main__.")
        print(f"{'ok' if ok else 'not ok'} {self.count} {name}{note}", flush=True)

    def _trouble(self, test, error):
        self._line(False, test)
        for line in "".join(traceback.format_exception(*error)).splitlines():
            print(f"# {line}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line(True, test)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._trouble(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self._trouble(test, error)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(True, test, f" # SKIP {reason}")

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._trouble(subtest, error)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 1:
        wanted = sys.argv[1:]
        suite = unittest.TestSuite(t for t in walk(suite) if any(w in t.id() for w in wanted))
    result = TapResult()
    suite.run(result)
    print(f"1..{result.count}")
    sys.exit(0 if result.wasSuccessful() else 1)


def walk(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from walk(item)
        else:
            yield item


def is_worker(pid):
    """Not a look at the modules of a function, nor a child that is not yet what it will be."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:2] == [b"run"]
    return False


def is_idle_standby(pid):
    """Started as one, and still in the folder of all functions: one that has a function goes to
    that function's folder. (A flat function has none, so its worker counts as idle here.)"""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        if any(entry.startswith(b"WEIR_STANDBY=") for entry in environ):
            return os.path.basename(os.readlink(f"/proc/{pid}/cwd")) == "functions"
    return False


def wait_until(condition, what, timeout=15):
    """Polls, since what it waits for is another process; fails with words."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"{what}: not within {timeout} s")


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]


class Client:
    """One connection, one byte stream, nothing clever: what goes out is what was given."""

    def __init__(self, address, timeout=20):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def request(self, method, target, headers=None, body=None, host="127.0.0.1"):
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        return self

    def read_head(self):
        line = self.file.readline()
        if not line:
            raise EOFError("the connection was closed before an answer")
        status = int(line.split()[1])
        headers = []
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, value = line.decode("latin-1").rstrip("\r\n").split(":", 1)
            headers.append((name, value.strip()))
        return Response(status, headers, b"")

    def read_chunk(self):
        size = int(self.file.readline().split(b";")[0], 16)
        data = self.file.read(size)
        self.file.readline()
        return data

    def response(self, method="GET"):
        answer = self.read_head()
        while answer.status in (100, 103):
            answer = self.read_head()
        if method == "HEAD" or answer.status in (204, 304):
            return answer
        if (answer.header("transfer-encoding") or "").lower() == "chunked":
            while data := self.read_chunk():
                answer.body += data
        elif (length := answer.header("content-length")) is not None:
            answer.body = self.file.read(int(length))
        elif answer.status != 101:
            answer.body = self.file.read()
        return answer

    def at_end(self):
        """Whether the server closed the connection (a reset counts)."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Project:
    """A folder with functions in it."""

    def __init__(self, files=None, functions="functions"):
        self.root = Path(tempfile.mkdtemp(prefix="weir-test-"))
        self.functions = self.root / functions
        self.functions.mkdir(parents=True, exist_ok=True)
        for name, text in (files or {}).items():
            self.write(name, text)

    def write(self, name, text):
        """As an editor does: the whole new file, in one step."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.swp")
        if isinstance(text, bytes):
            draft.write_bytes(text)
        else:
            draft.write_text(text)
        draft.replace(path)
        return path

    def function(self, name, code, file="index.ts"):
        relative = self.functions.relative_to(self.root)
        return self.write(f"{relative}/{name}/{file}", code)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)


class Server:
    """`weir serve` on a free port, its NDJSON events collected as they come."""

    def __init__(self, project, *arguments, env=None, expect_start=True):
        self.project = project
        self.events = []
        self.lock = threading.Condition()
        environment = dict(os.environ)
        # Functions that were fetched once stay fetched, whatever the tests make of HOME.
        environment.update(env or {})
        self.process = subprocess.Popen(
            [WEIR, "serve", str(project.root), "--listen", "127.0.0.1:0", "--json", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.stderr = ""
        self.threads = [
            threading.Thread(target=self._read_events, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for thread in self.threads:
            thread.start()
        if expect_start:
            try:
                started = self.wait_event(lambda e: e.get("type") == "listening")
            except AssertionError:
                raise AssertionError(f"the server did not start: {self.stderr}") from None
            self.uri = started["uris"][0]
            host, port = self.uri.removeprefix("http://").rsplit(":", 1)
            self.address = (host, int(port))

    def _read_events(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"type": "not-json", "text": line}
            with self.lock:
                self.events.append(event)
                self.lock.notify_all()
        with self.lock:
            self.lock.notify_all()

    def _read_errors(self):
        for line in self.process.stderr:
            self.stderr += line

    def wait_event(self, match, timeout=20, since=0):
        deadline = time.monotonic() + timeout
        with self.lock:
            while True:
                for event in self.events[since:]:
                    if match(event):
                        return event
                left = deadline - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    raise AssertionError(f"no such event among {self.events[since:]}; {self.stderr}")
                self.lock.wait(min(left, 0.1))

    def mark(self):
        with self.lock:
            return len(self.events)

    def client(self, **kwargs):
        return Client(self.address, **kwargs)

    def request(self, method, target, headers=None, body=None, **kwargs):
        with self.client() as client:
            client.request(method, target, {**(headers or {}), "Connection": "close"}, body, **kwargs)
            return client.response(method)

    def get(self, target, headers=None, **kwargs):
        return self.request("GET", target, headers, **kwargs)

    def post(self, target, body=b"", headers=None):
        return self.request("POST", target, headers, body.encode() if isinstance(body, str) else body)

    def rss(self):
        """Kilobytes of the server alone, without its workers."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def worker_pids(self):
        """Its child processes, but for standbys that have no function yet."""
        return [pid for pid in self.child_pids() if is_worker(pid) and not is_idle_standby(pid)]

    def child_pids(self):
        path = Path(f"/proc/{self.process.pid}/task")
        pids = []
        for task in path.iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                pids += [int(p) for p in (task / "children").read_text().split()]
        return pids

    def stop(self, how=signal.SIGTERM, timeout=30):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not stop") from None
        for thread in self.threads:
            thread.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return status


class ServerTest(unittest.TestCase):
    """A server for all tests of a class: give `files`, and `arguments`."""

    files = {}
    functions = "functions"
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.project = Project(cls.files, cls.functions)
        cls.addClassCleanup(cls.project.remove)
        cls.server = Server(cls.project, *cls.arguments)
        cls.addClassCleanup(cls.end)

    @classmethod
    def end(cls):
        """Also when something went wrong while a class further down was set up."""
        status = cls.server.stop()
        if status != 0:
            raise AssertionError(f"the server ended with {status}: {cls.server.stderr}")
