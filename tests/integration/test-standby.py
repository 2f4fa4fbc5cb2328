#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which way functions start, what standbys do, and what a function cannot reach."""

import json
import os
import pathlib
import signal
import socket
import unittest

import weirtest
from weirtest import Project, Server, wait_until

HELLO = "Deno.serve(() => new Response('hello'));"


def idle_standbys(server):
    return [pid for pid in server.child_pids()
            if weirtest.is_worker(pid) and weirtest.is_idle_standby(pid)]


def wait_for_standbys(server, count=2):
    return wait_until(lambda: len(idle_standbys(server)) == count and idle_standbys(server),
                      f"{count} standbys")


def start_of(server, name):
    """How the one worker of a function was started, and why not otherwise."""
    workers = server.get("/_weir/status").json["workers"]
    worker = next(w for w in workers if w["function"] == name and w["state"] in ("idle", "busy"))
    return worker["start"], worker.get("start_reason")


class Kinds(unittest.TestCase):
    def check(self, files, name, start, reason=None, standbys=2, toml=""):
        project = Project({**files, "weir.toml": toml})
        self.addCleanup(project.remove)
        server = Server(project)
        self.addCleanup(server.stop)
        if standbys:
            wait_for_standbys(server, standbys)
        self.assertEqual(server.get(f"/{name}").text, "hello")
        kind, why = start_of(server, name)
        self.assertRegex(kind, f"^({start})$")
        if reason is None:
            self.assertIsNone(why)
        else:
            self.assertRegex(why or "", reason)
        return server

    def test_plain(self):
        self.check({"functions/f/index.ts": HELLO}, "f", "standby")

    def test_default_export(self):
        self.check({"functions/f/index.ts": "export default () => new Response('hello');"},
                   "f", "standby")

    def test_flat_file(self):
        self.check({"functions/f.ts": HELLO}, "f", "standby")

    def test_shared_module(self):
        self.check({"functions/_shared/text.ts": "export const text = 'hello';",
                    "functions/f/index.ts": "import { text } from '../_shared/text.ts';"
                                            "Deno.serve(() => new Response(text));"},
                   "f", "standby")

    def test_map_for_all(self):
        self.check({"functions/import_map.json": '{"imports": {"text": "./_shared/text.ts"}}',
                    "functions/_shared/text.ts": "export default 'hello';",
                    "functions/f/index.ts": "import text from 'text';"
                                            "Deno.serve(() => new Response(text));"},
                   "f", "standby")

    def test_node_server(self):
        self.check({"functions/f/index.ts": "import http from 'node:http';"
                    "http.createServer((_, r) => r.end('hello')).listen(8000);"}, "f", "standby")

    def test_package_that_is_not_there_yet(self):
        """It is fetched while the request waits; then a standby can have it."""
        self.check({"functions/f/index.ts": "import isNumber from 'npm:is-number@7.0.0';"
                    "Deno.serve(() => new Response(isNumber(1) ? 'hello' : 'what?'));"},
                   "f", "standby|spawned", "no standby was ready|^$",
                   toml='[runtimes.deno]\ncache = "cache"\n')

    def test_package_that_a_standby_has_found(self):
        """What Deno knows of a package's versions is not needed again: it may even be gone."""
        server = self.check(
            {"functions/f/index.ts": "import isNumber from 'npm:is-number@7';"
             "Deno.serve(() => new Response(isNumber(1) ? 'hello' : 'what?'));"},
            "f", "standby|spawned", "no standby was ready|^$",
            toml='[runtimes.deno]\ncache = "cache"\n')
        names = b"\0WEIR_PACKAGES=npm:is-number@7\0"
        wait_until(lambda: len(idle_standbys(server)) == 2 and
                   all(names in pathlib.Path(f"/proc/{pid}/environ").read_bytes()
                       for pid in idle_standbys(server)), "standbys that have found it")
        page, = server.project.root.glob("cache/npm/*/is-number/registry.json")
        page.unlink()
        os.kill(server.get("/_weir/status").json["workers"][0]["pid"], signal.SIGTERM)
        wait_until(lambda: not server.get("/_weir/status").json["workers"], "it has ended")
        self.assertEqual(server.get("/f").text, "hello")
        self.assertEqual(start_of(server, "f"), ("standby", None))
        self.assertFalse(page.exists())

    def test_own_config(self):
        self.check({"functions/f/deno.json": '{"imports": {"x": "./x.ts"}}',
                    "functions/f/x.ts": "export default 'hello';",
                    "functions/f/index.ts": "import x from 'x';"
                                            "Deno.serve(() => new Response(x));"},
                   "f", "spawned", "own deno.json", standbys=0)

    def test_main_module(self):
        self.check({"functions/f/index.ts": f"if (import.meta.main) {HELLO}"},
                   "f", "spawned", "import.meta.main", standbys=0)

    def test_modules_of_another_function(self):
        """Nobody knows before it is tried; the client does not notice."""
        self.check({"functions/g/text.ts": "export default 'hello';",
                    "functions/g/index.ts": HELLO,
                    "functions/f/index.ts": "import text from '../g/text.ts';"
                                            "Deno.serve(() => new Response(text));"},
                   "f", "spawned", "imports .*/g/text.ts")

    def test_off(self):
        server = self.check({"functions/f/index.ts": HELLO}, "f", "spawned", "standbys are off",
                            standbys=0, toml="standby_workers = 0\n")
        self.assertEqual(idle_standbys(server), [])

    def test_bundled(self):
        server = self.check(
            {"functions/f/deno.json": '{"imports": {"x": "./x.ts"}}',
             "functions/f/x.ts": "export function boom() {\n  throw new Error('boom');\n}",
             "functions/f/index.ts":
                 "import { boom } from 'x';\n"
                 "Deno.serve((q) => { if (q.url.endsWith('boom')) boom();"
                 " return new Response('hello'); });",
             "functions/g/index.ts": HELLO},
            "f", "spawned", "no standby was ready", toml="[functions.f]\nbundle = true\n")
        mark = server.mark()
        self.assertEqual(server.get("/f/boom").status, 500)
        event = server.wait_event(lambda e: e.get("type") == "error", since=mark)
        self.assertRegex(event["stack"], r"/f/x\.ts:2:\d+")


