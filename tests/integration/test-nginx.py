#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same bytes to Weir and to nginx (with Weir behind it): what they make of them is the
same, but for the differences that are listed here with their reason."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

import weirtest
from weirtest import ServerTest, wait_until

ECHO = """
Deno.serve(async (req) => new Response(`${req.method} ${new URL(req.url).pathname} ` +
  `${(await req.arrayBuffer()).byteLength}`));
"""

CONF = """
%(user)s
worker_processes 1;
daemon off;
error_log stderr crit;
pid %(dir)s/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path %(dir)s/body;
  proxy_temp_path %(dir)s/proxy;
  fastcgi_temp_path %(dir)s/fastcgi;
  uwsgi_temp_path %(dir)s/uwsgi;
  scgi_temp_path %(dir)s/scgi;
  client_header_buffer_size 64k;
  large_client_header_buffers 4 64k;
  server {
    listen unix:%(dir)s/socket;
    location / {
      proxy_pass http://127.0.0.1:%(port)d;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
"""

# Behind each case comes one more request: whoever is still reading requests answers it, and
# then closes.
LAST = b"GET /echo/last HTTP/1.1\r\nHost: z\r\nConnection: close\r\n\r\n"

GET = "GET /echo/a HTTP/1.1\r\n"
POST = "POST /echo/a HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"

CASES = {
    "get": GET + "Host: a\r\n\r\n",
    "empty line before": "\r\n" + GET + "Host: a\r\n\r\n",
    "two empty lines before": "\r\n\r\n" + GET + "Host: a\r\n\r\n",
    "post": POST + "Content-Length: 3\r\n\r\nabc",
    "post of nothing": POST + "Content-Length: 0\r\n\r\n",
    "post without a length": POST + "\r\n",
    "chunks": CHUNKED + "3\r\nabc\r\n0\r\n\r\n",
    "chunks with extension and trailer": CHUNKED + "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
    "large hex digits": CHUNKED + "00A\r\n0123456789\r\n0\r\n\r\n",
    "pipelined": (GET + "Host: a\r\n\r\n") * 5,
    "pipelined behind a body": POST + "Content-Length: 3\r\n\r\nabc" + GET + "Host: a\r\n\r\n",
    "HTTP/1.0": "GET /echo/a HTTP/1.0\r\n\r\n",
    "HTTP/1.0 kept alive": "GET /echo/a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    "HTTP/1.1 closed": GET + "Host: a\r\nConnection: close\r\n\r\n",
    "close among others": GET + "Host: a\r\nConnection: x, close\r\n\r\n",
    "value with spaces around": GET + "Host: a\r\nX: \t b \t\r\n\r\n",
    "8-bit value": GET + "Host: a\r\nX: \xe4\r\n\r\n",
    "underscore in a name": GET + "Host: a\r\nX_Y: b\r\n\r\n",
    "escaped path": "GET /echo/%61%2F HTTP/1.1\r\nHost: a\r\n\r\n",
    "8-bit path": "GET /echo/\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
    "quotes in the path": "GET /echo/\"'<> HTTP/1.1\r\nHost: a\r\n\r\n",
    "absolute target": "GET http://b/echo/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "absolute target, https": "GET https://b/echo/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "fragment": "GET /echo/a#b HTTP/1.1\r\nHost: a\r\n\r\n",
    "relative target": "GET echo/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "star": "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    "no host": GET + "\r\n",
    "empty host": GET + "Host:\r\n\r\n",
    "two hosts": GET + "Host: a\r\nHost: b\r\n\r\n",
    "user in the host": GET + "Host: u@a\r\n\r\n",
    "slash in the host": GET + "Host: a/b\r\n\r\n",
    "port in letters": GET + "Host: a:b\r\n\r\n",
    "length and coding": POST + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "two equal lengths": POST + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "list of lengths": POST + "Content-Length: 3, 3\r\n\r\nabc",
    "length with a sign": POST + "Content-Length: +3\r\n\r\nabc",
    "negative length": POST + "Content-Length: -1\r\n\r\n",
    "length over 64 bits": POST + "Content-Length: 18446744073709551619\r\n\r\nabc",
    "empty length": POST + "Content-Length:\r\n\r\n",
    "space before the colon": POST + "Content-Length : 3\r\n\r\nabc",
    "two codings": POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding list": POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "coding identity": POST + "Transfer-Encoding: identity\r\n\r\n",
    "coding gzip": POST + "Transfer-Encoding: gzip\r\n\r\n",
    "coding after a control": POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "coding in HTTP/1.0": "POST /echo/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare line feeds": "GET /echo/a HTTP/1.1\nHost: a\n\n",
    "one bare line feed": GET + "Host: a\nX: b\r\n\r\n",
    "bare carriage return": GET + "Host: a\r\nX: a\rb\r\n\r\n",
    "folded field": GET + "Host: a\r\nX: a\r\n b\r\n\r\n",
    "NUL in a value": GET + "Host: a\r\nX: a\0b\r\n\r\n",
    "NUL in a name": GET + "Host: a\r\nX\0Y: b\r\n\r\n",
    "control in a value": GET + "Host: a\r\nX: a\x01b\r\n\r\n",
    "no colon": GET + "Host: a\r\nX\r\n\r\n",
    "no name": GET + "Host: a\r\n: x\r\n\r\n",
    "bracket in a name": GET + "Host: a\r\nX(Y): x\r\n\r\n",
    "bracket in the method": "G(T /echo/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "small method": "get /echo/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "tab in the request line": "GET\t/echo/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "two spaces in the request line": "GET  /echo/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "two spaces before the version": "GET /echo/a  HTTP/1.1\r\nHost: a\r\n\r\n",
    "space in the target": "GET /echo/a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "no version": "GET /echo/a\r\nHost: a\r\n\r\n",
    "small version": "GET /echo/a http/1.1\r\nHost: a\r\n\r\n",
    "version 1.2": "GET /echo/a HTTP/1.2\r\nHost: a\r\n\r\n",
    "version 2.0": "GET /echo/a HTTP/2.0\r\nHost: a\r\n\r\n",
    "version 0.9": "GET /echo/a HTTP/0.9\r\nHost: a\r\n\r\n",
    "CONNECT": "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    "unknown expectation": POST + "Expect: tea\r\nContent-Length: 3\r\n\r\nabc",
    "chunk size in no digits": CHUNKED + "zz\r\nabc\r\n0\r\n\r\n",
    "negative chunk": CHUNKED + "-1\r\nabc\r\n0\r\n\r\n",
    "chunk with 0x": CHUNKED + "0x3\r\nabc\r\n0\r\n\r\n",
    "chunk size over 64 bits": CHUNKED + "10000000000000003\r\nabc\r\n0\r\n\r\n",
    "space behind a chunk size": CHUNKED + "3 \r\nabc\r\n0\r\n\r\n",
    "bare line feed behind a chunk size": CHUNKED + "3\nabc\r\n0\r\n\r\n",
    "chunk longer than its size": CHUNKED + "2\r\nabc\r\n0\r\n\r\n",
}

