#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who calls, when a proxy stands between, and when somebody only says so."""

import socket
import struct

import weirtest

TELL = """
Deno.serve((request, info) => {
  const headers = {};
  for (const [name, value] of request.headers) {
    if (name.includes("forwarded")) headers[name] = value;
  }
  return Response.json({
    url: request.url,
    address: info.remoteAddr.hostname,
    port: info.remoteAddr.port,
    headers,
  });
});
"""
FILES = {"functions/tell/index.ts": TELL}


class NoProxy(weirtest.ServerTest):
    files = FILES

    def test_what_a_function_is_told(self):
        told = self.server.get("/functions/v1/tell/x?y=1", host="a.example").json
        self.assertEqual(told["address"], "127.0.0.1")
        self.assertNotEqual(told["port"], 0)
        self.assertEqual(told["url"], "http://a.example/tell/x?y=1")
        self.assertEqual(
            told["headers"],
            {
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-host": "a.example",
                "x-forwarded-proto": "http",
            },
        )

    def test_nobody_is_believed(self):
        told = self.server.get(
            "/tell",
            {
                "X-Forwarded-For": "203.0.113.9",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-User": "root",
                "Forwarded": "for=203.0.113.9",
                "X-Deno-Client-Address": "203.0.113.9:1",
            },
            host="a.example",
        ).json
        self.assertEqual(told["address"], "127.0.0.1")
        self.assertEqual(told["url"], "http://a.example/")
        self.assertEqual(
            told["headers"],
            {
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-host": "a.example",
                "x-forwarded-proto": "http",
            },
        )
        event = self.server.wait_event(lambda e: e["type"] == "request")
        self.assertEqual(event["client"], "127.0.0.1")

    def test_the_status_is_not_for_those_behind_a_proxy(self):
        host = f"127.0.0.1:{self.server.address[1]}"
        self.assertEqual(self.server.get("/_weir/status", host=host).status, 200)
        for field in ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"]:
            answer = self.server.get("/_weir/status", {field: "127.0.0.1"}, host=host)
            self.assertEqual(answer.status, 403, field)


class Proxy(weirtest.ServerTest):
    files = FILES | {
        "functions/few/index.ts": TELL,
        "weir.toml": '[functions.few]\nrate_limit = "1/hour"\n',
    }
    arguments = ("--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8")

    def test_the_client_behind_it(self):
        told = self.server.get(
            "/functions/v1/tell/x",
            {
                "X-Forwarded-For": "1.1.1.1, 203.0.113.9:4711, 10.0.0.7",
                "X-Forwarded-Proto": "https, http",
                "X-Forwarded-Host": "a.example, inner.example",
                "Forwarded": "for=2.2.2.2",
            },
        ).json
        self.assertEqual((told["address"], told["port"]), ("203.0.113.9", 4711))
        self.assertEqual(told["url"], "https://a.example/tell/x")
        self.assertEqual(
            told["headers"],
            {
                "x-forwarded-for": "1.1.1.1, 203.0.113.9:4711, 10.0.0.7, 127.0.0.1",
                "x-forwarded-host": "a.example",
                "x-forwarded-proto": "https",
            },
        )
        event = self.server.wait_event(lambda e: e.get("target") == "/functions/v1/tell/x")
        self.assertEqual(event["client"], "203.0.113.9")

    def test_an_ipv6_client_without_a_port(self):
        told = self.server.get("/tell", {"X-Forwarded-For": "2001:db8::1"}).json
        self.assertEqual(told["address"], "2001:db8::1")

    def test_nonsense(self):
        for value in ["", "unknown", ",,,", "1.1.1.1, \x80", "a" * 5000]:
            told = self.server.get("/tell", {"X-Forwarded-For": value, "X-Forwarded-Host": "a/b"}).json
            self.assertEqual(told["address"], "127.0.0.1", value)
            self.assertEqual(told["url"], "http://127.0.0.1/")

    def test_limits_are_by_client(self):
        def ask(client):
            return self.server.get("/few", {"X-Forwarded-For": client}).status

        self.assertEqual([ask("203.0.113.1"), ask("203.0.113.1")], [200, 429])
        self.assertEqual([ask("203.0.113.2"), ask("203.0.113.2")], [200, 429])
        self.assertEqual(ask("203.0.113.3, 203.0.113.2"), 429)
        self.assertEqual([ask("2001:db8::1"), ask("2001:db8::2"), ask("2001:db8:0:1::1")], [200, 429, 200])


