#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many requests and many lives of workers: memory and descriptors stay where they were.

With TEST_THOROUGH=1 it is 100 000 requests and 1 000 lives, of which a minute or two is made.
"""

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
THOROUGH = bool(os.environ.get("TEST_THOROUGH"))
REQUESTS = 100_000 if THOROUGH else 5_000
LIVES = 1_000 if THOROUGH else 60

CODE = "Deno.serve(() => new Response('life %d of ' + Deno.pid));"


class Leaks(unittest.TestCase):
    def setUp(self):
        self.project = Project({
            "functions/hot/index.ts": CODE % 0,
            "weir.toml": "standby_workers = 1\n",
        })
        self.addCleanup(self.project.remove)
        self.server = Server(self.project)
        self.addCleanup(self.server.stop)

    def descriptors(self):
        return len(list(Path(f"/proc/{self.server.process.pid}/fd").iterdir()))

    def settle(self):
        """One worker, and one standby beside it: as few as there ever are."""
        self.server.get("/hot")
        wait_until(lambda: len(self.server.child_pids()) == 2, "the workers of before are gone", 60)

    def requests(self, count):
        done = subprocess.run(
            [LOAD, str(self.server.address[1]), "32", str(count), "/hot", "1", "600"],
            stdout=subprocess.PIPE,
            check=True,
        )
        counts = json.loads(done.stdout)
        self.assertEqual(counts["ok"], count, counts)

    def edited(self, life):
        self.project.function("hot", CODE % life)
        wait_until(lambda: f"life {life} of" in self.server.get("/hot").text, "the new code")

    def killed(self):
        pid = self.server.get("/hot").text.split()[-1]
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
        wait_until(lambda: self.server.get("/hot").text.split()[-1] != pid, "another worker")

    def live(self, lives, first):
        for life in range(first, first + lives):
            if life % 2:
                self.edited(life)
            else:
                self.killed()

    def flat(self, what, action):
        self.settle()
        before, fds = self.server.rss(), self.descriptors()
        action()
        self.settle()
        wait_until(lambda: self.descriptors() <= fds, f"{self.descriptors()} descriptors, {fds} before")
        after = self.server.rss()
        print(f"# {what}: {before} kB before, {after} kB after; {fds} descriptors", flush=True)
        self.assertLess(after - before, 4096)

    def test_requests(self):
        self.requests(REQUESTS // 5)
        self.flat(f"{REQUESTS} requests", lambda: self.requests(REQUESTS))

    def test_lives(self):
        self.live(LIVES // 5, 1)
        self.flat(f"{LIVES} lives", lambda: self.live(LIVES, LIVES))


if __name__ == "__main__":
    weirtest.main()
