#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may call: JSON Web Tokens of a secret, and of keys that a server hands out well or badly."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

import weirtest
from weirtest import wait_until

SECRET = "a secret that no log may ever show"
SEES = """
Deno.serve((req) => {
  const claims = req.headers.get("x-auth-claims");
  if (req.headers.get("upgrade") === "websocket") return Deno.upgradeWebSocket(req).response;
  return Response.json(claims && JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))));
});
"""


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims, secret=SECRET, **header):
    parts = [encode(json.dumps(p).encode()) for p in ({"alg": "HS256", **header}, claims)]
    text = ".".join(parts)
    return f"{text}.{encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"


def bearer(*args, **kwargs):
    return {"Authorization": f"Bearer {token(*args, **kwargs)}"}


def jwks(**keys):
    return json.dumps({"keys": [
        {"kty": "oct", "kid": name, "alg": "HS256", "k": encode(secret.encode())}
        for name, secret in keys.items()
    ]}).encode()


class Keys:
    """A server of keys, which does as the test says."""

    def __init__(self):
        self.answer = lambda handler: self.send(handler, jwks(one="the first secret of the server"))
        self.asked = 0
        keys = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                keys.asked += 1
                keys.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def send(self, handler, body, status=200, **headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:
            pass

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Secret(weirtest.ServerTest):
    files = {
        "weir.toml": f"""
[authenticators.jwt]
secret = "{SECRET}"
issuer = ["me", "you"]
clock_tolerance_ms = 5000

[functions.open]
auth = "public"

[functions.maybe]
auth = "optional"

[defaults]
cors_origins = ["http://page.test"]
""",
        "functions/closed/index.ts": SEES,
        "functions/open/index.ts": SEES,
        "functions/maybe/index.ts": SEES,
        "functions/own/index.ts": SEES,
        "functions/own/function.json": '{ "auth": false, "corsOrigins": ["*"] }',
    }

    def test_knows_who_calls(self):
        claims = {"iss": "me", "sub": "ada", "exp": time.time() + 60}
        answer = self.server.get("/closed", bearer(claims))
        self.assertEqual((answer.status, answer.json["sub"]), (200, "ada"))
        self.assertEqual(self.server.get("/functions/v1/closed", bearer(claims)).json["sub"], "ada")

    def test_refuses(self):
        now = time.time()
        cases = [
            ({}, "The request does not say who calls"),
            ({"X-Auth-Claims": "eyJzdWIiOiJhIn0"}, "The request does not say who calls"),
            (bearer({"iss": "me"}, secret="another secret"), "The signature of the token is wrong"),
            (bearer({"iss": "they"}), "The token is of another issuer"),
            (bearer({"iss": "me", "exp": now - 10}), "The token has expired"),
            (bearer({"iss": "me", "nbf": now + 60}), "The token is not valid yet"),
            (bearer({"iss": "me"}, alg="none"), "The token is signed in a way that is not taken"),
            (bearer({"iss": "me", "pad": "x" * 20000}), "The token is too long"),
            ({"Authorization": "Bearer x.y.z"}, "The token is not a JSON Web Token"),
        ]
        for headers, message in cases:
            answer = self.server.get("/closed", headers)
            self.assertEqual((answer.status, answer.json["error"]["message"]), (401, message))
            self.assertEqual(answer.header("www-authenticate"), "Bearer")

    def test_tolerance(self):
        self.assertEqual(self.server.get("/closed", bearer({"iss": "me", "exp": time.time() - 1})).status, 200)

    def test_policies(self):
        bad = bearer({"iss": "they"})
        self.assertEqual(self.server.get("/open", bad).json, None)
        self.assertEqual(self.server.get("/own", bad).json, None)
        self.assertEqual(self.server.get("/maybe").json, None)
        self.assertEqual(self.server.get("/maybe", bad).status, 401)
        self.assertEqual(self.server.get("/maybe", bearer({"iss": "you"})).json, {"iss": "you"})

    def send(self, target, *fields):
        with self.server.client() as client:
            client.send("\r\n".join([f"GET {target} HTTP/1.1", "Host: a", *fields, "", ""]))
            return client.response()

    def test_two_authorizations(self):
        good, other = (f"Authorization: Bearer {token({'iss': 'me', 'sub': name})}" for name in ("ada", "eve"))
        for fields in [(good, good), (good, other), ("Authorization: Basic YTpi", good), (good, "Authorization: x")]:
            for path in ("/closed", "/maybe"):
                answer = self.send(path, *fields)
                self.assertEqual((answer.status, answer.json["error"]["message"]),
                                 (401, "There is more than one token in the request"))
        self.assertEqual(self.send("/maybe", "Authorization: Basic YTpi", "Authorization: Basic YTpi").json, None)

    def test_malformed(self):
        """Refused where one has to say who calls, and where one need not."""
        good = token({"iss": "me"})
        for value in ["..", "a.b.c.d", good + "x", good[1:], good + ", Bearer " + good, "\xff\xfe", "a" * 20000,
                      good.replace(".", ". "), "=" * 30, "." * 3000, "e30.e30.e30"]:
            for path in ("/closed", "/maybe"):
                with self.server.client() as client:
                    client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {value}\r\n\r\n"
                                .encode("latin-1"))
                    self.assertEqual(client.response().status, 401, value[:40])
        self.assertEqual(self.send("/closed", "Authorization: Bearer " + "a" * 70000).status, 431)
        self.assertEqual(self.send("/closed", "Authorization: Bearer", f" {good}").status, 400)

    def test_websocket(self):
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        good = token({"iss": "me"})
        for target, headers, status in [
            ("/closed", {}, 401), ("/closed", {"Authorization": f"Bearer {good}"}, 101),
            (f"/closed?token={good}", {}, 101),
            ("/closed", {"Sec-WebSocket-Protocol": "chat", "sec-websocket-protocol": f"x, jwt-{good}"}, 101),
            ("/maybe", {"Sec-WebSocket-Protocol": "chat", "sec-websocket-protocol": f"jwt-{good}x"}, 401), (f"/closed?jwt={good}x", {}, 401), ("/open", {}, 101),
        ]:
            with self.server.client() as client:
                client.request("GET", target, {**upgrade, **headers})
                self.assertEqual(client.response().status, status, target)

    def test_cors(self):
        ask = {"Origin": "http://page.test", "Access-Control-Request-Method": "PUT"}
        answer = self.server.request("OPTIONS", "/closed", ask)
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(answer.header("access-control-allow-origin"), "http://page.test")
        self.assertEqual(answer.header("vary"), "Origin")
        answer = self.server.request("OPTIONS", "/closed", {**ask, "Origin": "http://other.test"})
        self.assertIsNone(answer.header("access-control-allow-origin"))
        answer = self.server.request("OPTIONS", "/own", {**ask, "Origin": "http://other.test"})
        self.assertEqual(answer.header("access-control-allow-origin"), "*")
        answer = self.server.get("/closed", {"Origin": "http://page.test"})
        self.assertEqual((answer.status, answer.header("access-control-allow-origin")), (401, "http://page.test"))

    def test_nothing_secret_is_logged(self):
        good = token({"iss": "me"})
        self.server.get("/closed", {"Authorization": f"Bearer {good}"})
        self.server.get("/closed", {"Authorization": f"Bearer {good}x"})
        said = json.dumps(self.server.events) + self.server.stderr
        self.assertNotIn(SECRET, said)
        self.assertNotIn(good.split(".")[2], said)


