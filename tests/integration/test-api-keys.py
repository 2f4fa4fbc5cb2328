#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""API keys from beginning to end: made and revoked by one program, asked for by another."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

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
CONFIG = """
[authenticators.key]
last_used_interval_ms = 100

[rate_limits.two]
per_minute = 1
burst = 2

[functions.maybe]
auth = "optional"

[functions.orders]
auth_scopes = ["orders:write"]

[functions.private]
auth_keys = ["boss"]

[functions.unlimited]
rate_limit = "off"
"""
NAMES = ("hello", "other", "maybe", "orders", "private", "unlimited")


def token(claims):
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    text = ".".join(encode(json.dumps(p).encode()) for p in ({"alg": "HS256"}, claims))
    return f"{text}.{encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest())}"


class ApiKeys(unittest.TestCase):
    config = CONFIG

    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="weir-home-"))
        cls.env = {
            **os.environ,
            "XDG_DATA_HOME": str(cls.home / "data"),
            "XDG_CONFIG_HOME": str(cls.home / "config"),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
            "LC_ALL": "C.UTF-8",
        }
        cls.project = weirtest.Project({
            "weir.toml": cls.config,
            "functions/flux/flux.json": '{ "name": "flux", "route": "/flux/hello" }',
            "functions/flux/index.ts": SEES, **{f"functions/{name}/index.ts": SEES for name in NAMES},
        })
        cls.server = weirtest.Server(cls.project, env=cls.env)
        cls.shown = []

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        said = cls.server.stderr + json.dumps(cls.server.events)
        cls.project.remove()
        shutil.rmtree(cls.home)
        if status != 0:
            raise AssertionError(f"the server ended with {status}: {cls.server.stderr}")
        for key in cls.shown:
            if key in said:
                raise AssertionError("a key is in the log")

    def weir(self, *arguments, status=0):
        process = subprocess.run(
            [weirtest.WEIR, *arguments], cwd=self.project.root, env=self.env,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )
        self.assertEqual(process.returncode, status, process.stderr)
        return process.stdout, process.stderr

    def keys(self):
        listed = json.loads(self.weir("api-keys", "list", "--json")[0])["keys"]
        return {key["name"]: key for key in listed}

    def create(self, name, *arguments, known=True):
        """Makes a key that the server knows when this returns."""
        key = self.weir("api-keys", "create", "--name", name, *arguments)[0].strip()
        self.shown.append(key)
        if known:
            wait_until(lambda: self.call(key, "unlimited").status != 401, "the key")
        return key

    def call(self, key, function="hello", header="X-API-Key", scheme=""):
        return self.server.get(f"/{function}", {header: scheme + key})

    def request_event(self, response):
        wanted = response.header("x-request-id")
        return self.server.wait_event(
            lambda e: e["type"] == "request" and e["request_id"] == wanted)