# What nginx does instead, and why Weir does not.
DIFFERENCES = {
    "two empty lines before": (
        "400",
        "200 GET /a 0, 200 GET /last 0",
        "One empty line is forgiven (RFC 9112 §2.2), not any number.",
    ),
    "HTTP/1.0": (
        "200 GET /a 0",
        "400",
        "As configured here, nginx passes a missing Host on as missing.",
    ),
    "8-bit path": (
        "400",
        "400, 200 GET /last 0",
        "nginx passes it on; a target is of visible ASCII (RFC 9112 §3.2).",
    ),
    "absolute target, https": (
        "400",
        "200 GET /a 0, 200 GET /last 0",
        "Who asks us for https over plain HTTP takes us for a proxy.",
    ),
    "fragment": (
        "400",
        "400, 200 GET /last 0",
        "nginx passes it on; a fragment is never sent (RFC 9110 §4.2.3).",
    ),
    "user in the host": (
        "400",
        "400, 200 GET /last 0",
        "nginx passes it on; Host has no user (RFC 9110 §7.2).",
    ),
    "port in letters": (
        "400",
        "400, 200 GET /last 0",
        "nginx passes it on; a port is a number (RFC 3986 §3.2.3).",
    ),
    "coding after a control": (
        "400",
        "501",
        "It is no valid value before it is an unknown coding.",
    ),
    "bare line feeds": (
        "400",
        "200 GET /a 0, 200 GET /last 0",
        "A line that ends in LF alone may end elsewhere for the next server.",
    ),
    "one bare line feed": (
        "400",
        "200 GET /a 0, 200 GET /last 0",
        "A line that ends in LF alone may end elsewhere for the next server.",
    ),
    "control in a value": (
        "400",
        "400, 200 GET /last 0",
        "nginx passes it on; values have no control characters (RFC 9110 §5.5).",
    ),
    "no colon": (
        "400",
        "200 GET /a 0, 200 GET /last 0",
        "nginx drops what it cannot read; what was dropped may have been meant.",
    ),
    "bracket in a name": (
        "400",
        "200 GET /a 0, 200 GET /last 0",
        "nginx drops what it cannot read; what was dropped may have been meant.",
    ),
    "small method": (
        "405, 200 GET /last 0",
        "400",
        "Methods are case-sensitive tokens: it is one that no function has.",
    ),
    "two spaces in the request line": (
        "400",
        "200 GET /a 0, 200 GET /last 0",
        "There is one space (RFC 9112 §3).",
    ),
    "two spaces before the version": (
        "400",
        "200 GET /a 0, 200 GET /last 0",
        "There is one space (RFC 9112 §3).",
    ),
    "no version": (
        "400",
        ", and bytes without a head",
        "nginx speaks HTTP/0.9 to it.",
    ),
    "version 1.2": (
        "505",
        "200 GET /a 0, 200 GET /last 0",
        "Nobody knows what HTTP/1.2 would mean.",
    ),
    "version 0.9": (
        "505",
        "400",
        "HTTP/0.9 requests have no version; this is one that is not spoken.",
    ),
    "CONNECT": (
        "405",
        "400",
        "It is understood, and not done.",
    ),
    "unknown expectation": (
        "417",
        "200 POST /a 3, 200 GET /last 0",
        "nginx overlooks what it does not know.",
    ),
    "space behind a chunk size": (
        "400",
        "200 POST /a 3, 200 GET /last 0",
        "A size is digits and nothing else (RFC 9112 §7.1).",
    ),
    "bare line feed behind a chunk size": (
        "400",
        "200 POST /a 3, 200 GET /last 0",
        "A line that ends in LF alone may end elsewhere for the next server.",
    ),
}