class Fetched(weirtest.unittest.TestCase):
    FIRST = "the first secret of the server"
    SECOND = "the second secret of the server"

    def setUp(self):
        self.keys = Keys()
        self.project = None

    def start(self, options=""):
        self.project = weirtest.Project({
            "weir.toml": f'[authenticators.jwt]\njwks_url = "{self.keys.url}"\njwks_retry_ms = 100\n{options}',
            "functions/f/index.ts": SEES,
        })
        self.server = weirtest.Server(self.project)

    def tearDown(self):
        status = self.server.stop() if self.project else 0
        self.keys.close()
        if self.project:
            self.project.remove()
        self.assertEqual(status, 0)

    def call(self, secret, kid):
        return self.server.get("/f", bearer({"sub": "ada"}, secret=secret, kid=kid)).status

    def test_rotates(self):
        self.start()
        self.assertEqual(self.call(self.FIRST, "one"), 200)
        self.keys.answer = lambda h: self.keys.send(h, jwks(two=self.SECOND))
        wait_until(lambda: self.call(self.SECOND, "two") == 200, "the new key")
        self.assertEqual(self.call(self.FIRST, "one"), 401, "an old key, and a token that was remembered")

    def test_asks_at_its_own_pace(self):
        self.start("jwks_refresh_ms = 60000\n")
        self.assertEqual(self.call(self.FIRST, "one"), 200)
        before = self.keys.asked
        started = time.monotonic()
        for i in range(50):
            self.assertEqual(self.call("guess number one or so", f"kid{i}"), 401)
        most = (time.monotonic() - started) / 0.1 + 2
        self.assertLessEqual(self.keys.asked - before, most)

    def test_starts_without_keys(self):
        self.keys.answer = lambda h: self.keys.send(h, b"not today", status=503)
        self.start()
        self.assertEqual(self.call(self.FIRST, "one"), 401)
        self.keys.answer = lambda h: self.keys.send(h, jwks(one=self.FIRST))
        wait_until(lambda: self.call(self.FIRST, "one") == 200, "the keys")

    def test_bad_servers_change_nothing(self):
        self.start()
        self.assertEqual(self.call(self.FIRST, "one"), 200)
        elsewhere = Keys()
        elsewhere.answer = lambda h: elsewhere.send(h, jwks(evil="the secret of someone else"))
        bad = [
            lambda h: self.keys.send(h, b"{"),
            lambda h: self.keys.send(h, b'{"keys":[]}'),
            lambda h: self.keys.send(h, b"[" * 100000),
            lambda h: self.keys.send(h, b" " * 300000 + jwks(evil="the secret of someone else")),
            lambda h: self.keys.send(h, b"", status=302, Location=elsewhere.url),
            lambda h: self.keys.send(h, b"", status=500),
        ]
        for answer in bad:
            self.keys.answer = answer
            before = self.keys.asked
            wait_until(lambda: self.call("the secret of someone else", "evil") == 401
                       and self.keys.asked > before, "another try")
            self.assertEqual(self.call(self.FIRST, "one"), 200)
        self.assertEqual(elsewhere.asked, 0)
        elsewhere.close()
        said = self.server.stderr + json.dumps(self.server.events)
        self.assertIn("redirects", said)
        self.assertIn("larger than 256 KiB", said)

    def test_slow_server_lets_nobody_in(self):
        gate = threading.Event()
        self.keys.answer = lambda h: (gate.wait(weirtest.WATCHDOG), self.keys.send(h, jwks(one=self.FIRST)))
        self.start()
        with self.server.client() as client:
            client.request("GET", "/f", bearer({"sub": "ada"}, secret=self.FIRST, kid="one"))
            self.assertEqual(client.response().status, 401)
        gate.set()

    def test_where_keys_may_come_from(self):
        for url in ("http://keys.example.com/k", "ftp://127.0.0.1/k", "https://u:p@127.0.0.1/k", "nonsense"):
            project = weirtest.Project({
                "weir.toml": f'[authenticators.jwt]\njwks_url = "{url}"\n', "functions/f/index.ts": SEES,
            })
            server = weirtest.Server(project, expect_start=False)
            self.assertNotEqual(server.process.wait(20), 0, url)
            server.stop()
            self.assertIn("jwks_url", server.stderr + json.dumps(server.events))
            project.remove()


