#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Requests and responses, from a client's socket to a real Deno worker and back."""

import threading

import weirtest
from weirtest import ServerTest, wait_until

ECHO = """
Deno.serve(async (req, info) => {
  const url = new URL(req.url);
  if (url.pathname.endsWith("/body")) return new Response(await req.text());
  if (url.pathname.endsWith("/stream")) return new Response(req.body);
  return Response.json({
    method: req.method, url: req.url, headers: [...req.headers],
    remote: info.remoteAddr, body: await req.text(),
  });
});
"""

SHAPES = """
const gone: string[] = [];
Deno.serve(async (req) => {
  const url = new URL(req.url);
  switch (url.pathname.split("/").pop()) {
    case "204": return new Response(null, { status: 204 });
    case "304": return new Response(null, { status: 304, headers: { etag: '"a"' } });
    case "redirect": return new Response(null, { status: 302, headers: { location: "/elsewhere?x=1" } });
    case "cookies": {
      const headers = new Headers();
      for (const c of ["a=1; Path=/", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "c=3"]) headers.append("set-cookie", c);
      return new Response("cookies", { headers });
    }
    case "early": return new Response("enough", { status: 413 });
    case "encoded": return new Response(new Uint8Array([31, 139, 8, 0]), { headers: { "content-encoding": "gzip" } });
    case "hold": {
      gone.push("waiting");
      return await new Promise((resolve) => {
        req.signal.addEventListener("abort", () => { gone.push("aborted"); resolve(new Response("late")); });
      });
    }
    case "gone": return Response.json(gone);
    case "sse": {
      let n = 0;
      const proceed = new Promise<void>((r) => { release = r; });
      return new Response(new ReadableStream({
        async pull(controller) {
          if (n === 1) await proceed;
          controller.enqueue(new TextEncoder().encode(`data: ${n}\\n\\n`));
          if (++n === 3) controller.close();
        },
      }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } });
    }
    case "release": release(); return new Response("released");
    case "download": {
      let left = Number(url.searchParams.get("bytes"));
      const block = new Uint8Array(65536).fill(120);
      return new Response(new ReadableStream({
        pull(controller) {
          if (left <= 0) return controller.close();
          controller.enqueue(left >= block.length ? block : block.subarray(0, left));
          left -= block.length;
        },
      }));
    }
    case "upload": {
      let total = 0;
      for await (const chunk of req.body!) total += chunk.length;
      return Response.json({ total });
    }
    default: return new Response("plain", { headers: { "x-one": "1" } });
  }
});
let release = () => {};
"""

SOCKET = """
Deno.serve((req) => {
  if (req.headers.get("upgrade") !== "websocket") return new Response("upgrade, please", { status: 426 });
  const offered = (req.headers.get("sec-websocket-protocol") ?? "").split(", ").filter(Boolean);
  const { socket, response } = Deno.upgradeWebSocket(req, offered.length ? { protocol: offered[1] ?? offered[0] } : {});
  socket.onmessage = (e) => socket.send(e.data);
  return response;
});
"""

GIB = 1 << 30


