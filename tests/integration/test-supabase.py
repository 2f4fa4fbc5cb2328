#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A folder of functions written for Supabase, unmodified, called by supabase-js."""

import base64
import json
import subprocess
import unittest
import weirtest
from pathlib import Path

CLIENTS = Path(__file__).resolve().parent / "clients"
ANON = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6ImFub24iLCJl"
    "eHAiOjE5ODM4MTI5OTZ9.CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0"
)

PUBLISHABLE = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"
SECRET = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz"
BEARER = {"Authorization": f"Bearer {ANON}"}
OPEN = """
Deno.serve((req) => {
  const claims = req.headers.get("x-auth-claims");
  if (req.headers.get("upgrade") === "websocket") {
    const { socket, response } = Deno.upgradeWebSocket(req, { protocol: "echo" });
    socket.onopen = () => socket.send(claims ?? "nobody");
    return response;
  }
  return Response.json({
    claims: claims && JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))),
    authorization: req.headers.get("authorization"),
  }, { headers: { "Access-Control-Allow-Origin": "http://mine.test" } });
});
"""

FILES = {
    "supabase/config.toml": """
project_id = "demo"

[api]
port = 54321

[auth]
enabled = true
site_url = "http://127.0.0.1:3000"

[edge_runtime]
policy = "per_worker"

[functions.configured]
entrypoint = "./functions/elsewhere/main.ts"
import_map = "./functions/elsewhere/map.json"

[functions.switched-off]
enabled = false

[functions.open]
verify_jwt = false
""",
    "supabase/functions/_shared/cors.ts": """
export const corsHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type",
};
""",
    "supabase/functions/hello-world/index.ts": """
import { corsHeaders } from "../_shared/cors.ts";
Deno.serve(async (req) => {
  if (req.method === "OPTIONS") return new Response("ok", { headers: corsHeaders });
  const { name } = await req.json();
  const headers = { ...corsHeaders, "Content-Type": "application/json" };
  if (!name) return new Response(JSON.stringify({ error: "no name" }), { status: 400, headers });
  return new Response(JSON.stringify({ message: `Hello ${name}!` }), { headers });
});
""",
    "supabase/functions/restful/index.ts": """
const tasks = new URLPattern({ pathname: "/restful/tasks/:id" });
Deno.serve((req) => {
  const match = tasks.exec(req.url);
  return match
    ? new Response(`${req.method} ${match.pathname.groups.id}${new URL(req.url).search}`)
    : new Response("no task", { status: 404 });
});
""",
    "supabase/functions/kinds/index.ts": """
Deno.serve(async (req) => {
  const type = req.headers.get("content-type") ?? "";
  if (type.startsWith("multipart/form-data")) {
    const form = await req.formData();
    const file = form.get("file") as File;
    return Response.json({ type: "form", field: form.get("field"), file: file.name, text: await file.text() });
  }
  return Response.json({ type, text: await req.text() });
});
""",
    "supabase/functions/binary/index.ts": """
Deno.serve(() => new Response(new Uint8Array([0, 255, 1]), { headers: { "content-type": "application/octet-stream" } }));
""",
    "supabase/functions/events/index.ts": """
Deno.serve(() => {
  const lines = ["data: 1\\n\\n", "data: 2\\n\\n"];
  const body = new ReadableStream({
    pull(c) { const l = lines.shift(); if (l) c.enqueue(new TextEncoder().encode(l)); else c.close(); },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
});
""",
    "supabase/functions/environment/index.ts": """
Deno.serve(() => Response.json({
  url: Deno.env.get("SUPABASE_URL"), anon: Deno.env.get("SUPABASE_ANON_KEY"),
  service: Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")?.length, own: Deno.env.get("MY_SECRET"),
  jwks: Deno.env.get("SUPABASE_JWKS"), stolen: Deno.env.get("SUPABASE_STOLEN") ?? null, home: Deno.env.get("WEIR_TEST_HOST_VARIABLE") ?? null,
}));
""",
    "supabase/functions/.env": 'MY_SECRET="from the file"\nSUPABASE_STOLEN=x\n',
    "supabase/functions/broken/index.ts": "import { a } from './nowhere.ts'; Deno.serve(() => new Response(a));",
    "supabase/functions/throws/index.ts": "Deno.serve(() => { throw new Error('boom'); });",
    "supabase/functions/not-a-response/index.ts": "Deno.serve(() => 'text' as unknown as Response);",
    "supabase/functions/top-level/index.ts": "throw new Error('at the top');",
    "supabase/functions/never-serves/index.ts": "export const nothing = 1;",
    "supabase/functions/elsewhere/main.ts": "import { v } from 'mapped'; export default { fetch: () => new Response(v) };",
    "supabase/functions/elsewhere/map.json": '{ "imports": { "mapped": "./value.ts" } }',
    "supabase/functions/elsewhere/value.ts": "export const v = 'mapped value';",
    # As the tools write it; the versions do not exist, so nothing of it can be fetched.
    "supabase/functions/as-written/index.ts": """
// Setup type definitions for built-in Supabase Runtime APIs
import "jsr:@supabase/functions-js@0.0.0-none/edge-runtime.d.ts"
import "@supabase/functions-js/edge-runtime.d.ts"
import type { Database } from "jsr:@supabase/functions-js@0.0.0-none"

console.log("Hello from Functions!")

Deno.serve(async (req) => {
  const { name } = await req.json()
  return new Response(JSON.stringify({ message: `Hello ${name}!` }), { headers: { "Content-Type": "application/json" } })
})
""",
    "supabase/functions/as-written/deno.json": """
{ "imports": { "@supabase/functions-js": "jsr:@supabase/functions-js@0.0.0-none" } }
""",
    "supabase/functions/as-written/.npmrc": "# Configuration for private npm package dependencies\n",
    "supabase/functions/open/index.ts": OPEN,
    "supabase/functions/claims/index.ts": OPEN,
    "supabase/functions/switched-off/index.ts": "Deno.serve(() => new Response('off'));",
}