# Signs what it is sent, with a key pair of its own.
SIGNS = """
const { publicKey, privateKey } = await crypto.subtle.generateKey(
  { name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
const encode = (bytes) => new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true });
const part = (value) => encode(new TextEncoder().encode(JSON.stringify(value)));
Deno.serve(async (req) => {
  if (req.method === "GET") {
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
    return Response.json({ keys: [{ kty, crv, x, y, kid: "one" }] });
  }
  const text = `${part({ alg: "ES256", kid: "one" })}.${part(await req.json())}`;
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" }, privateKey, new TextEncoder().encode(text));
  return new Response(`${text}.${encode(signature)}`);
});
"""


class Issuer(Keys):
    """One that says by discovery where its keys are; each has a secret of its own."""

    def __init__(self, secret, name="/"):
        super().__init__()
        self.secret, self.kid = secret, "one"
        self.base = self.url.removesuffix("/keys")
        self.issuer = f"{self.base}{name}".removesuffix("/")
        self.paths = []
        self.document = {"issuer": self.issuer + "/", "jwks_uri": self.url}
        self.answer = self.tell

    def tell(self, handler):
        self.paths.append(handler.path)
        if handler.path.endswith("/.well-known/openid-configuration"):
            self.send(handler, json.dumps(self.document).encode())
        else:
            self.send(handler, jwks(**{self.kid: self.secret}))


