#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One large body down and up through each gateway, and what its memory grows by meanwhile.

Gateways take turns. nginx does not buffer here, as Weir never does. The figure is a median; the
growth is the largest that was seen, against the moment before the body.
"""

import argparse
import socket
import statistics
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import measure
import report
from gateways import ROOT, Fleet, rss_kilobytes

BLOCK = bytes(1 << 20)


class Peak:
    """The most memory that a process has while the block of `with` runs."""

    def __init__(self, pid):
        self.pid, self.over = pid, threading.Event()
        self.before = self.most = rss_kilobytes(pid)
        self.thread = threading.Thread(target=self._look)

    def _look(self):
        while not self.over.wait(0.01):
            self.most = max(self.most, rss_kilobytes(self.pid))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.grown = self.most - self.before


def read_all(conn):
    buffer, total = bytearray(1 << 20), 0
    while size := conn.recv_into(buffer):
        total += size
    return total


def down(conn, size):
    conn.sendall(f"GET /large?bytes={size} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    if read_all(conn) < size:
        raise RuntimeError("the body ended early")


def up(conn, size):
    conn.sendall(f"POST /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode())
    for _ in range(size // len(BLOCK)):
        conn.sendall(BLOCK)
    answer = conn.makefile("rb").read()
    if str(size).encode() not in answer:
        raise RuntimeError(f"the body was not taken: {answer[:200]!r}")


def once(gateway, transfer, size):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as conn:
        with Peak(gateway.pid) as peak:
            began = time.monotonic()
            transfer(conn, size)
            took = time.monotonic() - began
    return {"mbps": size / took / 1e6, "grown": peak.grown}


def run(build, adapters, rounds, size):
    """→ {"down" or "up": {gateway: {"mbps": median, "grown": most}}}"""
    with tempfile.TemporaryDirectory(prefix="weir-large-") as folder:
        with Fleet(build, adapters, folder, only_nginx=True, function="large") as fleet:
            ways = {"down": down, "up": up}
            samples = {way: {g.name: [] for g in fleet.gateways} for way in ways}
            for turn in range(rounds):
                for gateway in fleet.gateways:
                    for way, transfer in ways.items():
                        measure.progress(f"{size >> 20} MiB {way}, round {turn + 1}/{rounds}: {gateway.name}")
                        samples[way][gateway.name].append(once(gateway, transfer, size))
    measure.progress("")
    return {
        way: {name: {"mbps": statistics.median(row["mbps"] for row in rows),
                     "grown": max(row["grown"] for row in rows)}
              for name, rows in of_way.items()}
        for way, of_way in samples.items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--adapters", default="native,soup", type=lambda text: text.split(","))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mib", type=int, default=1024, help="size of the body")
    args = parser.parse_args()
    size = args.mib << 20
    print("\n".join(report.large(size, run(args.build, args.adapters, args.rounds, size))))


if __name__ == "__main__":
    main()
