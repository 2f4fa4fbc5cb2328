#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who calls, when a proxy stands between, and when somebody only says so."""

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


if __name__ == "__main__":
    weirtest.main()