class Issuers(weirtest.unittest.TestCase):
    """Several at a time: each token is for the keys of its issuer alone."""

    A, B, C = (f"the secret of issuer {name}" for name in "ABC")

    def setUp(self):
        self.issuers = [Issuer(self.A), Issuer(self.B, "/tenant")]
        for issuer in self.issuers:
            self.addCleanup(issuer.close)

    def start(self, toml, files=None, **more):
        self.project = weirtest.Project({"weir.toml": toml, "functions/f/index.ts": SEES, **(files or {})}, **more)
        self.addCleanup(self.project.remove)
        self.server = weirtest.Server(self.project)
        self.addCleanup(self.server.stop)

    def call(self, secret, claims, path="/f", **header):
        answer = self.server.get(path, bearer(claims, secret=secret, **header))
        return answer.json["sub"] if answer.status == 200 else (answer.status, answer.json)

    def refusal(self, *args, **kwargs):
        status, body = self.call(*args, **kwargs)
        return (status, body["error"]["message"])

    def test_each_by_its_own_keys(self):
        a, b = self.issuers
        self.start(f"""
[auth]
authenticators = ["first", "second", "third"]

[authenticators.first]
type = "jwt"
issuer_url = "{a.issuer}"
audience = ["app-a"]
jwks_retry_ms = 100

[authenticators.second]
type = "jwt"
issuer_url = "{b.issuer}/"
audience = ["app-b"]
jwks_retry_ms = 100

[authenticators.third]
type = "jwt"
issuer = ["third"]
secret = "{self.C}"
""")
        ours = {"iss": a.issuer + "/", "sub": "ada", "aud": "app-a"}
        theirs = {"iss": b.issuer, "sub": "bob", "aud": ["app-b"]}
        wait_until(lambda: self.call(self.A, ours, kid="one") == "ada", "the keys of the first")
        wait_until(lambda: self.call(self.B, theirs, kid="one") == "bob", "the keys of the second")
        self.assertEqual(self.call(self.C, {"iss": "third", "sub": "eve"}), "eve")
        self.assertIn("/tenant/.well-known/openid-configuration", b.paths)
        # Issuers write their name with a slash and without.
        self.assertEqual(self.call(self.A, {**ours, "iss": a.issuer}, kid="one"), "ada")
        wrong = "The signature of the token is wrong"
        for secret, claims, why in [
            (self.B, ours, wrong), (self.A, theirs, wrong), (self.C, ours, wrong),
            (self.A, {"iss": "third"}, "There is no key to check the token with"),
            (self.A, {**ours, "aud": "app-b"}, "The token is for another audience"),
            (self.A, {**ours, "iss": a.issuer + "x"}, "The token is of another issuer"),
            (self.A, {"sub": "ada"}, "The token is of another issuer"),
            (self.A, {**ours, "exp": 1}, "The token has expired"),
        ]:
            self.assertEqual(self.refusal(secret, claims, kid="one"), (401, why), claims)

    def test_of_a_supabase_project(self):
        firm = self.issuers[1]
        keys, there = [], threading.Event()

        def answer(handler):
            if handler.path != "/keys":
                firm.tell(handler)
            elif there.wait(weirtest.WATCHDOG):
                firm.send(handler, keys[0])

        firm.answer = answer
        anon = ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6ImFub24iLCJleHAiOjE5ODM4"
                "MTI5OTZ9.CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0")
        self.start("", {
            "supabase/functions/g/index.ts": SEES, "supabase/functions/sign/index.ts": SIGNS,
            "supabase/config.toml": f"""
[functions.sign]
verify_jwt = false
[auth.third_party.workos]
enabled = true
issuer_url = "{firm.issuer}"
"""}, functions="supabase/functions")

        path = "/functions/v1/g"
        secret = "super-secret-jwt-token-with-at-least-32-characters-long"
        refused = (401, {"msg": "Invalid JWT"})

        def sign(claims):
            return self.server.post("/functions/v1/sign", json.dumps(claims)).text

        def call(text):
            answer = self.server.get(path, {"Authorization": f"Bearer {text}"})
            return answer.json if answer.status == 200 else (answer.status, answer.json)

        keys.append(self.server.get("/functions/v1/sign").body)
        there.set()
        theirs = {"iss": firm.issuer, "sub": "ada", "role": "authenticated"}
        wait_until(lambda: call(sign(theirs)) == theirs, "the keys of the third party", weirtest.WATCHDOG)
        self.assertEqual(call(anon)["role"], "anon")
        self.assertEqual(self.call(secret, {"sub": "bob", "iss": "supabase-demo"}, path), "bob")
        # Neither is for the other's keys, whatever a token says of itself.
        self.assertEqual(call(sign({**theirs, "iss": "supabase-demo"})), refused)
        self.assertEqual(call(sign({"sub": "ada"})), refused)
        self.assertEqual(self.call(secret, theirs, path), refused)
        self.assertEqual(call(sign({**theirs, "exp": 1})), refused)
        self.assertEqual(self.server.get(path).json, {"msg": "Error: Missing authorization header"})

    def test_bad_discovery(self):
        a, b = self.issuers
        self.start(f"""
[authenticators.jwt]
issuer_url = "{a.issuer}"
jwks_retry_ms = 100
""")
        ours = {"iss": a.issuer, "sub": "ada"}
        wait_until(lambda: self.call(self.A, ours, kid="one") == "ada", "the keys")
        good = a.document
        for document in [
            {"issuer": b.issuer, "jwks_uri": b.url}, {"jwks_uri": a.url}, {"issuer": a.issuer},
            {"issuer": a.issuer, "jwks_uri": 1}, {"issuer": a.issuer, "jwks_uri": "http://keys.example.com/k"}, [],
        ]:
            a.document = document
            # The keys go too, so that the place of the keys is looked for again.
            a.answer = lambda h: a.tell(h) if "well-known" in h.path else a.send(h, b"", status=410)
            before = len(a.paths)
            wait_until(lambda: self.refusal(self.B, ours, kid="other")[0] == 401 and len(a.paths) > before, "a try")
            self.assertEqual(self.call(self.A, ours, kid="one"), "ada", document)
        self.assertEqual(b.asked, 0)
        a.document, a.answer, a.secret, a.kid = good, a.tell, self.C, "two"
        wait_until(lambda: self.call(self.C, ours, kid="two") == "ada", "the new key")


