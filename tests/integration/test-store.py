#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The store of a project, through the program: API keys, copies, damage."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import weirtest


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="weir-home-"))
        self.project = weirtest.Project({"weir.toml": 'listen = ["127.0.0.1:0"]\n'})
        self.project.function("hello", 'Deno.serve(() => new Response("hi"));\n')
        self.env = {
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        }

    def tearDown(self):
        self.project.remove()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self, *arguments):
        return subprocess.Popen(
            [weirtest.WEIR, *arguments],
            cwd=self.project.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.env, "LC_ALL": "C.UTF-8"},
        )

    def weir(self, *arguments, status=0):
        process = self.start(*arguments)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, status, err)
        return out, err

    def keys(self):
        return json.loads(self.weir("api-keys", "list", "--json")[0])["keys"]

    def database(self):
        (path,) = (self.home / "data/weir").glob("*.db")
        return path

    def test_api_keys(self):
        out, err = self.weir("api-keys", "create", "--name", "ci", "--scope", "a", "--scope", "b")
        key = out.strip()
        self.assertRegex(key, r"^flx_live_[0-9A-Za-z]{24,}$")
        self.assertIn("not shown again", err)
        out, _ = self.weir("api-keys", "create", "--name", "t", "--test", "--expires", "30d")
        self.assertRegex(out, r"^flx_test_")
        _, err = self.weir("api-keys", "create", "--name", "none", "--scope", "", status=2)
        self.assertIn("--scope is empty", err)
        first, second = self.keys()
        self.assertEqual((first["name"], first["scopes"]), ("ci", ["a", "b"]))
        self.assertEqual(first["prefix"], key[:13])
        self.assertIsNone(first["expires"])
        days = (second["expires"] / 1000 - time.time()) / 86400
        self.assertAlmostEqual(days, 30, delta=0.1)
        out, _ = self.weir("api-keys", "list")
        self.assertIn(key[:13] + "...", out)
        for path in self.home.rglob("*"):
            if path.is_file():
                self.assertNotIn(key.encode(), path.read_bytes())

    def test_revoke(self):
        self.weir("api-keys", "create", "--name", "ci")
        self.weir("api-keys", "create", "--name", "ci", status=1)
        self.weir("api-keys", "revoke", "ci")
        self.weir("api-keys", "revoke", "ci", status=4)
        self.weir("api-keys", "create", "--name", "ci")
        active = [k for k in self.keys() if k["revoked"] is None]
        self.assertEqual(len(active), 1)
        self.weir("api-keys", "revoke", active[0]["id"])
        self.assertTrue(all(k["revoked"] for k in self.keys()))

    def test_usage(self):
        self.weir("api-keys", "create", status=2)
        self.weir("api-keys", "create", "--name", "a", "--expires", "soon", status=2)
        self.weir("api-keys", "create", "--name", "a", "--expires", "2001-01-01", status=2)
        self.weir("api-keys", "create", "--name", "a\nb", status=1)
        self.weir("api-keys", "revoke", status=2)
        self.weir("api-keys", status=2)
        self.weir("store", status=2)
        self.weir("store", "backup", status=2)
        self.weir("store", "check", "none.db", status=4)
        self.weir("store", "backup", "copy.db", status=4)

    def test_backup_and_check(self):
        self.weir("api-keys", "create", "--name", "ci")
        self.weir("store", "check")
        self.weir("store", "backup", "copy.db")
        self.weir("store", "backup", "copy.db", status=1)
        copy = self.project.root / "copy.db"
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        self.weir("store", "check", "copy.db")

    def test_damaged_file_does_not_stop_the_server(self):
        self.weir("api-keys", "create", "--name", "ci")
        self.database().write_bytes(b"not a database at all" * 500)
        _, err = self.weir("store", "check", status=1)
        self.assertIn("store check", err)
        server = weirtest.Server(self.project, env=self.env)
        try:
            server.wait_event(lambda e: e["type"] == "notice" and "damaged" in e["message"])
            self.assertEqual(server.get("/hello").text, "hi")
        finally:
            server.stop()

    def test_newer_file(self):
        self.weir("api-keys", "create", "--name", "ci")
        data = bytearray(self.database().read_bytes())
        data[60:64] = (99).to_bytes(4, "big")
        self.database().write_bytes(data)
        _, err = self.weir("api-keys", "list", status=1)
        self.assertIn("newer Weir", err)

    def test_path_option(self):
        self.project.write("weir.toml", '[stores.sqlite]\npath = "state/own.db"\n')
        self.weir("api-keys", "create", "--name", "ci")
        self.assertTrue((self.project.root / "state/own.db").is_file())
        self.project.write("weir.toml", '[stores.sqlite]\npaht = "x.db"\n')
        self.weir("api-keys", "list", status=3)

    def test_many_programs_at_once(self):
        """The first moments of a file are the ones to fear, so there are several files."""
        for _ in range(5):
            processes = [self.start("api-keys", "create", "--name", f"k{i}") for i in range(8)]
            for process in processes:
                out, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 0, err)
            self.assertEqual({k["name"] for k in self.keys()}, {f"k{i}" for i in range(8)})
            shutil.rmtree(self.home / "data")

    def test_killed(self):
        promised = []
        for i in range(6):
            process = self.start("api-keys", "create", "--name", f"k{i}")
            line = process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if line:
                promised.append(line[:13])
        kept = {k["prefix"] for k in self.keys()}
        self.assertEqual(len(promised), 6)
        self.assertLessEqual(set(promised), kept)


weirtest.main()