class Life(unittest.TestCase):
    def server(self, files, toml="", **options):
        self.project = Project({**files, "weir.toml": toml})
        self.addCleanup(self.project.remove)
        server = Server(self.project, **options)
        self.addCleanup(server.stop)
        return server

    def test_refill(self):
        server = self.server({f"functions/f{i}/index.ts": HELLO for i in range(4)})
        for i in range(4):
            wait_for_standbys(server)
            self.assertEqual(server.get(f"/f{i}").text, "hello")
            self.assertEqual(start_of(server, f"f{i}")[0], "standby")
        wait_for_standbys(server)

    def test_each_group_has_one(self):
        """Forty functions, in three groups: none that is asked for the first time has to wait."""
        server = self.server({f"functions/f{i:02}/index.ts": HELLO for i in range(40)})
        for name, count in (("f00", 4), ("f20", 4), ("f39", 5)):  # two where it is used
            wait_for_standbys(server, count)
            self.assertEqual(server.get(f"/{name}").text, "hello")
            self.assertEqual(start_of(server, name), ("standby", None))

    def test_workers_come_first(self):
        """Where the number of processes is bounded, standbys are among them."""
        server = self.server({f"functions/f{i}/index.ts": HELLO for i in range(2)},
                             "max_workers_total = 2\n")
        wait_for_standbys(server)
        self.assertEqual(server.get("/f0").text, "hello")
        wait_for_standbys(server, 1)
        self.assertEqual(server.get("/f1").text, "hello")
        wait_until(lambda: idle_standbys(server) == [], "no standby")
        for worker in server.get("/_weir/status").json["workers"]:
            os.kill(worker["pid"], signal.SIGTERM)
        wait_for_standbys(server)

    def test_a_dead_one_is_replaced(self):
        server = self.server({"functions/f/index.ts": HELLO})
        first = set(wait_for_standbys(server))
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(set(idle_standbys(server)) - first) == 2, "new ones")
        self.assertEqual(server.get("/f").text, "hello")

    def test_one_that_dies_with_the_function_in_it(self):
        server = self.server({"functions/f/index.ts": HELLO})
        for pid in wait_for_standbys(server):
            os.kill(pid, signal.SIGSTOP)
        with server.client() as client:
            client.request("GET", "/f")
            worker = wait_until(lambda: server.get("/_weir/status").json["workers"], "it loads")[0]
            self.assertEqual((worker["state"], worker["start"]), ("booting", "standby"))
            os.kill(worker["pid"], signal.SIGKILL)
            self.assertEqual(client.response().text, "hello")
            self.assertEqual(start_of(server, "f"), ("spawned", "its standby died"))

    def stop_standbys(self, server):
        for pid in wait_for_standbys(server):
            os.kill(pid, signal.SIGSTOP)

    def wait_for_connection(self, server):
        """Somebody is connected to the worker that loads, which is stopped and does nothing."""
        worker = wait_until(lambda: server.get("/_weir/status").json["workers"], "it loads")[0]
        self.assertEqual((worker["state"], worker["start"]), ("booting", "standby"))
        variables = pathlib.Path(f"/proc/{worker['pid']}/environ").read_text().split("\0")
        path = next(v for v in variables if v.startswith("WEIR_STANDBY=")).partition("=")[2]
        # The one that listens has a line of its own.
        wait_until(lambda: pathlib.Path("/proc/net/unix").read_text().count(path) > 1,
                   "a connection")
        return worker["pid"]

    def ask_early(self, code, method="GET", body=None):
        """The answer to a request that is with the worker before the function is."""
        server = self.server({"functions/f/index.ts": code})
        self.stop_standbys(server)
        with server.client() as client:
            client.request(method, "/f", body=body)
            os.kill(self.wait_for_connection(server), signal.SIGCONT)
            return server, client.response()

    def check_early(self, code, method="GET", body=None):
        """It comes once."""
        server, answer = self.ask_early(code, method, body)
        self.assertEqual(answer.text, "1 " + (body or b"").decode())
        worker, = server.get("/_weir/status").json["workers"]
        self.assertEqual((worker["start"], worker["requests"]), ("standby", 1))

    def test_request_before_its_function(self):
        self.check_early("let n = 0; Deno.serve(() => new Response(`${++n} `));")

    def test_body_before_its_function(self):
        self.check_early("let n = 0; await new Promise((r) => setTimeout(r, 5));"
                         "export default async (q: Request) =>"
                         " new Response(`${++n} ${await q.text()}`);", "POST", b"body")

    def test_request_before_a_server_of_node(self):
        """That listens in place of who has got the request: it is sent again."""
        self.check_early("import http from 'node:http'; let n = 0;"
                         "http.createServer(async (q, r) => { let text = '';"
                         "  for await (const piece of q) text += piece;"
                         "  r.end(`${++n} ${text}`); }).listen(8000);", "POST", b"body")

    def test_failure_of_a_request_before_its_function(self):
        """It is still known which request met it."""
        server, answer = self.ask_early("await new Promise((r) => setTimeout(r, 5));"
                                        "Deno.serve(() => { throw new Error('x'); });")
        self.assertEqual(answer.status, 500)
        event = server.wait_event(lambda e: e["type"] == "error")
        self.assertEqual(event["request_id"], answer.header("x-request-id"))

    def test_standby_that_loads_goes_first(self):
        """The thread that hears of it does not take its processor for that."""
        server = self.server({"functions/f/index.ts": HELLO})
        if os.sched_getscheduler(server.process.pid) != os.SCHED_OTHER or os.nice(0) < 0:
            self.skipTest("policies of scheduling are somebody else's")
        self.stop_standbys(server)
        with server.client() as client:
            client.request("GET", "/f")
            worker = self.wait_for_connection(server)
            self.assertEqual(os.sched_getscheduler(server.process.pid) & ~os.SCHED_RESET_ON_FORK,
                             os.SCHED_BATCH)
            os.kill(worker, signal.SIGCONT)
            self.assertEqual(client.response().text, "hello")
        wait_until(lambda: os.sched_getscheduler(server.process.pid) & ~os.SCHED_RESET_ON_FORK ==
                   os.SCHED_OTHER, "it is over")

    def test_client_that_leaves_before_its_function(self):
        server = self.server({"functions/f/index.ts": HELLO})
        self.stop_standbys(server)
        with server.client() as client:
            client.request("GET", "/f")
            pid = self.wait_for_connection(server)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "nobody wants it")
        self.assertEqual(server.get("/f").text, "hello")

    def test_request_of_a_function_that_fails(self):
        _, answer = self.ask_early("await new Promise((r) => setTimeout(r, 5));"
                                   "throw new Error('broken');")
        self.assertEqual(answer.status, 500)
        self.assertIn("broken", answer.text)

    def test_shared_map_that_changes(self):
        server = self.server({
            "functions/import_map.json": '{"imports": {"x": "./_shared/one.ts"}}',
            "functions/_shared/one.ts": "export default 'one';",
            "functions/_shared/two.ts": "export default 'two';",
            "functions/f/index.ts": "import x from 'x'; Deno.serve(() => new Response(x));"})
        wait_for_standbys(server)
        self.assertEqual(server.get("/f").text, "one")
        wait_for_standbys(server)
        self.project.write("functions/import_map.json",
                           '{"imports": {"x": "./_shared/two.ts"}}')
        wait_until(lambda: server.get("/f").text == "two", "the new map")

    def test_none_is_left_behind(self):
        project = Project({"functions/f/index.ts": HELLO})
        self.addCleanup(project.remove)
        server = Server(project)
        pids = wait_for_standbys(server)
        self.assertEqual(server.stop(), 0)
        for pid in pids:
            wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "it is gone")


