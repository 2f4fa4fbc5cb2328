#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a function's code says about itself in comments takes effect, and is complained about."""

import unittest

import weirtest
from weirtest import Project, Server, wait_until

ASK = """
const state = (name) => Deno.permissions.querySync({ name }).state;
export default () => Response.json({ net: state("net"), env: state("env") });
"""
FETCH = """
export default async () => {
  try {
    const health = await fetch(Deno.env.get("SUPABASE_URL") + "/_weir/health");
    return new Response((await health.json()).status);
  } catch (error) {
    return new Response(error.name);
  }
};
"""
LOG = 'export default () => { console.log("said"); throw new Error("broke"); };\n'


class Annotations(unittest.TestCase):
    def serve(self, files):
        self.project = Project(files)
        self.addCleanup(self.project.remove)
        self.server = Server(self.project)
        self.addCleanup(self.server.stop)
        return self.server

    def states(self, name):
        return tuple(self.server.get(f"/{name}").json.values())

    def test_leave_is_taken(self):
        self.serve({
            "functions/usual/index.ts": ASK,
            "functions/quiet/index.ts": "// @fluxbase:allow-net false\n" + ASK,
            "functions/blind.ts": "/* @fluxbase:deny-env */\n// @fluxbase:allow-env\n" + ASK,
            "functions/both/index.ts": "// @fluxbase:deny-net\n// @fluxbase:allow-env false\n" + ASK,
            "functions/own/index.ts": "// @fluxbase:deny-net\n" + ASK,
            "functions/own/function.json": '{ "allowNet": true }',
            "functions/held/index.ts": "// @fluxbase:allow-net\n" + ASK,
            "weir.toml": "[functions.held]\nallow_net = false\n",
        })
        self.assertEqual(self.states("usual"), ("granted", "granted"))
        self.assertEqual(self.states("quiet"), ("prompt", "granted"))
        self.assertEqual(self.states("blind"), ("granted", "prompt"))
        self.assertEqual(self.states("both"), ("prompt", "prompt"))
        self.assertEqual(self.states("own"), ("granted", "granted"))
        self.assertEqual(self.states("held"), ("prompt", "granted"))

    def test_without_network_nothing_is_fetched(self):
        self.serve({
            "functions/quiet/index.ts": "// @fluxbase:deny-net\n" + FETCH,
            "functions/usual/index.ts": FETCH,
        })
        self.assertEqual(self.server.get("/quiet").text, "NotCapable")
        self.assertEqual(self.server.get("/usual").text, "ok")

    def test_logs(self):
        server = self.serve({
            "functions/usual/index.ts": LOG,
            "functions/mute/index.ts": "// @fluxbase:disable-logs\n" + LOG,
            "functions/silent/index.ts": "// @fluxbase:disable-execution-logs true\n" + LOG,
            "functions/still/index.ts": "// @fluxbase:disable-execution-logs false\n" + LOG,
        })
        for name in ("usual", "mute", "silent", "still"):
            self.assertEqual(server.get(f"/{name}").status, 500)
            # The line was written before it broke, and of that there is always word.
            server.wait_event(lambda e: e["type"] == "error" and e["function"] == name)
        said = {e["function"] for e in server.events if e["type"] == "log"}
        self.assertEqual(said, {"usual", "still"})

    def test_warnings_at_the_start(self):
        server = self.serve({
            "functions/flat.ts": "\n// @fluxbase:rate-limit often\n" + ASK,
            "functions/flat.test.ts": "// @fluxbase:nonsense\n",
            "functions/named/main.ts": "// @fluxbase:deny-nets\n" + ASK,
            "functions/named/index.ts": "// @fluxbase:not-read\n",
            "functions/named/function.json": '{ "entrypoint": "main.ts" }',
        })
        started = server.wait_event(lambda e: e["type"] == "listening")
        self.assertEqual(started["warnings"], [
            "named/main.ts:1: @fluxbase:deny-nets is unknown; did you mean @fluxbase:deny-net?",
            "flat.ts:2: @fluxbase:rate-limit is not N/min, N/hour or N/day",
        ])

    def test_edits_are_warned_of(self):
        server = self.serve({
            "functions/flat.ts": ASK,
            "functions/folder/index.ts": ASK,
            "functions/named/main.ts": ASK,
            "functions/named/index.ts": "",
            "functions/named/function.json": '{ "entrypoint": "main.ts" }',
        })
        for file in ("flat.ts", "folder/index.ts", "named/main.ts"):
            since = server.mark()
            self.project.write(f"functions/{file}", "// @fluxbase:deny-nett\n" + ASK)
            event = server.wait_event(lambda e: "deny-nett" in e.get("message", ""), since=since)
            self.assertIn(f"{file}:1: @fluxbase:deny-nett is unknown", event["message"])
        since = server.mark()
        self.project.write("functions/folder/index.ts", "// @fluxbase:deny-net\n" + ASK)
        wait_until(lambda: self.states("folder") == ("prompt", "granted"), "the edit counts")
        told = [e for e in server.events[since:] if "deny-nett" in e.get("message", "")]
        self.assertEqual(told, [], "what was told before is not told again")


if __name__ == "__main__":
    weirtest.main()