class Supabase(weirtest.ServerTest):
    files = FILES
    functions = "supabase/functions"

    @classmethod
    def setUpClass(cls):
        weirtest.os.environ["WEIR_TEST_HOST_VARIABLE"] = "of the host"
        super().setUpClass()
        run = subprocess.run(
            ["node", str(CLIENTS / "supabase.mjs"), cls.server.uri, ANON],
            capture_output=True, text=True, timeout=60,
        )
        if run.returncode != 0:
            raise AssertionError(f"the client failed: {run.stderr}")
        cls.seen = json.loads(run.stdout)

    def expect(self, label, **wanted):
        got = self.seen[label]
        for key, value in wanted.items():
            self.assertEqual(got.get(key), value, f"{label}: {got}")

    def failed(self, label, status, body):
        self.expect(label, status=status, body=body, data=None)
        self.assertEqual(self.seen[label]["error"]["name"], "FunctionsHttpError")

    def test_answers(self):
        self.expect("json", data={"message": "Hello Ada!"}, error=None)
        self.expect("text", data="GET 7?x=1")
        self.expect("put", data="PUT 7")
        self.expect("delete", data="DELETE 7")
        self.expect("blob", data=[0, 255, 1])
        self.expect("events", data="data: 1\n\ndata: 2\n\n")
        self.expect("region", data={"message": "Hello R!"})

    def test_bodies(self):
        self.assertEqual(self.seen["string"]["data"]["text"], "plain text")
        self.expect("form", data={"type": "form", "field": "value", "file": "f.txt", "text": "content"})
        self.expect("buffer", data={"type": "application/octet-stream", "text": "bytes"})

    def test_errors(self):
        self.failed("own error", 400, '{"error":"no name"}')
        self.failed("unknown", 404, "Function not found")
        self.failed("broken", 503, '{"code":"BOOT_ERROR","message":"Worker failed to boot (please check logs)"}')
        self.failed("throws", 500, "Internal Server Error")
        self.failed("not a response", 502, "Bad Gateway")

    def test_error_types_and_bodies(self):
        cases = [
            ("/functions/v1/no-such", 404, "text/plain", "Function not found"),
            ("/functions/v1/", 404, "text/plain", "Function not found"),
            ("/functions/v1/switched-off", 404, "text/plain", "Function not found"),
            ("/functions/v1/top-level", 500, "application/json",
             '{"code":"WORKER_ERROR","message":"Function exited due to an error (please check logs)"}'),
            ("/functions/v1/never-serves", 503, "application/json",
             '{"code":"BOOT_ERROR","message":"Worker failed to boot (please check logs)"}'),
            ("/functions/v1/_internal/health", 200, "application/json", '{"message":"ok"}'),
        ]
        for target, status, kind, body in cases:
            with self.subTest(target):
                answer = self.server.get(target, BEARER)
                self.assertEqual((answer.status, answer.text), (status, body))
                self.assertTrue(answer.header("content-type").startswith(kind))

    def test_log_says_where_it_threw(self):
        event = self.server.wait_event(lambda e: e["type"] == "error" and e["function"] == "throws")
        self.assertIn("boom", event["message"])
        self.assertRegex(event["stack"], r"throws/index\.ts:1:\d+")

    def test_refuses(self):
        head, payload, signature = ANON.split(".")
        cases = [
            ({}, "Error: Missing authorization header"),
            ({"Authorization": f"Basic {ANON}"}, "Error: Auth header is not 'Bearer {token}'"),
            ({"Authorization": f"bearer {ANON}"}, "Error: Auth header is not 'Bearer {token}'"),
            ({"apikey": ANON}, "Error: Auth header is not 'Bearer {token}'"),
            ({"apikey": "sb_secret_wrong"}, "Error: Auth header is not 'Bearer {token}'"),
            ({"Authorization": "Bearer any-key"}, "TypeError: Invalid Token or Protected Header formatting"),
            ({"Authorization": "Bearer"}, "TypeError: Invalid Token or Protected Header formatting"),
            ({"Authorization": f"Bearer {head}.{payload}.AAAA{signature[4:]}"}, "Invalid JWT"),
            ({"Authorization": f"Bearer {head}.{payload}."}, "Invalid JWT"),
        ]
        for headers, message in cases:
            with self.subTest(headers):
                answer = self.server.get("/functions/v1/environment", headers)
                self.assertEqual((answer.status, answer.json), (401, {"msg": message}))
                self.assertEqual(answer.header("content-type"), "application/json")
                self.assertEqual(answer.header("access-control-allow-origin"), "*")
        self.expect("no key", status=401)

    def test_plain_route_is_no_way_around(self):
        self.assertEqual(self.server.get("/environment").status, 401)
        self.assertEqual(self.server.get("/environment", BEARER).status, 200)

    def test_keys_that_are_no_tokens(self):
        for key, role in ((PUBLISHABLE, "anon"), (SECRET, "service_role")):
            for headers in ({"apikey": key}, {"apikey": key, "Authorization": f"Bearer {key}"},
                            {"Authorization": f"Bearer {key}"}):
                answer = self.server.get("/functions/v1/claims", headers)
                self.assertEqual(answer.json["claims"]["role"], role, headers)
                self.assertTrue(answer.json["authorization"].startswith("Bearer eyJ"))

    def test_open_function(self):
        answer = self.server.get("/functions/v1/open", {"X-Auth-Claims": "e30", "Authorization": "Bearer x"})
        self.assertEqual(answer.json, {"claims": None, "authorization": "Bearer x"})
        self.assertEqual(answer.header("access-control-allow-origin"), "*")

    def test_preflight(self):
        headers = {"Origin": "http://a.test", "Access-Control-Request-Method": "POST",
                   "Access-Control-Request-Headers": "authorization, x-y"}
        for name in ("claims", "no-such"):
            answer = self.server.request("OPTIONS", f"/functions/v1/{name}", headers)
            self.assertEqual((answer.status, answer.body), (200, b""))
            self.assertEqual(answer.header("access-control-allow-origin"), "*")
            self.assertEqual(answer.header("access-control-allow-headers"), "authorization, x-y")
            self.assertEqual(answer.header("access-control-allow-methods"),
                             "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT")

    def test_any_options_is_open(self):
        answer = self.server.request("OPTIONS", "/functions/v1/claims")
        self.assertEqual(answer.json["claims"], None)

    def test_websocket(self):
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        cases = [
            ("", {"Sec-WebSocket-Protocol": "echo"}, 401),
            ("", {"Sec-WebSocket-Protocol": f"echo, jwt-{ANON}"}, 101),
            (f"?jwt={ANON}", {"Sec-WebSocket-Protocol": "echo"}, 101),
            ("?jwt=wrong", {"Sec-WebSocket-Protocol": "echo"}, 401),
            ("", {"Sec-WebSocket-Protocol": "echo", **BEARER}, 101),
        ]
        for query, headers, status in cases:
            with self.subTest(headers), self.server.client() as client:
                client.request("GET", f"/functions/v1/claims{query}", {**upgrade, **headers})
                self.assertEqual(client.response().status, status)

    def test_log_has_no_token(self):
        self.assertNotIn(ANON.split(".")[2], json.dumps(self.server.events) + self.server.stderr)

    def test_as_the_tools_write_it(self):
        answer = self.server.post("/functions/v1/as-written", b'{"name":"Ada"}', BEARER)
        self.assertEqual((answer.status, answer.json), (200, {"message": "Hello Ada!"}))

    def test_configured_entry_point(self):
        self.assertEqual(self.server.get("/functions/v1/configured", BEARER).text, "mapped value")

    def test_environment(self):
        env = self.server.get("/functions/v1/environment", BEARER).json
        self.assertEqual(env["url"], self.server.uri)
        self.assertEqual(env["anon"], ANON)
        self.assertGreater(env["service"], 100)
        self.assertEqual(env["own"], "from the file")
        self.assertIsNone(env["stolen"])
        self.assertIsNone(env["home"])
        keys = json.loads(env["jwks"])["keys"]
        self.assertEqual([(k["kty"], k.get("kid")) for k in keys],
                         [("EC", "b81269f1-21d8-4f2e-b719-c2240a840d90"), ("oct", None)])