def outcome(connection, data):
    """Statuses, with the body of those that the function answered, until the close."""
    connection.settimeout(60)
    try:
        connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    finally:
        connection.close()

    found = []
    while received.startswith(b"HTTP/1.1 "):
        head, _, received = received.partition(b"\r\n\r\n")
        status = int(head[9:12])
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        chunked = re.search(rb"(?i)\r\ntransfer-encoding: chunked", head)
        body = b""
        if chunked:
            while (size := int(received.split(b"\r\n", 1)[0], 16)) > 0:
                received = received.split(b"\r\n", 1)[1]
                body += received[:size]
                received = received[size + 2 :]
            received = received.split(b"\r\n\r\n", 1)[1]
        elif length:
            body, received = received[: int(length[1])], received[int(length[1]) :]
        if status != 100:
            found.append(f"{status} {body.decode()}" if status == 200 else str(status))
    return ", ".join(found) if not received else f"{', '.join(found)}, and bytes without a head"


# tests/run fetches one where none is installed.
NGINX = os.environ.get("TEST_NGINX") or shutil.which(
    "nginx", path=os.environ["PATH"] + ":/usr/sbin"
)


@unittest.skipIf(NGINX is None, "nginx is not installed: nothing to compare with")
class Nginx(ServerTest):
    files = {"functions/echo/index.ts": ECHO}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp(prefix="weir-nginx-"))
        conf = cls.folder / "nginx.conf"
        # As root it would serve as somebody who may not enter our folder.
        user = "user root;" if os.getuid() == 0 else ""
        conf.write_text(CONF % {"dir": cls.folder, "port": cls.server.address[1], "user": user})
        cls.nginx = subprocess.Popen(
            [NGINX, "-e", "stderr", "-p", str(cls.folder), "-c", str(conf)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(cls.connect_nginx, "nginx listens").close()

    @classmethod
    def tearDownClass(cls):
        cls.nginx.terminate()
        cls.nginx.wait()
        shutil.rmtree(cls.folder)

    @classmethod
    def connect_nginx(cls):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(cls.folder / "socket"))
        except OSError:
            connection.close()
            return None
        return connection

    def test_cases(self):
        for name, text in CASES.items():
            data = text.encode("latin-1") + LAST
            with self.subTest(name):
                ours = outcome(socket.create_connection(self.server.address), data)
                theirs = outcome(self.connect_nginx(), data)
                if name in DIFFERENCES:
                    wanted_ours, wanted_theirs, reason = DIFFERENCES[name]
                    print(f"# {name}: {ours}; nginx: {theirs}. {reason}", flush=True)
                    self.assertEqual((ours, theirs), (wanted_ours, wanted_theirs))
                else:
                    self.assertEqual(ours, theirs)


if __name__ == "__main__":
    weirtest.main()
