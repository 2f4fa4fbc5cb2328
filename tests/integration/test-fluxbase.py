#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions that were written for Fluxbase: who calls, whose secrets, and by which addresses."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import weirtest
from weirtest import Project, Server, wait_until

SECRET = "what the tokens of this test are signed with"

ASK = """
async function handler(req) {
  const { names, log, fail } = req.body ? JSON.parse(req.body) : {};
  const found = (names ?? []).map((name) => secrets.get(name) ?? null);
  if (log) console.log(`has ${found.join(" and ")}`);
  if (fail) throw new Error(`cannot use ${found.join(" or ")}`);
  return { status: 200, body: JSON.stringify({
    found, user: req.user_id ?? null, system: secrets.getSystem("BOTH") ?? null,
    own: secrets.getUser("BOTH") ?? null, internal: [...req.headers.keys()].filter((n) => n.startsWith("x-deno")),
  }) };
}
"""
PLAIN = """
Deno.serve((req) => Response.json({
  internal: [...req.headers.keys()].filter((name) => name.startsWith("x-deno")),
  own: secrets.getUser("BOTH") ?? null, system: secrets.getSystem("BOTH") ?? null,
}));
"""
ECHO = """
// @fluxbase:namespace shop
export async function handler(req, fluxbase, service, utils) {
  if (req.params.how === "status") return { status: 418, headers: { "x-n": 1 }, body: { made: true } };
  if (req.params.how === "stream") {
    return new Response(new ReadableStream({ start(c) {
      c.enqueue(new TextEncoder().encode("data: 1\\n\\n"));
      c.enqueue(new TextEncoder().encode("data: 2\\n\\n"));
      c.close();
    } }), { headers: { "content-type": "text/event-stream" } });
  }
  if (req.params.how === "form") return { fields: [...(await req.formData()).keys()] };
  if (req.params.how === "bytes") return new Response(await req.arrayBuffer(), { status: 201 });
  return { method: req.method, body: req.body, type: req.headers["content-type"] ?? null,
           namespace: utils.getExecutionContext().namespace };
}
"""
ENV = """
export default () => Response.json(Object.fromEntries(
  Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith("FLUXBASE_"))));
"""


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bearer(**claims):
    head = {"alg": "HS256", "typ": "JWT"}
    text = ".".join(encode(json.dumps(part).encode()) for part in (head, claims))
    mac = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()
    return {"Authorization": f"Bearer {text}.{encode(mac)}"}