class ForwardedProxy(weirtest.ServerTest):
    files = FILES | {
        "weir.toml": 'trusted_proxies = ["127.0.0.0/8"]\nproxy_headers = "forwarded"\n'
    }

    def test_rfc_7239(self):
        told = self.server.get(
            "/tell",
            {
                "Forwarded": 'for="[2001:db8::1]:4711";proto=https;host=a.example',
                "X-Forwarded-For": "2.2.2.2",
                "X-Forwarded-Proto": "http",
            },
        ).json
        self.assertEqual((told["address"], told["port"]), ("2001:db8::1", 4711))
        self.assertEqual(told["url"], "https://a.example/")
        self.assertEqual(
            told["headers"],
            {
                "forwarded": 'for="[2001:db8::1]:4711";proto=https;host=a.example, for=127.0.0.1',
                "x-forwarded-for": "2001:db8::1, 127.0.0.1",
                "x-forwarded-host": "a.example",
                "x-forwarded-proto": "https",
            },
        )


def proxy_header(source, port=51000, command=0x21, extension=b""):
    """Version 2 of the PROXY protocol, as a proxy sends it before anything else."""
    family, client = (socket.AF_INET6, 0x21) if ":" in source else (socket.AF_INET, 0x11)
    here = "::1" if ":" in source else "192.0.2.1"
    rest = socket.inet_pton(family, source) + socket.inet_pton(family, here)
    rest += struct.pack(">HH", port, 443) + extension
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([command, client]) + struct.pack(">H", len(rest)) + rest


class ProxyProtocol(weirtest.ServerTest):
    files = FILES | {
        "functions/few/index.ts": TELL,
        "weir.toml": '[functions.few]\nrate_limit = "1/hour"\n'
        '[adapters.native]\nproxy_protocol = ["127.0.0.1"]\nmax_connections_per_address = 2\n',
    }
    arguments = ("--adapter", "native")

    def connect(self, *begin):
        client = self.server.client()
        self.addCleanup(client.close)
        for piece in begin:
            client.send(piece)
        return client

    def tell(self, client, headers=None, target="/tell"):
        return client.request("GET", target, headers).response()

    def test_who_calls(self):
        client = self.connect(proxy_header("203.0.113.7"))
        for _ in range(2):
            told = self.tell(client, {"X-Forwarded-For": "1.1.1.1"}).json
            self.assertEqual((told["address"], told["port"]), ("203.0.113.7", 51000))
            self.assertEqual(told["headers"]["x-forwarded-for"], "203.0.113.7")

    def test_ipv6_with_extensions(self):
        client = self.connect(proxy_header("2001:db8::7", extension=b"\x02\x00\x0bexample.com"))
        self.assertEqual(self.tell(client).json["address"], "2001:db8::7")

    def test_in_pieces_and_all_at_once(self):
        header = proxy_header("203.0.113.8")
        request = b"GET /tell HTTP/1.1\r\nHost: a\r\n\r\n"
        client = self.connect(header + request)
        self.assertEqual(client.response().json["address"], "203.0.113.8")
        client = self.connect(*[bytes([byte]) for byte in header + request])
        self.assertEqual(client.response().json["address"], "203.0.113.8")

    def test_the_proxy_itself(self):
        client = self.connect(proxy_header("203.0.113.7", command=0x20))
        self.assertEqual(self.tell(client).json["address"], "127.0.0.1")

    def test_closed_without_an_answer(self):
        for begin in [
            b"GET /tell HTTP/1.1\r\nHost: a\r\n\r\n",
            b"PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\r\n",
            proxy_header("203.0.113.7", command=0x22),
            proxy_header("203.0.113.7", extension=b"\x01\x00\x09a"),
        ]:
            self.assertTrue(self.connect(begin).at_end(), begin)

    def test_limits_are_by_client(self):
        def ask(source):
            return self.tell(self.connect(proxy_header(source)), target="/few").status

        self.assertEqual([ask("203.0.113.21"), ask("203.0.113.21")], [200, 429])
        self.assertEqual(ask("203.0.113.22"), 200)

    def test_connections_are_by_client(self):
        clients = [self.connect(proxy_header("203.0.113.31")) for _ in range(2)]
        self.assertEqual([self.tell(client).status for client in clients], [200, 200])
        self.assertEqual(self.connect(proxy_header("203.0.113.31")).response().status, 503)
        self.assertEqual(self.tell(self.connect(proxy_header("203.0.113.32"))).status, 200)


class NoProxyProtocol(weirtest.ServerTest):
    files = FILES | {"weir.toml": '[adapters.native]\nproxy_protocol = ["10.0.0.0/8", "unix"]\n'}
    arguments = ("--adapter", "native")

    def test_nobody_else_is_believed(self):
        with self.server.client() as client:
            client.send(proxy_header("203.0.113.7") + b"GET /tell HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(client.response().status, 400)
        self.assertEqual(self.server.get("/tell").json["address"], "127.0.0.1")


if __name__ == "__main__":
    weirtest.main()