class WithKeys(ApiKeys):
    def test_where_a_key_may_be(self):
        key = self.create("places")
        me = self.keys()["places"]["id"]
        for headers in (
            {"X-API-Key": key}, {"x-api-key": f"Bearer {key}"}, {"Authorization": f"Bearer {key}"},
            {"Authorization": key}, {"Authorization": f"ServiceKey {key}"}, {"X-Service-Key": key},
            {"X-Client-Key": key}, {"clientkey": key}, {"apikey": key},
            {"X-API-Key": key, "Authorization": "Bearer of something else"},
        ):
            answer = self.server.get("/hello", headers)
            self.assertEqual((answer.status, answer.status == 200 and answer.json["key_id"]), (200, me), headers)
        self.assertEqual(self.server.get(f"/hello?clientkey={key}").json["key_id"], me)
        self.assertEqual(self.server.get(f"/hello?apikey={key}").status, 401)
        self.assertEqual(self.server.get("/hello", {"Cookie": f"apikey={key}"}).status, 401)

    def test_what_the_function_sees(self):
        self.create("sees", "--scope", "function:invoke", "--plan", "team")
        listed = self.keys()["sees"]
        key = self.shown[-1]
        self.assertEqual(self.call(key).json, {
            "key_id": listed["id"], "role": "api_key", "name": "sees",
            "scopes": ["function:invoke"], "plan": "team",
        })
        spoofed = self.server.get("/hello", {"X-API-Key": key, "X-Auth-Claims": "eyJzdWIiOiJhIn0"})
        self.assertEqual(spoofed.json["key_id"], listed["id"])

    def test_refuses(self):
        key = self.create("refuses")
        unknown, broken = "There is no such API key", "That is not one API key"
        for headers, message in [
            ({}, "The request does not say who calls"),
            ({"X-API-Key": ""}, "The request does not say who calls"),
            ({"Authorization": "Bearer"}, "The request does not say who calls"),
            ({"Authorization": "Basic YTpi"}, "The request does not say who calls"),
            ({"Authorization": f"Basic {key}"}, "The request does not say who calls"),
            ({"X-API-Key": key[:-1]}, unknown),
            ({"X-API-Key": key + "a"}, unknown),
            ({"X-API-Key": key.swapcase()}, unknown),
            ({"X-API-Key": "x"}, unknown),
            ({"X-API-Key": hashlib.sha256(key.encode()).hexdigest()}, unknown),
            ({"X-API-Key": "flx_live_" + "a" * 32, "Authorization": f"Bearer {key}"}, unknown),
            ({"Authorization": "Bearer flx_live_nobody"}, unknown),
            ({"Authorization": "Bearer a.b.c"}, "The credential is no API key"),
            ({"Authorization": "Bearer a.b.c", "apikey": key}, "The credential is no API key"),
            ({"Authorization": "Bearer \u00e4"}, "The credential is no API key"),
            ({"X-API-Key": "two words"}, broken),
            ({"X-API-Key": f"{key}, {key}"}, broken),
            ({"X-API-Key": "a" * 257}, broken),
            ({"X-API-Key": "a" * 20000}, broken),
            ({"X-API-Key": key, "x-api-key": key}, broken),
            ({"Authorization": f"Bearer {key}", "authorization": f"Bearer {key}"}, broken),
        ]:
            answer = self.server.get("/hello", headers)
            self.assertEqual((answer.status, answer.json["error"]["message"]), (401, message), headers)
            self.assertEqual(answer.header("www-authenticate"), "Bearer")

    def test_fluxbase(self):
        unknown = self.server.post("/api/v1/functions/hello/invoke", headers={"X-API-Key": "x"})
        self.assertEqual((unknown.status, unknown.json["error"], unknown.json["code"]),
                         (401, "Invalid or expired Bearer token", "UNAUTHORIZED"))
        key = self.create("fluxbase", "--scope", "logs:read")
        missing = self.server.post("/api/v1/functions/hello/invoke", headers={"X-Service-Key": key})
        self.assertEqual((missing.status, missing.json), (403, {
            "error": "Insufficient permissions", "required_scope": "function:invoke"}))

    def test_flux(self):
        missing = self.server.post("/flux/hello")
        self.assertEqual((missing.status, missing.json), (401, {
            "error": "unauthorized", "message": "Missing X-API-Key or Authorization header"}))
        unknown = self.server.post("/flux/hello", headers={"Authorization": "Bearer flx_live_x"})
        self.assertEqual((unknown.status, unknown.json), (401, {
            "error": "unauthorized", "message": "Invalid or revoked API key"}))
        key = self.create("flux", "--plan", "two", "--test")
        self.assertTrue(key.startswith("flx_test_"))
        answers = [self.server.post("/flux/hello", headers={"Authorization": f"Bearer {key}"})
                   for _ in range(3)]
        self.assertEqual([answer.status for answer in answers], [200, 200, 429])
        self.assertEqual(answers[2].json["error"], "rate_limit_exceeded")
        self.assertEqual(int(answers[2].header("retry-after")), answers[2].json["retry_after"])

    def test_dialects(self):
        supabase = self.server.get("/functions/v1/hello", {"apikey": "flx_live_x"})
        self.assertEqual((supabase.status, supabase.json), (401, {"msg": "Invalid JWT"}))
        key = self.create("dialects", "--scope", "logs:read")
        self.assertEqual(self.call(key).json["error"]["code"], "forbidden")

    def test_optional(self):
        self.assertEqual(self.server.get("/maybe").status, 200)
        self.assertEqual(self.server.get("/maybe", {"X-API-Key": "wrong"}).status, 401)
        self.assertEqual(self.server.get("/maybe", {"Authorization": "Bearer a.b.c"}).status, 401)

    def test_web_sockets(self):
        key = self.create("sockets")
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        for target, headers, status in [
            ("/hello", {"X-API-Key": key}, 101), (f"/hello?token={key}", {}, 101),
            ("/hello", {}, 401), ("/hello", {"X-API-Key": key + "a"}, 401),
        ]:
            with self.server.client() as client:
                client.request("GET", target, {**upgrade, **headers})
                self.assertEqual(client.read_head().status, status, target)

    def test_scopes_and_lists(self):
        everything = self.create("boss")
        orders = self.create("orders", "--scope", "orders:write")
        one = self.create("one", "--scope", "function:invoke:hello")
        for key, function, status in [
            (everything, "hello", 200), (everything, "orders", 200), (everything, "private", 200),
            (orders, "hello", 403), (orders, "orders", 200), (orders, "private", 403),
            (one, "hello", 200), (one, "other", 403), (one, "orders", 403),
        ]:
            self.assertEqual(self.call(key, function).status, status, function)

    def test_known_when_it_is_shown(self):
        for i in range(3):
            key = self.create(f"at once {i}", known=False)
            self.assertEqual(self.call(key).status, 200)

    def test_revoked_and_renamed_at_once(self):
        first = self.create("again")
        self.assertEqual(self.call(first).status, 200)
        self.weir("api-keys", "revoke", "again")
        wait_until(lambda: self.call(first).status == 401, "the end of the key")
        self.assertEqual(self.call(first).json["error"]["message"], "The API key was revoked")
        second = self.create("again")
        self.assertEqual((self.call(first).status, self.call(second).status), (401, 200))

    def test_last_used(self):
        key = self.create("used")
        self.create("not used", known=False)
        self.assertEqual(self.call(key).status, 200)
        used = wait_until(lambda: self.keys()["used"]["last_used"], "when the key was used")
        self.assertGreaterEqual(used, self.keys()["used"]["created"])
        self.assertIsNone(self.keys()["not used"]["last_used"])

    def test_who_in_the_log(self):
        key = self.create("logged")
        me = self.keys()["logged"]["id"]
        event = self.request_event(self.call(key))
        self.assertEqual((event["authenticator"], event["subject"]), ("key", me))
        event = self.request_event(self.call("flx_live_nobody"))
        self.assertEqual((event["authenticator"], event["subject"]), (None, None))

    def test_plans(self):
        key = self.create("limited", "--plan", "two")
        other = self.create("also limited", "--plan", "two")
        statuses = [self.call(key, name).status for name in ("hello", "other", "hello")]
        self.assertEqual(statuses, [200, 200, 429])
        answer = self.call(key)
        self.assertEqual(answer.header("x-ratelimit-limit"), "2")
        self.assertEqual(answer.header("x-ratelimit-remaining"), "0")
        self.assertGreaterEqual(int(answer.header("retry-after")), 1)
        self.assertEqual(self.call(key, "unlimited").status, 200)
        self.assertEqual(self.call(other).status, 200)
        _, said = self.weir("api-keys", "create", "--name", "x", "--plan", "tow", status=1)
        self.assertIn("there is no plan “tow”", said)
        self.assertIn("free, pro, team, two", said)