PROBE = """
const here = import.meta.dirname;
const tries = {
  own: () => Deno.readTextFileSync(here + "/own.txt"),
  shared: () => Deno.readTextFileSync(here + "/../_shared/text.txt"),
  variable: () => Deno.env.get("MINE"),
  temporary: () => {
    const path = Deno.makeTempFileSync();
    Deno.writeTextFileSync(path, "kept");
    return Deno.readTextFileSync(path);
  },
  ownEnvFile: () => Deno.readTextFileSync(here + "/.env"),
  otherEnvFile: () => Deno.readTextFileSync(here + "/../other/.env"),
  sharedEnvFile: () => Deno.readTextFileSync(here + "/../_shared/.env"),
  rootEnvFile: () => Deno.readTextFileSync(here + "/../.env"),
  other: () => Deno.readTextFileSync(here + "/../other/index.ts"),
  otherDotted: () => Deno.readTextFileSync(here + "/x/../../other/index.ts"),
  list: () => [...Deno.readDirSync(here + "/..")].length,
  passwd: () => Deno.readTextFileSync("/etc/passwd"),
  environ: () => Deno.readTextFileSync("/proc/self/environ"),
  memory: () => Deno.openSync("/proc/self/mem"),
  write: () => Deno.writeTextFileSync(here + "/new.txt", "x"),
  symlink: () => Deno.symlinkSync("/etc/passwd", Deno.env.get("TMPDIR") + "/link"),
  link: () => Deno.linkSync("/etc/passwd", Deno.env.get("TMPDIR") + "/link"),
  spawn: () => new Deno.Command("/bin/true").outputSync().code,
  ffi: () => Deno.dlopen("libc.so.6", {}),
  stdout: () => Deno.openSync("/dev/stdout", { write: true }),
  unlinkSocket: () => Deno.removeSync(socketPath),
  connectSocket: () => Deno.connect({ transport: "unix", path: socketPath }),
  importOther: () => import(["..", "other", "util.ts"].join("/")),
  importPackage: () => import(["npm:left", "pad@1.0.0"].join("-")),
  fetchOther: () => fetch(new URL("../other/.env", import.meta.url)).then((r) => r.text()),
  grant: () => {
    if (Deno.permissions.requestSync({ name: "read", path: "/etc/passwd" }).state === "granted") return 1;
    throw new Error("denied");
  },
};
let socketPath = "";
const atLoad = {};
for (const name of ["otherEnvFile", "ownEnvFile", "passwd", "other"]) {
  try { tries[name](); atLoad[name] = true; } catch { atLoad[name] = false; }
}
Deno.serve(async (request) => {
  socketPath = new URL(request.url).searchParams.get("socket") ?? "/nowhere";
  Deno.exit(3);
  const result = { atLoad };
  for (const [name, attempt] of Object.entries(tries)) {
    try { result[name] = [true, String(await attempt()).slice(0, 20)]; }
    catch (error) { result[name] = [false, error.name]; }
  }
  return Response.json(result);
});
"""

