# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured of a gateway. Rounds alternate (A B C … A B C …), so that a machine that
gets slower in the middle slows them all; a figure is the median of its rounds."""

import contextlib
import re
import resource
import socket
import statistics
import subprocess
import sys

from gateways import cpu_seconds, rss_kilobytes


def progress(text):
    print(f"{text:<60}", end="\r", file=sys.stderr, flush=True)


def wrk(gateway, connections, seconds, path="/hello", headers=()):
    before = cpu_seconds(gateway.pid)
    out = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s",
         *(word for line in headers for word in ("-H", line)), f"http://127.0.0.1:{gateway.port}{path}"],
        capture_output=True, text=True, check=True,
    ).stdout
    used = cpu_seconds(gateway.pid) - before
    requests = int(re.search(r"(\d+) requests in", out)[1])

    def latency(label):
        found = re.search(rf"{label}\s+([\d.]+)(us|ms|s)\b", out)
        return float(found[1]) * {"us": 1, "ms": 1000, "s": 1e6}[found[2]]

    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return {
        "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
        "p50": latency("50%"), "p90": latency("90%"), "p99": latency("99%"),
        "cpu": used / max(requests, 1) * 1e6,
        "bad": int(bad[1]) if bad else 0,
    }


def alternate(gateways, rounds, what, once):
    """once(gateway) → dict; → {name: {key: median}}"""
    samples = {g.name: [] for g in gateways}
    for turn in range(rounds):
        for gateway in gateways:
            progress(f"{what}, round {turn + 1}/{rounds}: {gateway.name}")
            samples[gateway.name].append(once(gateway))
    progress("")
    return {
        name: {key: statistics.median(s[key] for s in rows) for key in rows[0]}
        for name, rows in samples.items()
    }


def throughput(gateways, connections, rounds, seconds, headers=()):
    for gateway in gateways:
        wrk(gateway, connections, 1, headers=headers)
    return alternate(gateways, rounds, f"{connections} connections",
                     lambda g: wrk(g, connections, seconds, headers=headers))


def body_size(gateways, size, rounds, seconds):
    def once(gateway):
        found = wrk(gateway, 8, seconds, f"/hello?bytes={size}")
        return {"mbps": found["rps"] * size / 1e6, "bad": found["bad"]}

    return alternate(gateways, rounds, f"bodies of {size} bytes", once)


@contextlib.contextmanager
def idle_connections(gateway, count):
    """Connections that have had one answer and now say nothing."""
    idle = []
    try:
        for _ in range(count):
            conn = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
            conn.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            idle.append(conn)
        for conn in idle:
            conn.recv(4096)
        yield
    finally:
        for conn in idle:
            conn.close()


def idle(gateways, count, rounds, seconds):
    """Throughput beside idle connections, and what one of them costs in memory."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 512)), hard))

    # Of the first round: what a round frees is there for the next, and would make it look free.
    memory_before = {}

    def once(gateway):
        alone = wrk(gateway, 32, seconds)["rps"]
        before = memory_before.setdefault(gateway.name, rss_kilobytes(gateway.pid))
        try:
            with idle_connections(gateway, count):
                each = (rss_kilobytes(gateway.pid) - before) / count
                beside = wrk(gateway, 32, seconds)["rps"]
        except OSError:
            return {"kept": 0.0, "each": 0.0}
        return {"kept": beside / alone, "each": each}

    return alternate(gateways, rounds, f"{count} idle connections", once)