class PlanGone(ApiKeys):
    def test_says_so(self):
        key = self.create("a", "--plan", "two")
        self.assertEqual(self.call(key).status, 200)
        self.project.write("weir.toml", CONFIG.replace("rate_limits.two", "rate_limits.three"))
        me = self.keys()["a"]["id"]

        def said():
            self.assertIn(self.call(key).status, (200, 429))
            with self.server.lock:
                words = [e.get("message", "") for e in self.server.events]
            return [w for w in words if me in w and "plan “two”" in w]

        wait_until(said, "what became of the plan")
        self.assertEqual(self.call(key).status, 200)
        self.project.write("weir.toml", CONFIG)
        wait_until(lambda: self.call(key).status == 429, "the plan")


class WithTokens(ApiKeys):
    config = f'[authenticators.jwt]\nsecret = "{SECRET}"\n' + CONFIG

    def test_either(self):
        key = self.create("a")
        good = token({"sub": "ada"})
        for headers, who in [
            ({"Authorization": f"Bearer {good}"}, "ada"),
            ({"Authorization": f"Bearer {key}"}, self.keys()["a"]["id"]),
            ({"X-API-Key": key}, self.keys()["a"]["id"]),
            ({"Authorization": f"Bearer {good}", "apikey": key}, "ada"),
        ]:
            answer = self.server.get("/hello", headers)
            claims = answer.json if answer.status == 200 else {}
            self.assertEqual(claims.get("sub", claims.get("key_id")), who, headers)
        for headers in ({"Authorization": f"Bearer {good}x"}, {"Authorization": "Bearer flx_live_x"},
                        {"Authorization": "Bearer neither"}, {}):
            self.assertEqual(self.server.get("/hello", headers).status, 401, headers)


