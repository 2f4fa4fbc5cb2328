#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets: set, seen by functions at once, never in a log, and encrypted at rest."""

import json
import os
import pty
import shutil
import signal
import subprocess
import tempfile
import termios
import unittest
from pathlib import Path

import weirtest

CODE = """
Deno.serve((request) => {
  const name = new URL(request.url).searchParams.get("name");
  const value = Deno.env.get(name);
  if (value) console.log(`the value is ${value}!`);
  if (request.url.includes("throw")) throw new Error(`broke on ${value}`);
  return new Response(value ?? "none");
});
"""
BROKEN = 'throw new Error("cannot use " + Deno.env.get("DB_SECRET"));\n'


INTERRUPTIONS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def heed_signals():
    """Whoever started the tests may have had them ignored, as nohup does."""
    for number in INTERRUPTIONS:
        signal.signal(number, signal.SIG_DFL)


def shows(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


class SecretsTest(unittest.TestCase):
    """No keyring: no bus is reachable."""

    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="weir-home-"))
        self.project = weirtest.Project({"weir.toml": 'listen = ["127.0.0.1:0"]\n'})
        self.project.function("env", CODE)
        self.env = {
            "HOME": str(self.home),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        }
        self.server = None

    def tearDown(self):
        if self.server is not None:
            self.server.stop()
        self.project.remove()
        shutil.rmtree(self.home, ignore_errors=True)

    def weir(self, *arguments, stdin="", status=0):
        done = subprocess.run(
            [weirtest.WEIR, *arguments],
            cwd=self.project.root,
            input=stdin,
            env={**os.environ, **self.env, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout, done.stderr

    def serve(self, *arguments):
        self.server = weirtest.Server(self.project, *arguments, env=self.env)
        return self.server

    def value(self, name, path="/env"):
        return self.server.get(f"{path}?name={name}").text

    def stored(self):
        return b"".join(p.read_bytes() for p in self.home.rglob("*") if p.is_file())

    def test_set_list_unset(self):
        out, _ = self.weir("secrets", "set", "A=first value", "B=x=y", "EMPTY=")
        self.assertEqual(out, "✔ Secret set: A\n✔ Secret set: B\n✔ Secret set: EMPTY\n")
        out, _ = self.weir("secrets", "set", "A", stdin="from a pipe\n")
        self.assertEqual(out, "✔ Secret updated: A\n")
        _, err = self.weir("secrets", "set", "A", status=1)
        self.assertIn("A: no value came on the standard input", err)
        out, _ = self.weir("secrets", "list")
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["NAME", "A", "B", "EMPTY"])
        out, _ = self.weir("secrets", "list", "--json")
        self.assertEqual([s["name"] for s in json.loads(out)["secrets"]], ["A", "B", "EMPTY"])
        self.assertNotIn("pipe", out)
        self.weir("secrets", "unset", "A", "NONE", status=4)
        self.weir("secrets", "unset", "A", "EMPTY")
        self.serve()
        self.assertEqual(self.value("A"), "none")
        self.assertEqual(self.value("B"), "x=y")
        self.assertNotIn(b"from a pipe", self.stored())
        self.assertNotIn(b"first value", self.stored())

    def ask(self, *names):
        """`weir secrets set` at a terminal, once that shows nothing more of what is typed."""
        keyboard, terminal = pty.openpty()
        self.addCleanup(os.close, keyboard)
        self.addCleanup(os.close, terminal)
        process = subprocess.Popen(
            [weirtest.WEIR, "secrets", "set", *names],
            cwd=self.project.root,
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.env, "LC_ALL": "C.UTF-8"},
            text=True,
            preexec_fn=heed_signals,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        weirtest.wait_until(lambda: not shows(terminal), "a hidden input", timeout=60)
        return process, keyboard, terminal

    def test_asked_for(self):
        process, keyboard, terminal = self.ask("A")
        os.write(keyboard, b"typed\n")
        self.assertEqual(process.wait(60), 0)
        self.assertTrue(shows(terminal))
        self.serve()
        self.assertEqual(self.value("A"), "typed")

    def test_interrupted(self):
        for number in INTERRUPTIONS:
            with self.subTest(number=number):
                process, _, terminal = self.ask("A")
                process.send_signal(number)
                self.assertEqual(process.wait(60), -number)
                self.assertTrue(shows(terminal), "the terminal still hides what is typed")

    def test_nothing_is_made_by_looking(self):
        self.weir("secrets", "list")
        self.serve()
        self.assertEqual(self.value("A"), "none")
        self.assertEqual([p for p in self.home.rglob("*") if p.suffix in (".db", ".key")], [])

    def test_env_file(self):
        self.project.write("some.env", 'A="two words"\n# comment\nexport B=3\nSUPABASE_URL=x\n')
        out, err = self.weir("secrets", "set", "--env-file", "some.env", "C=4")
        self.assertEqual(out.count("✔"), 3)
        self.assertIn("SUPABASE_URL is skipped", err)
        self.serve()
        self.assertEqual([self.value(n) for n in "ABC"], ["two words", "3", "4"])
        self.weir("secrets", "set", "--env-file", "none.env", status=1)

    def test_bad_names_and_values_show_no_value(self):
        for pair in ("1A=hunter2", "=hunter2", "a b=hunter2", "Ä=hunter2"):
            _, err = self.weir("secrets", "set", pair, status=1)
            self.assertNotIn("hunter2", err)
        _, err = self.weir("secrets", "set", "A=" + "x" * 70000, status=1)
        self.assertNotIn("xxx", err)
        self.weir("secrets", "set", status=2)
        self.weir("secrets", "unset", status=2)
        self.weir("secrets", "frob", status=2)
        self.weir("secrets", status=2)

    def test_live_at_once(self):
        self.serve()
        self.assertEqual(self.value("LIVE"), "none")
        for value in ("one", "two"):
            since = self.server.mark()
            self.weir("secrets", "set", f"LIVE={value}")
            self.server.wait_event(lambda e: e["type"] == "reloaded", since=since)
            weirtest.wait_until(lambda: self.value("LIVE") == value, value)
        self.weir("secrets", "unset", "LIVE")
        weirtest.wait_until(lambda: self.value("LIVE") == "none", "unset")

    def test_precedence(self):
        self.project.write("all.env", "ALL=file\nBOTH=file\n")
        self.project.write("functions/env/.env", "OWN=function\n")
        self.weir("secrets", "set", "BOTH=secret", "OWN=secret", "SECRET=secret")
        self.serve("--env-file", str(self.project.root / "all.env"))
        found = [self.value(n) for n in ("ALL", "BOTH", "OWN", "SECRET")]
        self.assertEqual(found, ["file", "secret", "function", "secret"])

    def test_masked(self):
        self.project.function("broken", BROKEN)
        self.weir("secrets", "set", "PLAIN_NAME=correct horse", "DB_SECRET=battery staple", "AB=ab")
        self.project.write("functions/env/.env", "MY_TOKEN=tok-1234\nPORT=8080\n")
        server = self.serve()
        self.assertEqual(self.value("PLAIN_NAME"), "correct horse")
        self.value("MY_TOKEN")
        self.value("PORT")
        self.value("AB")
        self.assertEqual(server.get("/env?name=DB_SECRET&throw").status, 500)
        answer = server.get("/broken")
        self.assertGreaterEqual(answer.status, 500)
        server.wait_event(lambda e: e["type"] == "log" and "8080" in e["message"])
        server.wait_event(lambda e: e["type"] == "log" and "is ab!" in e["message"])
        server.wait_event(lambda e: e["type"] == "log" and e["message"] == "the value is ***!")
        server.wait_event(lambda e: "broke on ***" in json.dumps(e))
        server.wait_event(lambda e: "cannot use ***" in json.dumps(e))
        self.weir("secrets", "set", "PLAIN_NAME=other pony")
        weirtest.wait_until(lambda: self.value("PLAIN_NAME") == "other pony", "the new value")
        told = json.dumps(server.events) + server.stderr + answer.text
        for value in ("correct horse", "battery staple", "tok-1234", "other pony"):
            self.assertNotIn(value, told)

    def test_not_on_a_command_line(self):
        self.weir("secrets", "set", "SEEN=correct horse")
        self.serve()
        self.assertEqual(self.value("SEEN"), "correct horse")
        for pid in [self.server.process.pid, *self.server.worker_pids()]:
            for name in ("cmdline", "environ"):
                text = Path(f"/proc/{pid}/{name}").read_bytes()
                self.assertNotIn(b"correct horse", text)

    def test_another_master_key(self):
        self.weir("secrets", "set", "A=1")
        (self.home / "config/weir/master.key").write_text("ab" * 32 + "\n")
        _, err = self.weir("secrets", "set", "B=2")
        server = self.serve()
        notice = server.wait_event(lambda e: e["type"] == "notice")
        self.assertIn("another master key", notice["message"])
        self.assertEqual(self.value("A"), "none")

    def test_open_master_key(self):
        self.weir("secrets", "set", "A=1")
        (self.home / "config/weir/master.key").chmod(0o644)
        _, err = self.weir("secrets", "set", "B=2", status=1)
        self.assertIn("chmod 600", err)

    def test_users_apart(self):
        self.weir("secrets", "set", "--user", "7", "MINE=1")
        out, _ = self.weir("secrets", "list", "--user", "7")
        self.assertIn("MINE", out)
        out, _ = self.weir("secrets", "list")
        self.assertEqual(out, "")
        self.serve()
        self.assertEqual(self.value("MINE"), "none")


weirtest.main()
