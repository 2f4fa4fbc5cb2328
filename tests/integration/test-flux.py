#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A project that was written for Flux: its routes, its errors, and what is wrong in flux.json."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import weirtest
from weirtest import Project, Server, wait_until

STORE = """
import { defineFunction } from "@flux/functions";
import { withTitle } from "../_shared/todo.ts";

export default defineFunction({
  name: "create_todo",
  handler: async ({ input, ctx }) => {
    ctx.log("creating", { title: input.title });
    if (input.title === "boom") throw new Error("no more room: " + ctx.env.MAILER_TOKEN);
    return { ...withTitle(input.title), owner: await ctx.secrets.get("OWNER", "nobody") };
  },
});
"""
LIST = """
import { defineFunction } from "@flux/functions";

export default defineFunction({
  name: "list_todos",
  handler: ({ input }) => [{ title: "milk", done: input.done ?? null }],
});
"""
CHECKED = """
import { defineFunction } from "@fluxbase/functions";

const input = {
  safeParse: (value) => typeof value.to === "string"
    ? { success: true, data: value }
    : { success: false, error: { issues: [{ path: ["to"], message: "a string" }] } },
};

export default defineFunction({
  name: "send_mail",
  input,
  handler: ({ input, ctx }) => ({ sent: input.to, from: ctx.env.MAILER_FROM }),
});
"""

PROJECT = {
    "functions/_shared/todo.ts": "export const withTitle = (title: string) => ({ title, done: false });\n",
    "functions/create_todo/index.ts": STORE,
    "functions/create_todo/flux.json": json.dumps({
        "name": "create_todo", "runtime": "deno", "route": "/todos", "method": "POST", "async": False}),
    "functions/list_todos/index.ts": LIST,
    "functions/list_todos/flux.json": json.dumps({
        "name": "list_todos", "runtime": "deno", "route": "/todos", "method": "GET"}),
    "functions/mailer/src/main.ts": CHECKED,
    "functions/mailer/flux.json": json.dumps({
        "name": "send_mail", "runtime": "node", "entry": "src/main.ts", "description": "Sends it"}),
    "functions/.env": "MAILER_FROM=me@example.org\nMAILER_TOKEN=t0k3n-t0k3n\n",
    "schema/001_todos.sql": "create table todos (id serial primary key, title text);\n",
    ".env.example": "MAILER_FROM=\n",
}