class Elsewhere(weirtest.ServerTest):
    files = {
        "weir.toml": f'[authenticators.jwt]\nsecret = "{SECRET}"\ntoken_location = "cookie"\ntoken_name = "who"\n',
        "functions/f/index.ts": SEES,
    }

    def test_cookie(self):
        good = token({"sub": "ada"})
        self.assertEqual(self.server.get("/f", {"Cookie": f"a=b; who={good}"}).json, {"sub": "ada"})
        self.assertEqual(self.server.get("/f", {"Cookie": f"whom={good}"}).status, 401)
        self.assertEqual(self.server.get("/f", bearer({"sub": "ada"})).status, 401)
        self.assertEqual(self.server.get(f"/f?who={good}").status, 401)


class InTheAddress(weirtest.ServerTest):
    files = {
        "weir.toml": f'[authenticators.jwt]\nsecret = "{SECRET}"\ntoken_location = "query"\ntoken_name = "who"\n',
        "functions/f/index.ts": SEES,
    }

    def test_query(self):
        good, other = token({"sub": "ada"}), token({"sub": "eve"})
        self.assertEqual(self.server.get(f"/f?a=b&who={good}").json, {"sub": "ada"})
        for target in (f"/f?who={good}&who={other}", f"/f?who={good}&who={good}", f"/f?who={good}%00", f"/f?whom={good}",
                       f"/f#?who={good}", "/f?who="):
            self.assertIn(self.server.get(target).status, (400, 401), target)
        self.server.wait_event(lambda e: e["type"] == "request" and "/f" in json.dumps(e))
        said = json.dumps(self.server.events) + self.server.stderr
        self.assertNotIn(good.split(".")[2], said)
        self.assertNotIn(other.split(".")[2], said)


class WrongOptions(weirtest.unittest.TestCase):
    def test_are_refused(self):
        for options, part in [
            ("", "one of secret"), ('secret = "short"', "can be guessed"),
            (f'secret = "{SECRET}"\nalgorithms = ["none"]', "there is no “none”"),
            ('key = "nonsense"', "weir.toml:4: "), ('type = 4', "weir.toml:4: type must be a string"),
            ('type = "jwtt"', "jwt"), ('issuer_url = "http://a.test"', "weir.toml:4: "),
            ('issuer_url = "https://a.test"\njwks_url = "https://a.test/k"', "cannot be given too"),
            ('key_file = "/nowhere"', "nowhere"), ('scret = "x"', "weir.toml:4"),
        ]:
            project = weirtest.Project({
                "weir.toml": f'[auth]\nauthenticators = ["jwt"]\n[authenticators.jwt]\n{options}\n',
                "functions/f/index.ts": SEES,
            })
            server = weirtest.Server(project, expect_start=False)
            self.assertNotEqual(server.process.wait(20), 0, options)
            server.stop()
            said = server.stderr + json.dumps(server.events, ensure_ascii=False)
            self.assertIn(part, said)
            self.assertNotIn(SECRET, said)
            project.remove()


if __name__ == "__main__":
    weirtest.main()
