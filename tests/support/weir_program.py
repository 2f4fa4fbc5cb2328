# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real program `weir` in tests: run to its end, or as a server."""

import contextlib
import json
import os
import pathlib
import pty
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

WEIR = os.environ.get("WEIR_PROGRAM", "weir")
WAIT = int(os.environ.get("WEIR_TEST_WAIT", "60"))


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "G_MESSAGES_DEBUG")}
    env.update(LC_ALL="C.UTF-8", **more)
    return env


def weir(*args, cwd=None, stdin=None, env=None, stdout=subprocess.PIPE, restore_signals=True):
    """Runs weir to its end."""
    done = subprocess.run(
        [WEIR, *map(str, args)],
        cwd=cwd,
        input=stdin if stdin is not None else "",
        env=env or environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        restore_signals=restore_signals,
        text=True,
        timeout=WAIT,
        check=False,
    )
    return Result(done)


def on_terminal(*args, env=None):
    """What a person sees of weir, run to its end on a terminal of its own."""
    lead, follow = pty.openpty()
    with os.fdopen(lead, "rb", buffering=0) as screen:
        command = [WEIR, *map(str, args)]
        process = subprocess.Popen(command, stdin=follow, stdout=follow, stderr=follow, env=env or environment())
        os.close(follow)
        text = b""
        with contextlib.suppress(OSError):  # that nobody writes to it any more
            while chunk := screen.read(4096):
                text += chunk
        process.wait(WAIT)
        return text.decode()


@contextlib.contextmanager
def project(files=None):
    """A folder with these files ({path: text}), removed at the end."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="weir-test-"))
    try:
        for name, text in (files or {}).items():
            write(root / name, text)
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def have_deno():
    return "WEIR_DENO" in os.environ or shutil.which("deno") is not None


class Server:
    """`weir serve --json` on a free port; events are what it prints."""

    def __init__(self, directory, *args, json_lines=True, env=None):
        self.events = queue.Queue()
        self.seen = []
        self.errors = []
        self.json_lines = json_lines
        command = [WEIR, "serve", str(directory), "--listen", "127.0.0.1:0", *args]
        if json_lines:
            command.append("--json")
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env or environment(),
        )
        for stream, take in ((self.process.stdout, self._take), (self.process.stderr, self.errors.append)):
            threading.Thread(target=self._read, args=(stream, take), daemon=True).start()

    def _read(self, stream, take):
        for line in stream:
            take(line.rstrip("\n"))
        if stream is self.process.stdout:
            self.events.put(None)

    def _take(self, line):
        self.events.put(json.loads(line) if self.json_lines else line)

    def wait_for(self, wanted):
        """The next event for which wanted(event) is true; those before it are in seen."""
        while True:
            event = self.events.get(timeout=WAIT)
            if event is None:
                raise AssertionError(
                    f"weir ended with {self.process.wait(WAIT)}; before: {self.seen}, {self.errors}"
                )
            self.seen.append(event)
            if wanted(event):
                return event

    def wait_for_type(self, kind):
        return self.wait_for(lambda event: event["type"] == kind)

    def __enter__(self):
        try:
            if self.json_lines:
                self.banner = self.wait_for_type("listening")
                self.base = self.banner["uris"][0]
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *ignored):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WAIT)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(WAIT)

    def call(self, path, data=None, method=None, headers=None):
        """Status and body of an answer."""
        request = urllib.request.Request(
            self.base + path,
            data=data.encode() if data is not None else None,
            method=method,
            headers=headers or {},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=WAIT) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
