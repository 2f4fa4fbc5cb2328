#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""10 000 requests over 32 connections, one case for each thing that may befall a worker
meanwhile: none fails but those that went over a limit themselves, and what was answered in part
when its worker was killed from outside. The counts are printed."""

import contextlib
import json
import os
import random
import signal
import subprocess
import threading
import time
import unittest

import weirtest
from weirtest import Project, Server

LOAD = os.environ.get("TEST_LOAD", "weir-load")
REQUESTS = 10_000
CONNECTIONS = 32

QUICK = "Deno.serve(() => new Response('ok'));"
SLOW = "Deno.serve(async () => { await new Promise((r) => setTimeout(r, %d)); return new Response('ok'); });"

# /NAME/500 is the one that does it, of as many as the case says.
GUILTY = "Deno.serve(async (req) => { if (req.url.endsWith('/500')) { %s } return new Response('ok'); });"

SPIN = "function spin(ms) { const end = performance.now() + ms; while (performance.now() < end); }\n"
NO_CPU_LIMIT = "cpu_soft_ms = 0\ncpu_hard_ms = 0\n"


class StormTest(unittest.TestCase):
    def serve(self, files, functions="", defaults="", server=""):
        # However slow the machine is, nobody is told to come back later.
        settings = f"{server}[defaults]\nqueue_timeout_ms = 0\n{defaults}{functions}"
        self.project = Project({**files, "weir.toml": settings})
        self.addCleanup(self.project.remove)
        self.server = Server(self.project)
        self.addCleanup(self.server.stop)
        return self.server

    def load(self, target, requests=REQUESTS, functions=1, connections=CONNECTIONS, seconds=250):
        done = subprocess.run(
            [LOAD, str(self.server.address[1]), str(connections), str(requests), target, str(functions), str(seconds)],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return json.loads(done.stdout)

    def report(self, counts, **more):
        print(f"# {self.id().split('.')[-1]}: {json.dumps({**counts, **more})}", flush=True)

    def count(self, kind, text):
        with self.server.lock:
            return sum(e["type"] == kind and text in e["message"] for e in self.server.events)

    def wait_for(self, kind, text, least=1):
        """What is said of a worker may come after the answers of its last requests."""
        return weirtest.wait_until(
            lambda: (count := self.count(kind, text)) >= least and count, f"{least} times “{text}”")

    def failures(self):
        with self.server.lock:
            return [e for e in self.server.events if e["type"] == "failed" or e.get("status", 200) != 200][-20:]

    def assert_all_answered(self, counts, **statuses):
        """statuses: how many of each besides 200."""
        lost = {name: counts[name] for name in ("partial", "untold", "refused", "unfinished") if counts[name]}
        others = {f"_{status}": n for status, n in counts["statuses"].items() if status != "200"}
        if lost or others != statuses:
            self.fail(f"{counts}, not {statuses}; {self.failures()}")

    @contextlib.contextmanager
    def every(self, seconds, action):
        done = threading.Event()

        def run():
            while not done.wait(seconds):
                action()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


class FromOutside(StormTest):
    def test_reload(self):
        server = self.serve({"functions/hot/index.ts": QUICK}, defaults="max_workers = 2\n")
        self.assertEqual(server.get("/hot").text, "ok")
        edits = 0

        def edit():
            nonlocal edits
            edits += 1
            self.project.function("hot", f"{QUICK} // {edits}")

        total = {"requests": 0, "seconds": 0}
        with self.every(0.1, edit):
            # Until there were enough of both.
            while total["requests"] < REQUESTS or total["seconds"] < 3 or edits < 10:
                counts = self.load("/hot")
                self.assert_all_answered(counts)
                for key in total:
                    total[key] += counts[key]
        reloads = len([e for e in server.events if e.get("type") == "reloaded"])
        self.report(total, edits=edits, reloads=reloads)
        self.assertGreater(reloads, 2)

    def test_kill(self):
        """Whatever kills a worker from outside, it must not cost more than what it had begun to
        answer."""
        server = self.serve(
            {"functions/hot/index.ts": SLOW % 5},
            server="standby_workers = 0\n",
            defaults="max_workers = 3\nmin_workers = 2\n",
        )
        self.assertEqual(server.get("/hot").text, "ok")
        kills = 0

        def kill():
            """One that has answered: where to start takes longer than to be killed, nothing would
            ever be answered."""
            nonlocal kills
            workers = server.get("/_weir/status").json["workers"]
            pids = [w["pid"] for w in workers if w["state"] in ("idle", "busy") and w["requests"] > CONNECTIONS]
            if pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(random.choice(pids), signal.SIGKILL)
                    kills += 1

        with self.every(0.2, kill):
            counts = self.load("/hot")
        self.report(counts, kills=kills)
        self.assertGreater(kills, 1)
        self.assertEqual(counts["untold"] + counts["refused"] + counts["unfinished"], 0)
        self.assertEqual(counts["ok"] + counts["partial"], counts["requests"])


class Retirement(StormTest):
    """Limits that no request is to blame for: none fails."""

    def test_wall_clock(self):
        self.serve({"functions/wall/index.ts": SLOW % 3}, "[functions.wall]\nwall_clock_ms = 150\n")
        counts = self.load("/wall")
        retired = self.wait_for("notice", "wall_clock_ms", 3)
        self.report(counts, retired=retired)
        self.assert_all_answered(counts)

    def test_max_requests(self):
        server = self.serve({"functions/few/index.ts": QUICK}, "[functions.few]\nmax_requests = 100\n")
        counts = self.load("/few")
        self.report(counts)
        self.assert_all_answered(counts)
        self.assertLessEqual(
            {w["requests"] for w in server.get("/_weir/status").json["workers"]}, set(range(101)))

    def test_cpu_soft(self):
        self.serve(
            {"functions/soft/index.ts": SPIN + GUILTY % "for (let i = 0; i < 200; i++) { spin(2); await 0; }"},
            "[functions.soft]\ncpu_soft_ms = 30\ncpu_hard_ms = 60000\n",
        )
        counts = self.load("/soft/#", functions=2000)
        retired = self.wait_for("notice", "cpu_soft_ms is 30")
        self.report(counts, retired=retired)
        self.assert_all_answered(counts)

    def test_background_computing(self):
        """A task that takes too much is no request's fault, even though its worker is killed."""
        self.serve(
            {
                "functions/hog/index.ts": SPIN
                + GUILTY % "EdgeRuntime.waitUntil(new Promise((r) => setTimeout(() => r(spin(60000)), 20)));"
            },
            "[functions.hog]\ncpu_soft_ms = 0\ncpu_hard_ms = 400\n",
        )
        counts = self.load("/hog/#", functions=2000)
        killed = self.wait_for("failed", "cpu_hard_ms is 400", 3)
        self.report(counts, killed=killed)
        self.assert_all_answered(counts)

    def leak(self, name, code):
        self.serve(
            {f"functions/{name}/index.ts": f"const kept = []; Deno.serve(() => {{ {code}; return new Response('ok'); }});"},
            f"[functions.{name}]\nmemory_limit_mb = 64\n{NO_CPU_LIMIT}",
        )
        counts = self.load(f"/{name}")
        killed = self.wait_for("failed", "memory_limit_mb is 64")
        self.report(counts, killed=killed)
        self.assert_all_answered(counts)

    def test_memory_leak(self):
        self.leak("heap", "kept.push(new Array(5000).fill(0).map((_, i) => i * 1.5))")

    def test_memory_leak_of_buffers(self):
        """A buffer that is refused before the worker ends is an exception of the function's own."""
        self.leak("buffers", "try { kept.push(new Uint8Array(40_000).fill(1)); } catch { /* full */ }")

    def bursts(self, name, settings, code, pause):
        """Of 32 connections each, with a pause after them in which a worker may end, or begin to."""
        server = self.serve({f"functions/{name}/index.ts": code}, f"[functions.{name}]\n{settings}")
        total = {"requests": 0, "bursts": 0}
        pids = set()
        while total["requests"] < REQUESTS or (len(pids) < 4 and total["bursts"] < 2000):
            counts = self.load(f"/{name}", requests=200)
            self.assert_all_answered(counts)
            total["requests"] += counts["requests"]
            total["bursts"] += 1
            pids.update(server.worker_pids())
            time.sleep(random.random() * pause)
        self.report(total, workers=len(pids))
        self.assertGreater(len(pids), 3)

    def test_idle(self):
        self.bursts("idle", "idle_timeout_ms = 20\n", QUICK, 0.1)

    def test_background_timeout(self):
        code = "Deno.serve(() => { EdgeRuntime.waitUntil(new Promise(() => {})); return new Response('ok'); });"
        self.bursts("tasks", "background_task_timeout_ms = 20\nstop_timeout_ms = 50\n", code, 0.1)

    def test_memory_of_all(self):
        """Each worker is within its limit, but all of them together are not."""
        code = "const kept = []; Deno.serve(() => { kept.push(new Uint8Array(60_000).fill(1)); return new Response('ok'); });"
        self.serve(
            {f"functions/f{i}/index.ts": code for i in range(4)},
            server="worker_memory_mb = 300\nstandby_workers = 0\n",
            defaults=f"memory_limit_mb = 2000\n{NO_CPU_LIMIT}",
        )
        total = {"requests": 0}
        ended = 0
        while total["requests"] < REQUESTS or (ended < 2 and total["requests"] < 10 * REQUESTS):
            counts = self.load("/f#", functions=4)
            self.assert_all_answered(counts)
            total["requests"] += counts["requests"]
            ended = self.count("notice", "worker_memory_mb")
        self.report(total, ended=ended)
        self.assertGreater(ended, 1)