ALLOWED = {"own", "shared", "variable", "temporary"}


class Escapes(unittest.TestCase):
    def files(self):
        return {
            "functions/f/index.ts": PROBE,
            "functions/f/own.txt": "own",
            "functions/f/.env": "MINE=1",
            "functions/_shared/text.txt": "shared",
            "functions/_shared/.env": "SHARED=1",
            "functions/.env": "ALL=1",
            "functions/other/index.ts": HELLO,
            "functions/other/util.ts": "export default 1;",
            "functions/other/.env": "SECRET=1",
        }

    def probe(self, toml):
        project = Project({**self.files(), "weir.toml": toml})
        self.addCleanup(project.remove)
        server = Server(project)
        self.addCleanup(server.stop)
        if toml == "":
            wait_for_standbys(server)
        self.assertEqual(server.get("/f").status, 200)
        sockets = [line.split()[-1] for line in open("/proc/net/unix") if line.rstrip().endswith(".sock")]
        mine = self.socket_of(server, sockets)
        return server, server.get(f"/f?socket={mine}").json

    def socket_of(self, server, sockets):
        """The path that some worker of this server listens on."""
        pid = server.worker_pids()[0]
        environ = open(f"/proc/{pid}/environ").read()
        for path in sockets:
            if path in environ:
                return path
        return next((p for p in sockets if "/weir-" in p), "/nowhere")

    def check(self, result):
        for name, (allowed, text) in ((n, v) for n, v in result.items() if n != "atLoad"):
            with self.subTest(name):
                self.assertEqual(allowed, name in ALLOWED, text)
        self.assertFalse(any(result["atLoad"].values()), result["atLoad"])

    def test_standby(self):
        server, result = self.probe("")
        self.assertEqual(start_of(server, "f")[0], "standby")
        self.check(result)

    def test_spawned(self):
        server, result = self.probe("standby_workers = 0\n")
        self.assertEqual(start_of(server, "f")[0], "spawned")
        self.check(result)

    def test_forged_events_harm_nobody(self):
        project = Project({
            "functions/f/index.ts": "import fs from 'node:fs'; Deno.serve(() => {"
            "for (const type of ['failed', 'ready', 'standby', 'task'])"
            " fs.writeSync(1, JSON.stringify({ type, code: 'threw', message: 'x', pending: 1 }) + '\\n');"
            " return new Response('mine'); });",
            "functions/g/index.ts": HELLO})
        self.addCleanup(project.remove)
        server = Server(project)
        self.addCleanup(server.stop)
        for _ in range(5):
            self.assertIn(server.get("/f").status, (200, 500, 502, 503))
            self.assertEqual(server.get("/g").text, "hello")