class Http(ServerTest):
    files = {
        "functions/echo/index.ts": ECHO,
        "functions/shapes/index.ts": SHAPES,
        "functions/socket/index.ts": SOCKET,
    }

    def test_url_is_what_the_client_used(self):
        with self.server.client() as client:
            client.request("GET", "/functions/v1/echo/a%20b/c?x=1&y=%2F", host="api.example.test:8443")
            answer = client.response().json
        self.assertEqual(answer["url"], "http://api.example.test:8443/echo/a%20b/c?x=1&y=%2F")

    def test_plain_route_strips_the_name(self):
        host = f"{self.server.address[0]}:{self.server.address[1]}"
        for target, seen in [("/echo/world", "/world"), ("/echo", "/"), ("/echo/", "/"), ("/echo?a=1", "/?a=1")]:
            with self.subTest(target), self.server.client() as client:
                client.request("GET", target, host=host)
                self.assertEqual(client.response().json["url"], f"http://{host}{seen}")

    def test_supabase_route_keeps_the_name(self):
        for target, seen in [("/functions/v1/echo", "/echo"), ("/functions/v1/echo/7?x=1", "/echo/7?x=1")]:
            with self.subTest(target):
                answer = self.server.get(target).json
                self.assertEqual(answer["url"], f"http://127.0.0.1{seen}")

    def test_every_method_reaches_the_function(self):
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]:
            with self.subTest(method):
                answer = self.server.request(method, "/functions/v1/echo", body=b"" if method != "GET" else None)
                self.assertEqual(answer.json["method"], method)

    def test_other_methods_are_refused(self):
        for method in ["TRACE", "PROPFIND"]:
            with self.subTest(method):
                answer = self.server.request(method, "/functions/v1/echo")
                self.assertEqual(answer.status, 405)
                self.assertIn("GET", answer.header("allow"))

    def test_request_headers_and_remote_address(self):
        with self.server.client() as client:
            port = client.socket.getsockname()[1]
            client.request("GET", "/echo", {
                "X-Thing": "a, b", "X-Deno-Client-Address": "9.9.9.9:9", "X-Auth-Claims": "spoofed",
            })
            answer = client.response().json
        headers = dict(answer["headers"])
        self.assertEqual(headers["x-thing"], "a, b")
        self.assertNotIn("x-auth-claims", headers)
        self.assertNotIn("x-deno-client-address", headers)
        self.assertEqual(answer["remote"]["hostname"], "127.0.0.1")
        self.assertEqual(answer["remote"]["port"], port)

    def test_request_id(self):
        answer = self.server.get("/echo", {"X-Request-Id": "abc-123"})
        self.assertEqual(answer.header("x-request-id"), "abc-123")
        self.assertEqual(dict(answer.json["headers"])["x-request-id"], "abc-123")
        for bad in ["a b", "x" * 65, "ü"]:
            answer = self.server.request("GET", "/echo", {"X-Request-Id": bad.encode("utf-8").decode("latin-1")})
            self.assertNotEqual(answer.header("x-request-id"), bad)
            self.assertRegex(answer.header("x-request-id"), r"^[A-Za-z0-9._-]{8,64}$")

    def test_bodies_both_ways(self):
        body = bytes(range(256)) * 5000
        with self.server.client() as client:
            client.request("POST", "/echo/stream", body=body)
            self.assertEqual(client.response().body, body)
            client.send("POST /echo/body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "5\r\nhello\r\n6; ext=1\r\n world\r\n0\r\n\r\n")
            self.assertEqual(client.response().text, "hello world")

    def test_keep_alive_and_pipelining(self):
        with self.server.client() as client:
            for n in range(3):
                client.request("GET", f"/echo?n={n}")
            for n in range(3):
                self.assertTrue(client.response().json["url"].endswith(f"?n={n}"))

    def test_head(self):
        with self.server.client() as client:
            client.request("HEAD", "/shapes/plain")
            answer = client.response("HEAD")
            self.assertEqual((answer.status, answer.header("content-length")), (200, "5"))
            client.request("GET", "/shapes/plain")
            self.assertEqual(client.response().text, "plain")

    def test_no_body_statuses_keep_the_connection(self):
        with self.server.client() as client:
            for status in [204, 304]:
                client.request("GET", f"/shapes/{status}")
                answer = client.response()
                self.assertEqual(answer.status, status)
                self.assertIsNone(answer.header("transfer-encoding"))
            client.request("GET", "/shapes/plain")
            self.assertEqual(client.response().text, "plain")

    def test_redirect_is_not_followed(self):
        answer = self.server.get("/shapes/redirect")
        self.assertEqual((answer.status, answer.header("location")), (302, "/elsewhere?x=1"))

    def test_cookies_stay_apart(self):
        self.assertEqual(self.server.get("/shapes/cookies").all("set-cookie"),
                         ["a=1; Path=/", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "c=3"])

    def test_one_date_and_no_server(self):
        answer = self.server.get("/shapes/plain")
        self.assertEqual(len(answer.all("date")), 1)
        self.assertEqual(answer.all("server"), [])

    def test_content_encoding_is_untouched(self):
        answer = self.server.get("/shapes/encoded")
        self.assertEqual((answer.header("content-encoding"), answer.body), ("gzip", b"\x1f\x8b\x08\x00"))

    def test_expect_continue(self):
        with self.server.client() as client:
            client.send("POST /echo/body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            self.assertEqual(client.read_head().status, 100)
            client.send("hello")
            self.assertEqual(client.response().text, "hello")

    def test_expect_continue_refused_early(self):
        with self.server.client() as client:
            client.send("POST /nowhere HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            self.assertEqual(client.read_head().status, 404)

    def test_early_answer_to_an_upload(self):
        with self.server.client() as client:
            client.send("POST /shapes/early HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n" + "x" * 1000)
            answer = client.read_head()
            self.assertEqual(answer.status, 413)
        self.assertEqual(self.server.get("/shapes/plain").text, "plain")

    def test_client_abort_reaches_the_function(self):
        client = self.server.client()
        client.request("GET", "/shapes/hold")
        wait_until(lambda: "waiting" in self.server.get("/shapes/gone").json, "the function waits")
        client.close()
        wait_until(lambda: "aborted" in self.server.get("/shapes/gone").json, "req.signal fired")

    def test_events_are_flushed_at_once(self):
        with self.server.client() as client:
            client.request("GET", "/shapes/sse")
            self.assertEqual(client.read_head().header("content-type"), "text/event-stream")
            self.assertEqual(client.read_chunk(), b"data: 0\n\n")
            # Only now does the function go on, so nothing was held back.
            self.assertEqual(self.server.get("/shapes/release").text, "released")
            rest = b""
            while chunk := client.read_chunk():
                rest += chunk
            self.assertEqual(rest, b"data: 1\n\ndata: 2\n\n")

    def test_gibibyte_down(self):
        self.server.get("/shapes/download?bytes=1000")
        before = peak = self.server.rss()
        total = 0
        with self.server.client() as client:
            client.request("GET", f"/shapes/download?bytes={GIB}")
            client.read_head()
            while chunk := client.read_chunk():
                total += len(chunk)
                if total % (64 << 20) < 65536:
                    peak = max(peak, self.server.rss())
        self.assertEqual(total, GIB)
        self.assertLess(peak - before, 16 * 1024)

    def test_gibibyte_up(self):
        self.server.post("/shapes/upload", b"warm")
        before = peak = self.server.rss()
        block = b"x" * (1 << 20)
        with self.server.client(timeout=60) as client:
            client.send(f"POST /shapes/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {GIB}\r\n\r\n")
            for n in range(GIB // len(block)):
                client.send(block)
                if n % 64 == 0:
                    peak = max(peak, self.server.rss())
            self.assertEqual(client.response().json["total"], GIB)
        self.assertLess(peak - before, 16 * 1024)

    def test_slow_reader_is_waited_for(self):
        before = self.server.rss()
        with self.server.client() as client:
            client.request("GET", f"/shapes/download?bytes={256 << 20}")
            client.read_head()
            first = client.read_chunk()
            self.assertTrue(first)
            # The rest stays in the worker while nobody reads.
            for _ in range(20):
                self.server.get("/shapes/plain")
            self.assertLess(self.server.rss() - before, 16 * 1024)

    def test_many_at_once(self):
        wrong = []

        def work(n):
            with self.server.client() as client:
                for turn in range(50):
                    text = f"{n}-{turn}".encode()
                    client.request("POST", "/echo/body", body=text)
                    if client.response().body != text:
                        wrong.append((n, turn))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(wrong, [])


class WebSockets(ServerTest):
    files = {"functions/socket/index.ts": SOCKET, "functions/echo/index.ts": ECHO}

    HANDSHAKE = ("GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n")

    @staticmethod
    def frame(data):
        mask = b"\x01\x02\x03\x04"
        return bytes([0x81, 0x80 | len(data)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data))

    def read_frame(self, client):
        head = client.file.read(2)
        return head[0] & 15, client.file.read(head[1] & 127)

    def test_echo_with_early_frame(self):
        with self.server.client() as client:
            # The first frame travels with the handshake: it must not be lost.
            client.send(self.HANDSHAKE.format("").encode() + self.frame(b"early"))
            answer = client.read_head()
            self.assertEqual(answer.status, 101)
            self.assertEqual(answer.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            self.assertEqual(self.read_frame(client), (1, b"early"))
            for n in range(100):
                client.send(self.frame(str(n).encode()))
                self.assertEqual(self.read_frame(client), (1, str(n).encode()))

    def test_sub_protocols_without_spaces(self):
        with self.server.client() as client:
            client.send(self.HANDSHAKE.format("Sec-WebSocket-Protocol: one,two\r\n"))
            answer = client.read_head()
            self.assertEqual((answer.status, answer.header("sec-websocket-protocol")), (101, "two"))

    def test_refusal_passes_through(self):
        answer = self.server.get("/socket")
        self.assertEqual((answer.status, answer.text), (426, "upgrade, please"))

    def test_worker_gone_closes_the_socket(self):
        with self.server.client() as client:
            client.send(self.HANDSHAKE.format(""))
            self.assertEqual(client.read_head().status, 101)
            for pid in self.server.worker_pids():
                weirtest.os.kill(pid, weirtest.signal.SIGKILL)
            self.assertTrue(client.at_end())


if __name__ == "__main__":
    weirtest.main()