class NoVerify(weirtest.ServerTest):
    files = {
        "supabase/config.toml": "[auth]\njwt_secret = 'another secret, and a long one'\n",
        "supabase/functions/claims/index.ts": OPEN,
    }
    functions = "supabase/functions"
    arguments = ("--no-verify-jwt",)

    def test_everybody_may_call(self):
        self.assertEqual(self.server.get("/functions/v1/claims").json, {"claims": None, "authorization": None})
        self.assertEqual(self.server.get("/claims").status, 200)


class NamesOfWeirsOwn(weirtest.ServerTest):
    """What is an address of Weir elsewhere is a name like any other below /functions/v1/."""

    functions = "supabase/functions"
    files = {
        f"supabase/functions/{name}/index.ts": f"Deno.serve((r) => new Response('{name} ' + new URL(r.url).pathname));"
        for name in ("api", "functions")
    } | {"supabase/config.toml": "[functions.api]\nverify_jwt = false\n[functions.functions]\nverify_jwt = false\n"}

    def test_are_served(self):
        for name in ("api", "functions"):
            self.assertEqual(self.server.get(f"/functions/v1/{name}/v1/x").text, f"{name} /{name}/v1/x")
        self.assertEqual(self.server.get("/api/v1/users").status, 404)


class OwnKeys(weirtest.ServerTest):
    files = {**NoVerify.files, "supabase/functions/.env": "A=1"}
    functions = "supabase/functions"

    def test_own_secret(self):
        self.assertEqual(self.server.get("/functions/v1/claims", BEARER).json, {"msg": "Invalid JWT"})
        answer = self.server.get("/functions/v1/claims", {"apikey": PUBLISHABLE})
        self.assertEqual(answer.json["claims"]["role"], "anon")
        self.assertNotEqual(answer.json["authorization"], BEARER["Authorization"])


