#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The functions of docs/examples, each called as its first lines say."""

import base64
import hashlib
import http.client
import json
import os
import pathlib
import socket
import struct

from tap import Skip, case, contains, equal, main
from weir_program import WAIT, Server, have_deno

EXAMPLES = pathlib.Path(os.environ["G_TEST_SRCDIR"]).parent / "docs/examples/functions"
JSON = {"content-type": "application/json"}


def example(function):
    """A case that gets a server of the examples."""

    def wrapped():
        if not have_deno():
            raise Skip("there is no Deno")
        with Server(EXAMPLES) as server:
            function(server)

    wrapped.__name__ = function.__name__
    return case(wrapped)


def address(server):
    host, port = server.base.removeprefix("http://").split(":")
    return host, int(port)


@example
def all_are_found(server):
    wanted = sorted(path.parent.name for path in EXAMPLES.glob("*/index.ts"))
    equal(server.banner["functions"], wanted)
    equal(server.banner["problems"], [])
    equal(server.banner["warnings"], [])


@example
def hello(server):
    equal(server.call("/functions/v1/hello"), (200, "Hello from Weir!\n"))
    equal(server.call("/hello"), (200, "Hello from Weir!\n"))


@example
def json_with_shared_code(server):
    status, body = server.call("/functions/v1/json", '{"name":"Ada"}', headers=JSON)
    answer = json.loads(body)
    equal((status, answer["message"], answer["method"]), (200, "Hello, Ada!", "POST"))
    equal(answer["url"], f"{server.base}/json")


@example
def hono_from_npm(server):
    for base in ("/functions/v1/hono", "/hono"):
        status, body = server.call(f"{base}/notes", '{"text":"buy milk"}', headers=JSON)
        equal((status, json.loads(body)["text"]), (201, "buy milk"), base)
    equal(len(json.loads(server.call("/functions/v1/hono/notes")[1])), 2)
    equal(server.call("/functions/v1/hono/notes/99")[0], 404)


@example
def supabase_with_cors(server):
    connection = http.client.HTTPConnection(*address(server), timeout=WAIT)
    connection.request("OPTIONS", "/functions/v1/supabase", headers={"origin": "http://example.test"})
    answer = connection.getresponse()
    answer.read()
    equal((answer.status, answer.getheader("access-control-allow-origin")), (200, "*"))
    connection.request("POST", "/functions/v1/supabase", '{"name":"Ada"}', JSON)
    answer = connection.getresponse()
    equal(json.loads(answer.read()), {"message": "Hello, Ada!"})
    equal(answer.getheader("access-control-allow-origin"), "*")
    connection.close()


@example
def stream_comes_at_once(server):
    connection = http.client.HTTPConnection(*address(server), timeout=WAIT)
    connection.request("GET", "/functions/v1/stream")
    answer = connection.getresponse()
    equal(answer.getheader("content-type"), "text/event-stream")
    contains(answer.readline().decode(), "data: ")
    connection.close()


@example
def websocket_echoes(server):
    with socket.create_connection(address(server), timeout=WAIT) as client:
        key = base64.b64encode(os.urandom(16)).decode()
        client.sendall(
            (
                "GET /functions/v1/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            ).encode()
        )
        stream = client.makefile("rb")
        contains(stream.readline().decode(), " 101 ")
        head = b"".join(iter(stream.readline, b"\r\n")).decode()
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        contains(head.lower(), base64.b64encode(accept).decode().lower())
        text, mask = b"ahoy", os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
        client.sendall(struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + masked)
        equal(stream.read(2 + len(text)), struct.pack("!BB", 0x81, len(text)) + text)


@example
def fluxbase_handler(server):
    for path in ("/fluxbase", "/functions/v1/fluxbase"):
        status, body = server.call(path, '{"price":20,"count":3}', headers=JSON)
        equal((status, json.loads(body)), (200, {"total": 60}), path)
    equal(server.call("/fluxbase", '{"price":"x"}', headers=JSON)[0], 400)


@example
def flux_define_function(server):
    for path in ("/flux", "/functions/v1/flux"):
        status, body = server.call(path, '{"a":2,"b":3}', headers=JSON)
        equal((status, json.loads(body)), (200, {"sum": 5}), path)


main()