class Offence(StormTest):
    """Limits that a request goes over: that one fails, and nobody else."""

    def offend(self, name, settings, deed, one_of, status, reason):
        self.serve({f"functions/{name}/index.ts": SPIN + GUILTY % deed}, f"[functions.{name}]\n{settings}")
        counts = self.load(f"/{name}/#", functions=one_of)
        killed = self.wait_for("failed", reason)
        self.report(counts, killed=killed)
        self.assert_all_answered(counts, **{status: REQUESTS // one_of})

    def test_cpu_hard(self):
        self.offend("cpu", "cpu_soft_ms = 0\ncpu_hard_ms = 400\n", "for (;;);", 2000, "_546", "cpu_hard_ms")

    def test_cpu_hard_after_a_while(self):
        deed = "await new Promise((r) => setTimeout(r, 5)); for (;;);"
        self.offend("later", "cpu_soft_ms = 0\ncpu_hard_ms = 400\n", deed, 2000, "_546", "cpu_hard_ms")

    def test_memory_heap(self):
        deed = "const kept = []; for (;;) kept.push(new Array(100000).fill({ a: 1 }));"
        self.offend("heap", f"memory_limit_mb = 64\n{NO_CPU_LIMIT}", deed, 5000, "_546", "memory_limit_mb")

    def test_health(self):
        settings = NO_CPU_LIMIT + "health_check_interval_ms = 50\nhealth_check_timeout_ms = 1000\nhealth_check_failures = 1\n"
        self.offend("sick", settings, "for (;;);", 5000, "_500", "health checks")

    def test_drain_timeout(self):
        """Who is not answered when its worker's time is over, and some time after that."""
        settings = "wall_clock_ms = 300\ndrain_timeout_ms = 1500\n"
        self.offend("hang", settings, "await new Promise(() => {});", 1000, "_546", "wall_clock_ms")


if __name__ == "__main__":
    weirtest.main()