# Made for this test.
EC_KEY = {
    "kty": "EC",
    "kid": "first",
    "use": "sig",
    "key_ops": ["sign", "verify"],
    "alg": "ES256",
    "ext": True,
    "d": "9tuYpG0pItzjdL2zfRyQkLgIpMGfA0sUq5kyFulqLK8",
    "crv": "P-256",
    "x": "UPlVv15We2SKCfyOywOmBkwmOIHF8r0ScvIc8FO_o0Q",
    "y": "DzC7DTyAIftXFQUWaXzmZrNqQ5SrjsyCor9onE5ghZM",
}
RSA_KEY = {
    "kty": "RSA",
    "kid": "second",
    "alg": "RS256",
    "n": (
        "5r0QaIXiSJqQZlK8m6WgLD23KKIl_iJrHhUsxZDAEAsyo9-"
        "cdlZTvYS5SBp7WfzitOob_HhElMe4mRDbPbyZ1KwLjveTCtIMcfUU34XUugfumEeTwCTshFK6S4hjyKQyn2V"
        "EdKIVPAXg3p-xFJ2gB-nX-"
        "j5dUuT8fhqSwyktktJ0VoFb6lldTsXrgvgaJndnqhh22Sdz4oTdP6FYegVE0_ix01C8VRbdfoRFsx8zDYQGM"
        "bPvs46nL9Cb3It4NR6xE6hhnIUv0Whdij98TDIrr0Q20SJl7dDUmxk4WCjNP2mPASL7fUHbwmIE3mno3FQjX"
        "uAiu8Sv74DE-4zXmLS2_Q"
    ),
    "e": "AQAB",
    "d": (
        "AaWDEsvfHoIuhPG9iNAjbCK7RjNKBB3ownEyPZgCgYV4RLUZdRAOpEE93-"
        "bYedQ_0JIEcHEcmYHcrl2cGD0FTVWLoOc2tGgP-1bdYZmfN_311OkF2Tl_j-"
        "jV4tNuqtrecEa_uKQDdMcx9e9mdcLeMSWZC0nF-"
        "WEgRXduaVgc4XmoL4yKsC2F0OgRnGBnLETMjcl8WU_KDUxnXtu63Hj3XlsZR-_FiljkHD0lyH3GcOUBfG3I0"
        "zggF5G8Px5KoQA6NqB_6cD3XCGGDYviO_hX9qM73BR65QwJ8jzi6A0SAhwe0TeNGb5bp8kBJaxLRGmdOgWmT"
        "L29aHXdohuejJG2QQ"
    ),
    "p": (
        "86QxKSBTFrhFZQhputJPklyH4cDhB06qLl-o1sN_bUlHMs_j-iYllC6trhYOa-oLo7tudTCDUBvpW_zq20LW"
        "z457KOaU05lZS6CWAFI_PCGGjqxolWhz1Npir76Q55Mt9W7R6m94te1xI0flMKgWAYb4cza5g4lWROA2nGCv"
        "37E"
    ),
    "q": (
        "8nFScMx2raD3NcRyhOn5xDH9n2x_s7D7V-ClRe-"
        "L80higS8BY8iGecbY88YuAnA59I_Z3fQzT_I91tpoASSJokjBRVg3pGwgHwMPPOxQB6ZEC2pspSugVS2N8nb"
        "v_u_beuo_Ate1CmIsZvb75xN2tjR7rAV6ZWa--gIzYrX1yw0"
    ),
    "dp": (
        "uQtYZyLs2FGmKwEDxGedFc1_Sn_CqVkeuc_fnRWoP2mrULVCMigs3GnDcXfBBkchBf8B-"
        "rGY2gwI5dumyFbwbX2KntrZ6AgNIPpbUu0kp9fSqaPaXreRWfVvhIkY5zkKa-"
        "D6P7LgHFS1XBVrxdOzuv82zdKffX6ebftYntZ0XVE"
    ),
    "dq": (
        "50VMxEd3KpgzWjoEmF_uH8ckTlEc3JgGm8SzRCyHz1KMjPj_FWWzSjVyvdCeETtnPbF_vif2TtwhO3Rq5DQr"
        "iwBmRbUqlxGB7rNndNFkYnerz0v9Se586uQi1Vm6BPJf5zfPVfHZRId0HeCbWcoKYzNbijRLlrFVmn5A8Hft"
        "eX0"
    ),
    "qi": (
        "GuTGnaeARgkOiO1qm0qKTYXAQRoILURoktAvQIUxIbCFHmiSgtjQiemc5TJhR7eiXsgE0eZaDpf_jAGEtU3c"
        "oZ6hdSw2goYDsWijC4uTGA5MtQoLvFmIEo6hFb2D8FjuEzX90O11xVKoeWaUrLYgL02w8RhpftQf6pz3J5vs"
        "7Zo"
    ),
}
TELLS = """
Deno.serve((req) => Response.json({
  anon: Deno.env.get("SUPABASE_ANON_KEY"),
  service: Deno.env.get("SUPABASE_SERVICE_ROLE_KEY"),
  jwks: JSON.parse(Deno.env.get("SUPABASE_JWKS")),
  authorization: req.headers.get("authorization"),
}));
"""