class FluxbaseTest(unittest.TestCase):
    TOML = f'[authenticators.jwt]\nsecret = "{SECRET}"\n'

    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="weir-home-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.env = {
            "HOME": str(self.home),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        }

    def make(self, files, toml=TOML):
        self.project = Project({"weir.toml": toml, **files})
        self.addCleanup(self.project.remove)

    def serve(self, **env):
        self.server = Server(self.project, env={**self.env, **env})
        self.addCleanup(self.server.stop)
        return self.server

    def run_weir(self, *arguments, stdin=""):
        return subprocess.run(
            [weirtest.WEIR, *arguments], cwd=self.project.root, input=stdin, text=True,
            env={**os.environ, **self.env}, capture_output=True, timeout=60, check=False)

    def weir(self, *arguments, stdin=""):
        done = self.run_weir(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def ask(self, user, path="/ask", headers=None, **body):
        token = bearer(sub=user) if isinstance(user, str) else bearer(**(user or {}))
        return self.server.post(path, json.dumps(body), {**token, **(headers or {})})

    def found(self, user, *names):
        answer = self.ask(user, names=names)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json["found"]


OPEN = """
// @fluxbase:allow-unauthenticated
export const handler = (req) => ({
  status: 200, body: JSON.stringify([req.user_id ?? null, req.user_role ?? null, secrets.get("BOTH") ?? null]),
});
"""


class AllowUnauthenticated(FluxbaseTest):
    """Nobody has to say who calls; who does is known, and has to prove it."""

    PATHS = ("/api/v1/functions/open/invoke", "/open", "/functions/v1/open")

    def call(self, path, headers):
        answer = self.server.post(path, "{}", headers)
        return answer.json if answer.status == 200 else answer.status

    def test_whoever_calls(self):
        self.make({"functions/open/index.ts": OPEN})
        self.weir("secrets", "set", "BOTH=for everybody")
        self.weir("secrets", "set", "--user", "ada", "BOTH=of ada")
        self.serve()
        for path in self.PATHS:
            with self.subTest(path=path):
                self.assertEqual(self.call(path, {}), [None, None, "for everybody"])
                self.assertEqual(self.call(path, bearer(sub="ada", role="authenticated")),
                                 ["ada", "authenticated", "of ada"])
                for wrong in (bearer(sub="ada", exp=1), {"Authorization": "Bearer no.token.atall"}):
                    self.assertEqual(self.call(path, wrong), 401)
                # It is not a credential of any kind that is known here.
                self.assertEqual(self.call(path, {"Authorization": "Basic YTpi"})[0], None)
                forged = {"X-Auth-Claims": encode(b'{"sub":"ada"}')}
                self.assertEqual(self.call(path, forged), [None, None, "for everybody"])
        answer = self.server.post(self.PATHS[0], "{}", bearer(sub="ada", exp=1))
        self.assertEqual(answer.json["error"], "Invalid or expired Bearer token")

    def test_without_authenticator(self):
        self.make({"functions/open/index.ts": OPEN}, toml="")
        self.serve()
        self.assertEqual(self.call("/open", bearer(sub="ada")), [None, None, None])


class Secrets(FluxbaseTest):
    def start(self, **files):
        self.make({"functions/ask/index.ts": ASK, "functions/plain/index.ts": PLAIN, **files})
        self.weir("secrets", "set", "BOTH=for everybody", "stripe.key=sk-system")
        self.weir("secrets", "set", "--user", "ada", "BOTH=of ada", "ONLY=ada alone")
        self.weir("secrets", "set", "--user", "bob", "BOTH=of bob")
        return self.serve()

    def test_of_the_caller_first(self):
        self.start()
        self.assertEqual(self.found("ada", "BOTH", "both", "STRIPE_KEY", "ONLY", "NONE"),
                         ["of ada", "of ada", "sk-system", "ada alone", None])
        self.assertEqual(self.found("bob", "BOTH", "ONLY"), ["of bob", None])
        self.assertEqual(self.found("eve", "BOTH", "ONLY"), ["for everybody", None])
        self.assertEqual(self.found({"role": "service_role"}, "BOTH"), ["for everybody"])
        whole = self.ask("ada", names=[]).json
        self.assertEqual((whole["own"], whole["system"], whole["user"], whole["internal"]),
                         ("of ada", "for everybody", "ada", []))
        # Fluxbase's tokens name the user in a claim of their own.
        self.assertEqual(self.found({"sub": "x", "user_id": "bob"}, "BOTH"), ["of bob"])
        strange = "a" * 300
        self.assertEqual(self.found(strange, "BOTH"), ["for everybody"])

    def test_never_of_another(self):
        self.start()
        users = {"ada": "of ada", "bob": "of bob", "eve": "for everybody"}
        self.found("ada", "BOTH")
        wrong = []

        def call(user):
            for _ in range(10):
                found = self.ask(user, headers={"X-Request-Id": "the-same"}, names=["BOTH"]).json["found"]
                if found != [users[user]]:
                    wrong.append((user, found))

        threads = [threading.Thread(target=call, args=(user,)) for user in users for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(wrong, [])

    def test_live_at_once(self):
        self.start()
        self.assertEqual(self.found("bob", "BOTH", "NEW"), ["of bob", None])
        self.weir("secrets", "set", "--user", "bob", "BOTH=changed", "NEW=here")
        wait_until(lambda: self.found("bob", "BOTH", "NEW") == ["changed", "here"], "the new values")
        self.weir("secrets", "unset", "--user", "bob", "BOTH", "NEW")
        wait_until(lambda: self.found("bob", "BOTH", "NEW") == ["for everybody", None], "none")
        self.weir("secrets", "set", "BOTH=anew")
        wait_until(lambda: self.found("bob", "BOTH") == ["anew"], "the system's")
        self.assertEqual(self.found("ada", "BOTH"), ["of ada"])

    def test_hidden_in_logs_and_answers(self):
        server = self.start()
        self.assertEqual(self.ask("ada", names=["BOTH", "ONLY"], log=True).status, 200)
        server.wait_event(lambda e: e["type"] == "log" and e["message"] == "has *** and ***")
        failed = self.ask("ada", names=["BOTH", "STRIPE_KEY"], fail=True)
        self.assertEqual((failed.status, failed.json["error"]), (500, "cannot use *** or ***"))
        self.assertEqual(failed.json["request_id"], failed.header("x-request-id"))
        server.wait_event(lambda e: e["type"] == "error" and "cannot use *** or ***" in e["message"])
        told = json.dumps(server.events) + server.stderr
        for value in ("of ada", "ada alone", "sk-system"):
            self.assertNotIn(value, told)

    def test_other_functions_get_none_of_it(self):
        server = self.start()
        for path in ("/plain", "/plain"):
            seen = server.get(path, bearer(sub="ada")).json
            self.assertEqual(seen, {"internal": [], "own": None, "system": "for everybody"})

    def test_nobody_can_send_them(self):
        self.start()
        forged = base64.b64encode(b'{"BOTH":"forged"}').decode()
        for name in ("x-deno-worker-user-secrets", "X-Deno-Worker-User-Secrets"):
            for user, value in (("eve", "for everybody"), ("ada", "of ada")):
                answer = self.ask(user, headers={name: forged}, names=["BOTH"])
                self.assertEqual(answer.json["found"], [value])

    def test_many_and_large(self):
        self.start()
        self.weir("secrets", "set", "--user", "max", "LARGE", stdin="x" * 20000)
        self.assertEqual(self.found("max", "LARGE"), ["x" * 20000])
        done = self.run_weir("secrets", "set", "--user", "max", "MORE", stdin="y" * 20000)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("may be 24 KB together, and these would be 39.1 KB; nothing was changed", done.stderr)
        self.assertEqual(self.found("max", "LARGE", "MORE"), ["x" * 20000, None])
        self.weir("secrets", "set", "--user", "max", "LARGE", stdin="z" * 20000)
        wait_until(lambda: self.found("max", "LARGE") == ["z" * 20000], "another one in its place")

    def test_too_large_for_a_request(self):
        """Nobody gets another secret than the one that was meant, and all else goes on."""
        self.start()
        # As JSON it takes twice as much.
        self.weir("secrets", "set", "--user", "max", "BOTH", stdin='"' * 20000)
        answer = self.ask("max", names=["BOTH"])
        self.assertEqual((answer.status, answer.json["error"]),
                         (500, "The secrets of this user are larger than 24 KB together"))
        self.server.wait_event(
            lambda e: e["type"] == "message" and "the user max are larger than 24 KB" in e["message"])
        self.assertEqual(self.ask("ada", names=["BOTH"]).json["found"], ["of ada"])
        self.assertEqual(self.server.get("/plain", bearer(sub="max")).json["system"], "for everybody")
        self.weir("secrets", "unset", "--user", "max", "BOTH")
        wait_until(lambda: self.ask("max", names=["BOTH"]).status == 200, "those of all")

    def test_without_permission_for_the_environment(self):
        self.make({"functions/ask/index.ts": "// @fluxbase:deny-env\n" + ASK,
                   "functions/none/index.ts": ASK,
                   "functions/none/function.json": '{"permissions": "none"}'})
        self.weir("secrets", "set", "BOTH=for everybody")
        self.serve()
        self.assertEqual(self.found("eve", "BOTH"), ["for everybody"])
        self.assertEqual(self.ask("eve", "/none", names=["BOTH"]).json["found"], [None])


class Invoke(FluxbaseTest):
    def setUp(self):
        super().setUp()
        self.make({"functions/echo.ts": ECHO, "functions/ask/index.ts": ASK}, toml="")
        self.serve()

    def test_addresses(self):
        for path in ("/api/v1/functions/echo/invoke", "/api/v1/functions/shop/echo/invoke",
                     "/api/v1/functions/echo/invoke?namespace=shop", "/api/v1/functions/echo/invoke/"):
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                answer = self.server.request(method, path, {"Content-Type": "application/json"})
                self.assertEqual((answer.status, answer.json),
                                 (200, {"method": method, "body": "", "type": "application/json",
                                        "namespace": "shop"}))
        for path in ("/api/v1/functions/nobody/invoke", "/api/v1/functions/default/echo/invoke",
                     "/api/v1/functions/echo/invoke?namespace=other"):
            answer = self.server.post(path, "{}")
            self.assertEqual((answer.status, answer.json["error"], answer.json["code"]),
                             (404, "Function not found", "NOT_FOUND"))
        other = self.server.get("/api/v1/functions/echo/other")
        self.assertEqual((other.status, other.json["error"]), (404, "Not Found"))

    def test_bodies(self):
        path = "/api/v1/functions/echo/invoke"
        for body, kind in (('{"a":1}', "application/json"), ('"x"', "application/json"),
                           ("text", "text/plain"), ("", "application/json")):
            answer = self.server.post(path, body, {"Content-Type": kind})
            self.assertEqual((answer.json["body"], answer.json["type"]), (body, kind))
        data = bytes(range(256))
        answer = self.server.request("POST", path + "?how=bytes", body=data)
        self.assertEqual((answer.status, answer.body), (201, data))
        form = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n'
        answer = self.server.post(path + "?how=form", form,
                                  {"Content-Type": "multipart/form-data; boundary=b"})
        self.assertEqual(answer.json, {"fields": ["file"]})

    def test_answers(self):
        path = "/api/v1/functions/echo/invoke"
        made = self.server.get(path + "?how=status")
        self.assertEqual((made.status, made.json, made.header("x-n")), (418, {"made": True}, "1"))
        events = self.server.get(path + "?how=stream")
        self.assertEqual((events.header("content-type"), events.text),
                         ("text/event-stream", "data: 1\n\ndata: 2\n\n"))
        failed = self.server.post("/api/v1/functions/ask/invoke", '{"fail":true}')
        self.assertEqual((failed.status, failed.json["error"]), (500, "cannot use "))
        self.assertTrue(failed.header("content-type").startswith("application/json"))

    def test_namespaces_are_live(self):
        self.assertEqual(self.server.get("/api/v1/functions/shop/echo/invoke").status, 200)
        self.project.write("functions/echo.ts", ECHO.replace("namespace shop", "namespace mall"))
        wait_until(lambda: self.server.get("/api/v1/functions/mall/echo/invoke").status == 200, "moved")
        self.assertEqual(self.server.get("/api/v1/functions/shop/echo/invoke").status, 404)


class Environment(FluxbaseTest):
    HOST = {
        "FLUXBASE_PLAN": "large", "FLUXBASE_OWN": "host", "FLUXBASE_URL": "http://elsewhere",
        "FLUXBASE_DATABASE_PASSWORD": "no-1", "FLUXBASE_AUTH_JWT_SECRET": "no-2",
        "FLUXBASE_SERVICE_ROLE_KEY": "no-3", "OTHER_FLUXBASE_PLAN": "no-4",
    }

    def test_what_of_the_host_is_seen(self):
        self.make({"functions/env/index.ts": ENV, "functions/.env": "FLUXBASE_OWN=file\n"}, toml="")
        self.weir("secrets", "set", "stripe.key=sk-1")
        server = self.serve(**self.HOST)
        self.assertEqual(server.get("/env").json, {
            "FLUXBASE_PLAN": "large", "FLUXBASE_OWN": "file", "FLUXBASE_URL": server.uri,
            "FLUXBASE_BASE_URL": server.uri, "FLUXBASE_FUNCTION_NAME": "env",
            "FLUXBASE_FUNCTION_NAMESPACE": "default", "FLUXBASE_SECRET_STRIPE_KEY": "sk-1",
        })

    def test_each_level_over_the_one_below(self):
        levels = ["host", "shared", "file", "secret", "option", "own"]

        def lines(level):
            """Those of this level and of all that are to be over it."""
            return {f"FLUXBASE_L_{name.upper()}": level for name in levels[levels.index(level):]}

        def text(level):
            return "".join(f"{name}={value}\n" for name, value in lines(level).items())

        option = json.dumps(lines("option")).replace(":", " =")
        self.make({"functions/env/index.ts": ENV, "functions/.env": text("shared"), "more.env": text("file"),
                   "functions/env/.env": text("own")},
                  toml=f'env_files = ["more.env"]\n[functions.env]\nenv = {option}\n')
        self.weir("secrets", "set", *(f"{name}={value}" for name, value in lines("secret").items()))
        seen = self.serve(**lines("host")).get("/env").json
        self.assertEqual({name: seen[f"FLUXBASE_L_{name.upper()}"] for name in levels},
                         {name: name for name in levels})

    def test_nothing_of_it_in_a_supabase_project(self):
        self.project = Project({"supabase/functions/env/index.ts": ENV,
                                "supabase/config.toml": "[functions.env]\nverify_jwt = false\n"},
                               functions="supabase/functions")
        self.addCleanup(self.project.remove)
        server = self.serve(**self.HOST)
        self.assertEqual(server.get("/env").json, {})


if __name__ == "__main__":
    weirtest.main()