class Profiles(unittest.TestCase):
    CODE = """
const can = (f) => { try { f(); return true; } catch { return false; } };
const asked = { env: can(() => Deno.env.get("X")), passwd: can(() => Deno.readTextFileSync("/etc/passwd")),
  run: can(() => new Deno.Command("/bin/true").outputSync()), net: Deno.permissions.querySync({ name: "net" }).state };
Deno.serve(() => Response.json(asked));
"""

    def ask(self, toml, own=None):
        files = {"functions/f/index.ts": self.CODE, "weir.toml": toml}
        if own is not None:
            files["functions/f/function.json"] = json.dumps(own)
        project = Project(files)
        self.addCleanup(project.remove)
        server = Server(project)
        self.addCleanup(server.stop)
        response = server.get("/f")
        self.assertEqual(response.status, 200, response.text)
        return response.json

    def test_none(self):
        self.assertEqual(self.ask('[defaults]\npermissions = "none"\n'),
                         {"env": False, "passwd": False, "run": False, "net": "prompt"})

    def test_strict(self):
        self.assertEqual(self.ask('[defaults]\npermissions = "strict"\n'),
                         {"env": False, "passwd": False, "run": False, "net": "granted"})

    def test_permissive(self):
        self.assertEqual(self.ask('[functions.f]\npermissions = "permissive"\n'),
                         {"env": True, "passwd": True, "run": True, "net": "granted"})

    def test_flags(self):
        self.assertEqual(
            self.ask('[functions.f]\npermissions = ["--allow-env", "--allow-read=/etc/passwd"]\n'),
            {"env": True, "passwd": True, "run": False, "net": "prompt"})

    def test_everything_but(self):
        everything = {"env": True, "passwd": True, "run": True, "net": "granted"}
        for flag, taken in (("--deny-run", {"run": False}), ("--deny-read=/etc", {"passwd": False}),
                            ("--deny-net", {"net": "prompt"}), ("--deny-env", {"env": False})):
            with self.subTest(flag):
                self.assertEqual(self.ask(f'[functions.f]\npermissions = ["--allow-all", "{flag}"]\n'),
                                 {**everything, **taken})

    def test_a_folder_that_holds_the_socket(self):
        """To take the right to the socket back would take the whole folder."""
        project = Project({
            "functions/f/index.ts":
            "Deno.serve(() => new Response(Deno.readTextFileSync('/etc/passwd')));",
            "weir.toml": '[functions.f]\npermissions = ["--allow-read=/", "--allow-write=/nowhere"]\n'})
        self.addCleanup(project.remove)
        server = Server(project)
        self.addCleanup(server.stop)
        self.assertEqual(server.get("/f").status, 200)

    def test_own_profile(self):
        self.assertEqual(
            self.ask('[permissions.reader]\nflags = ["--allow-read=/etc"]\n'
                     '[defaults]\npermissions = "reader"\n')["passwd"], True)

    def test_the_function_itself_may_say(self):
        self.assertEqual(self.ask('[defaults]\npermissions = "strict"\n',
                                  {"permissions": "standard"})["env"], True)

    def test_the_project_has_the_last_word(self):
        self.assertEqual(self.ask('[functions.f]\npermissions = "strict"\n',
                                  {"permissions": "permissive"})["env"], False)


if __name__ == "__main__":
    weirtest.main()