class Alone(unittest.TestCase):
    """What needs a server, or a project, of its own."""

    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="weir-home-"))
        self.env = {**os.environ, "XDG_DATA_HOME": str(self.home / "data"), "LC_ALL": "C.UTF-8",
                    "XDG_CONFIG_HOME": str(self.home / "config")}

    def tearDown(self):
        self.project.remove()
        shutil.rmtree(self.home)

    def make_project(self, config):
        self.project = weirtest.Project({"weir.toml": config, "functions/hello/index.ts": SEES})

    weir = ApiKeys.weir
    keys = ApiKeys.keys

    def test_used_is_written_at_the_end(self):
        self.make_project("[authenticators.key]\n")
        key = self.weir("api-keys", "create", "--name", "a")[0].strip()
        server = weirtest.Server(self.project, env=self.env)
        self.assertEqual(server.get("/hello", {"X-API-Key": key}).status, 200)
        self.assertEqual(server.stop(), 0)
        self.assertIsNotNone(self.keys()["a"]["last_used"])

    def test_nobody_asks(self):
        self.make_project("")
        said = self.weir("api-keys", "create", "--name", "a")[1]
        self.assertIn("no function of this project asks for keys yet", said)
        self.project.write("weir.toml", '[auth]\nauthenticators = ["key"]\n')
        said = self.weir("api-keys", "create", "--name", "b")[1]
        self.assertNotIn("asks for keys", said)

    def test_no_store_no_server(self):
        self.make_project("[authenticators.key]\n[stores.sqlite]\npath = 'hello.db'\n")
        self.project.write("hello.db", "this is no database, but long enough to be looked at. " * 100)
        server = weirtest.Server(self.project, env=self.env, expect_start=False)
        self.assertNotEqual(server.process.wait(20), 0)
        server.stop()
        self.assertIn("hello.db", server.stderr)

    def test_wrong_options(self):
        self.make_project("[authenticators.key]\nlast_used_intervall_ms = 100\n")
        server = weirtest.Server(self.project, env=self.env, expect_start=False)
        self.assertNotEqual(server.process.wait(20), 0)
        server.stop()
        self.assertIn("weir.toml:2", server.stderr)


if __name__ == "__main__":
    weirtest.main()