def read_token(token):
    return [json.loads(base64.urlsafe_b64decode(p + "==")) for p in token.split(".")[:2]]


class SigningKeys(unittest.TestCase):
    def make(self, keys, auth=""):
        project = weirtest.Project({
            "supabase/config.toml": f'[auth]\nsigning_keys_path = "./keys.json"\n{auth}',
            "supabase/keys.json": json.dumps(keys),
            "supabase/functions/tells/index.ts": TELLS,
        }, functions="supabase/functions")
        self.addCleanup(project.remove)
        return project

    def test_tokens_are_signed_with_the_first(self):
        for keys, algorithm in [([EC_KEY, RSA_KEY], "ES256"), ([RSA_KEY, EC_KEY], "RS256")]:
            server = weirtest.Server(self.make(keys))
            self.addCleanup(server.stop)
            seen = server.get("/functions/v1/tells", {"apikey": PUBLISHABLE}).json
            header, claims = read_token(seen["anon"])
            self.assertEqual(header, {"alg": algorithm, "kid": keys[0]["kid"], "typ": "JWT"})
            self.assertEqual((claims["role"], claims["iss"]), ("anon", "supabase-demo"))
            self.assertEqual(read_token(seen["service"])[1]["role"], "service_role")
            self.assertEqual(seen["authorization"], f"Bearer {seen['anon']}")
            self.assertEqual([key["kid"] for key in seen["jwks"]["keys"]], [k["kid"] for k in keys])
            self.assertNotIn("d", seen["jwks"]["keys"][0])
            for token, status in [
                (seen["anon"], 200), (seen["service"], 200), (seen["anon"][:-8] + "AAAAAAAA", 401),
            ]:
                answer = server.get("/functions/v1/tells", {"Authorization": f"Bearer {token}"})
                self.assertEqual(answer.status, status)

    def test_given_tokens_win(self):
        server = weirtest.Server(self.make([EC_KEY], f'anon_key = "{ANON}"\n'))
        self.addCleanup(server.stop)
        seen = server.get("/functions/v1/tells", BEARER).json
        self.assertEqual(seen["anon"], ANON)
        self.assertEqual(read_token(seen["service"])[0]["alg"], "ES256")

    def test_keys_that_cannot_sign(self):
        public = {name: value for name, value in EC_KEY.items() if name != "d"}
        for key, why in [
            (public, "private part"), ({**EC_KEY, "d": "%%"}, "private part"),
            ({**EC_KEY, "d": 1}, "private part"), ({**EC_KEY, "crv": "P-384"}, "P-256"),
            ({**EC_KEY, "x": EC_KEY["y"]}, "no key"), ({**EC_KEY, "kty": None}, "EC"),
            ({**RSA_KEY, "p": "AQAB"}, "no key"),
        ]:
            server = weirtest.Server(self.make([key]), expect_start=False)
            self.assertNotEqual(server.process.wait(20), 0, key)
            server.stop()
            self.assertIn("keys.json", server.stderr)
            self.assertIn(why, server.stderr)
            self.assertNotIn(EC_KEY["d"], server.stderr)


if __name__ == "__main__":
    weirtest.main()