class FluxTest(unittest.TestCase):
    def serve(self, files=None, **more):
        self.project = Project({**PROJECT, **(files or {})})
        self.addCleanup(self.project.remove)
        self.server = Server(self.project, **more)
        self.addCleanup(self.server.stop)
        return self.server

    def explain(self, name):
        done = subprocess.run([weirtest.WEIR, "config", "explain", name, "--json"],
                              cwd=self.project.root, capture_output=True, text=True, check=True)
        return {o["option"]: (o["value"], o["source"]) for o in json.loads(done.stdout)["options"]}

    def check(self, status):
        done = subprocess.run([weirtest.WEIR, "config", "check", "--json"],
                              cwd=self.project.root, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return json.loads(done.stdout)

    def post(self, target, value, headers=None):
        return self.server.post(target, json.dumps(value), headers)


class Project_(FluxTest):
    def test_routes_and_methods(self):
        server = self.serve()
        made = self.post("/todos", {"title": "milk"})
        self.assertEqual((made.status, made.json),
                         (200, {"title": "milk", "done": False, "owner": "nobody"}))
        server.wait_event(lambda e: e["type"] == "log" and e["message"] == 'creating {"title":"milk"}')
        listed = server.get("/todos?done=1")
        self.assertEqual((listed.status, listed.json), (200, [{"title": "milk", "done": "1"}]))
        self.assertEqual(server.request("HEAD", "/todos").status, 200)
        self.assertEqual(self.post("/todos/", {"title": "x"}).status, 200)
        sent = self.post("/send_mail", {"to": "you"})
        self.assertEqual((sent.status, sent.json), (200, {"sent": "you", "from": "me@example.org"}))
        self.assertEqual(self.post("/functions/v1/mailer", {"to": "you"}).status, 200)

    def test_what_is_not_registered(self):
        server = self.serve()
        for method, target in (("PUT", "/todos"), ("GET", "/send_mail"), ("POST", "/todos/1"),
                               ("POST", "/create_todo"), ("POST", "/mailer"), ("GET", "/nothing")):
            answer = server.request(method, target)
            self.assertEqual((answer.status, answer.json),
                             (404, {"error": "route_not_found",
                                    "message": f"{method} {target} is not registered"}))
            self.assertTrue(answer.header("x-request-id"))
        other = server.request("GET", "/functions/v1/mailer")
        self.assertEqual((other.status, other.header("allow")), (405, "POST, OPTIONS"))

    def test_errors(self):
        server = self.serve()
        wrong = self.post("/send_mail", {"to": 3})
        self.assertEqual((wrong.status, wrong.json["error"]), (400, "INPUT_VALIDATION_ERROR"))
        self.assertEqual(wrong.json["violations"], [{"path": ["to"], "message": "a string"}])
        broken = self.post("/todos", {"title": "boom"})
        self.assertEqual((broken.status, broken.json),
                         (500, {"error": "FunctionExecutionError", "message": "no more room: ***"}))
        server.wait_event(lambda e: e["type"] == "error" and "no more room: ***" in e["message"])
        self.assertNotIn("t0k3n", json.dumps(server.events))
        large = server.request("POST", "/todos", {"Content-Length": str(11 << 20), "Expect": "100-continue"})
        self.assertEqual((large.status, large.json["error"]), (413, "payload_too_large"))

    def test_browsers(self):
        server = self.serve()
        asked = server.request("OPTIONS", "/todos", {
            "Origin": "http://shop.example", "Access-Control-Request-Method": "POST"})
        self.assertEqual((asked.status, asked.header("access-control-allow-origin")),
                         (204, "http://shop.example"))
        read = server.get("/todos", {"Origin": "http://shop.example"})
        self.assertEqual(read.header("access-control-allow-origin"), "*")

    def test_explained(self):
        self.serve()
        options = self.explain("mailer")
        self.assertEqual(options["route"], ("/send_mail", "mailer/flux.json:1"))
        self.assertEqual(options["methods"], (["POST"], "mailer/flux.json"))
        self.assertEqual(options["entrypoint"][1], "mailer/flux.json:1")
        self.assertEqual(options["request_timeout_ms"], (30000, "mailer/flux.json"))
        self.assertEqual(self.explain("list_todos")["methods"], (["GET"], "list_todos/flux.json:1"))
        found = self.check(0)
        self.assertEqual(found, {"problems": [], "warnings": []})


    def test_command_line(self):
        self.project = Project(PROJECT)
        self.addCleanup(self.project.remove)

        def weir(*arguments):
            return subprocess.run([weirtest.WEIR, *arguments], cwd=self.project.root, text=True,
                                  capture_output=True, check=False)

        listed = {f["name"]: f["routes"] for f in json.loads(weir("list", "--json").stdout)["functions"]}
        self.assertEqual(listed["mailer"], ["/functions/v1/mailer", "/send_mail"])
        self.assertIn("GET /functions/v1/list_todos, /todos", weir("list").stdout)
        self.assertEqual(json.loads(weir("invoke", "create_todo").stdout)["done"], False)
        self.assertEqual(json.loads(weir("invoke", "mailer", "--data", '{"to":"you"}').stdout)["sent"], "you")
        self.assertEqual(json.loads(weir("invoke", "list_todos").stdout)[0]["title"], "milk")


class Options(FluxTest):
    FLUX = {"name": "list_todos", "route": "/todos", "method": "GET"}

    def flux(self, **more):
        self.project.write("functions/list_todos/flux.json", json.dumps({**self.FLUX, **more}))

    def test_gateway_options(self):
        server = self.serve({"functions/list_todos/flux.json": json.dumps({
            **self.FLUX, "rateLimit": "2/min", "corsOrigins": ["https://only.example"],
            "env": {"LANGUAGE": "en"}, "memoryLimitMb": 64})})
        headers = {"Origin": "https://only.example"}
        first = server.get("/todos", headers)
        self.assertEqual(first.header("access-control-allow-origin"), "https://only.example")
        server.get("/todos")
        limited = server.get("/todos")
        self.assertEqual((limited.status, limited.json["error"]), (429, "rate_limit_exceeded"))
        self.assertTrue(limited.header("retry-after"))
        self.assertEqual(self.explain("list_todos")["memory_limit_mb"], (64, "list_todos/flux.json:1"))

    def test_edits_are_live(self):
        server = self.serve()
        self.assertEqual(server.get("/todos").status, 200)
        self.flux(route="/v2/todos")
        wait_until(lambda: server.get("/v2/todos").status == 200, "the new route")
        self.assertEqual(server.get("/todos").status, 404)
        self.flux(route="/v2/todos", method="DELETE")
        wait_until(lambda: server.request("DELETE", "/v2/todos").status == 200, "the new method")
        self.flux(enabled=False)
        wait_until(lambda: server.get("/todos").status == 404, "taken out of service")
        os.unlink(self.project.root / "functions/list_todos/flux.json")
        wait_until(lambda: server.get("/list_todos/anything").status == 200, "a plain function again")

    def test_a_broken_edit_takes_nothing_away(self):
        server = self.serve()
        self.assertEqual(server.get("/todos").status, 200)
        since = server.mark()
        self.project.write("functions/list_todos/flux.json", '{\n  "route": "todos"\n}')
        event = server.wait_event(lambda e: "flux.json" in e.get("message", ""), since=since)
        self.assertIn('list_todos/flux.json:2:12: route is "todos": a route begins with "/"', event["message"])
        self.assertEqual(server.get("/todos").status, 200)

    def test_edits_are_warned_of(self):
        server = self.serve()
        since = server.mark()
        self.flux(**{"async": True})
        event = server.wait_event(lambda e: "async" in e.get("message", ""), since=since)
        self.assertEqual(event["message"],
                         "list_todos/flux.json:1: async has no effect: callers wait for the answer")

    def test_two_of_one_route(self):
        server = self.serve({"functions/other/index.ts": LIST,
                             "functions/other/flux.json": '{"route": "/todos", "method": "GET"}'})
        started = server.wait_event(lambda e: e["type"] == "listening")
        self.assertEqual(started["problems"], [
            "other/flux.json:1: “other” would answer at /todos as “list_todos” does; give one of them "
            "another route, or other methods"])
        self.assertEqual(server.get("/todos").json[0]["title"], "milk")

    def test_what_is_wrong_concerns_one_function(self):
        self.project = None
        for text, message in (
            ("[]", "mailer/flux.json:1:1: the file must hold one object: { … }"),
            ('{"metod": "GET"}', 'mailer/flux.json:1:2: unknown key "metod"; did you mean "method"?'),
            ('{"runtime": "wasm"}',
             'mailer/flux.json:1:13: runtime is "wasm", not one of deno|node|javascript|typescript'),
            ('{\n "route": 7 }', "mailer/flux.json:2:11: route must be a string with a path that "
                                 'begins with "/", not an integer'),
            ('{"flux_version": "0.2"}',
             "mailer/flux.json:1:2: flux_version belongs to a flux.json that is no function's, but of "
             "a project of Flux 0.2 or later; write name, route and method of the function instead"),
        ):
            self.project = Project({**PROJECT, "functions/mailer/flux.json": text})
            self.addCleanup(self.project.remove)
            self.assertEqual(self.check(3)["problems"], [message])
        server = Server(self.project)
        self.addCleanup(server.stop)
        self.assertEqual(server.get("/todos").status, 200)
        self.assertEqual(server.post("/send_mail", "{}").status, 404)


class Keys(FluxTest):
    """What a Flux project has its gateway for: keys, plans, who may come without."""

    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="weir-home-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.env = {"HOME": str(self.home), "XDG_DATA_HOME": str(self.home / "data"),
                    "XDG_CONFIG_HOME": str(self.home / "config"),
                    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}

    def weir(self, *arguments):
        done = subprocess.run([weirtest.WEIR, *arguments], cwd=self.project.root,
                              env={**os.environ, **self.env}, capture_output=True, text=True, check=True)
        return done.stdout

    def test_secrets_are_live(self):
        server = self.serve(env=self.env)
        self.assertEqual(self.post("/todos", {"title": "a"}).json["owner"], "nobody")
        self.weir("secrets", "set", "OWNER=Ada Lovelace")
        wait_until(lambda: self.post("/todos", {"title": "a"}).json["owner"] == "Ada Lovelace", "the secret")
        self.assertFalse(re.search("Ada", json.dumps(server.events)))


if __name__ == "__main__":
    weirtest.main()
