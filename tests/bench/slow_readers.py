#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that ask for a long answer and take a few bytes of it each second: slow_readers.py PORT
PATH COUNT. Prints a line of JSON a second, until it is ended: how many have an answer that is not over,
how many of them got some of it within the last seconds, and how many bytes came in this one."""

import json
import socket
import sys
import time

BYTES = 32
# The smallest that the kernel allows, so that it does not read in our place.
BUFFER = 1
# The sender waits with a small window until it has grown, which may take more than one reading.
RECENT = 3


def connect(port, path):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    client.setblocking(False)
    return client


def read(client):
    """→ how much there was; None: the answer is over"""
    try:
        return len(client.recv(BYTES)) or None
    except BlockingIOError:
        return 0
    except OSError:
        return None


def main():
    port, path, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    clients = [connect(port, path) for _ in range(count)]
    latest = dict.fromkeys(clients, 0)
    while clients:
        began = time.monotonic()
        taken = {}
        # Spread over the second, as those of many clients would be.
        for n, client in enumerate(clients):
            taken[client] = read(client)
            if n % 50 == 49:
                time.sleep(max(0, began + n / len(clients) - time.monotonic()))
        clients = [client for client in clients if taken[client] is not None]
        latest.update((client, began) for client in clients if taken[client])
        reading = sum(latest[client] > began - RECENT - 0.5 for client in clients)
        print(json.dumps({"open": len(clients), "reading": reading,
                          "bytes": sum(n or 0 for n in taken.values())}), flush=True)
        time.sleep(max(0, began + 1 - time.monotonic()))


if __name__ == "__main__":
    main()
