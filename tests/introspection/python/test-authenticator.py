# SPDX-License-Identifier: LGPL-2.1-or-later
"""An authenticator that is written in Python: the one of the manual, and bad ones."""

import base64
import gc
import json
import pathlib
import re
import sys
import unittest

import gi

gi.require_version("Weir", "1")
from gi.repository import GLib, GObject, Weir  # noqa: E402

WATCHDOG_S = 8
NEVER_MS = 3600000
MANUAL = pathlib.Path(__file__).resolve().parents[3] / "docs" / "plugin-authors.md"


def refuse(task, code, message):
    task.return_error(GLib.Error.new_literal(Weir.error_quark(), message, int(code)))


class Wide(GObject.Object, Weir.Authenticator):
    """Answers in each of the ways that there are, by path."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def do_authenticate(self, exchange, task):
        request = exchange.get_request()
        path = exchange.get_path()
        if path == "/later":
            GLib.timeout_add(1, self.answer_later, task)
        elif path == "/value":
            task.return_value(Weir.Identity.new_full("ada", "admin", '{"sub":"ada","x":[1]}', "k1"))
        elif path == "/wrong-value":
            task.return_value(42)
        elif path == "/own-answer":
            exchange.set_response_text(418, "text/plain", "no badge, no tea")
            refuse(task, Weir.Error.UNAUTHORIZED, "nobody sees this")
        elif path == "/forbidden":
            refuse(task, Weir.Error.FORBIDDEN, "Not today")
        elif path == "/fails":
            refuse(task, Weir.Error.FAILED, "the database of badges is gone")
        elif path == "/raises":
            raise RuntimeError("a mistake")
        elif path == "/dropped":
            pass
        elif path == "/never":
            self.kept.append(task)
        else:
            found = [request.dup_bearer(), request.dup_cookie("badge"), request.dup_query("badge")]
            names = [f for f in found if f is not None]
            Weir.task_return_identity(task, Weir.Identity.new(names[0]) if names else None)

    def answer_later(self, task):
        Weir.task_return_identity(task, Weir.Identity.new("later"))
        return GLib.SOURCE_REMOVE


class Who(GObject.Object, Weir.Stage):
    def do_handle(self, exchange, task):
        identity = exchange.get_identity()
        claims = exchange.get_request().dup("x-auth-claims")
        seen = {
            "subject": identity.get_subject(), "role": identity.get_role(),
            "claims": json.loads(identity.get_claims()), "key": identity.get_key_id(),
            "by": identity.get_authenticator(),
            "header": json.loads(base64.urlsafe_b64decode(claims + "==")),
        }
        exchange.set_response_text(200, "application/json", json.dumps(seen))
        task.return_boolean(True)


class Authenticator(unittest.TestCase):
    def setUp(self):
        self.loop = GLib.MainLoop()
        self.watchdog = GLib.timeout_add_seconds(WATCHDOG_S, self.on_watchdog)

    def tearDown(self):
        GLib.source_remove(self.watchdog)

    def on_watchdog(self):
        self.loop.quit()
        return GLib.SOURCE_CONTINUE

    def send(self, authenticator, target, *headers, timeout_ms=None):
        results = []
        pipeline = Weir.Pipeline.new(None)
        pipeline.add_authenticator(authenticator, "test")
        pipeline.add_stage(Who())
        if timeout_ms is not None:
            pipeline.set_stage_timeout(timeout_ms)

        def on_sent(adapter, result):
            results.append(adapter.send_finish(result))
            self.loop.quit()

        adapter = Weir.LoopbackAdapter.new()
        adapter.send_async(pipeline, "GET", target, list(headers), None, None, on_sent)
        self.loop.run()
        self.assertTrue(results, "no answer in time")
        head, body = results[0]
        while pipeline.get_open() > 0:
            GLib.MainContext.default().iteration(False)
        return head.get_status(), body.get_data().decode()

    def test_of_the_manual(self):
        code = re.search(r"```python\n(import gi.*?)\nserver = ", MANUAL.read_text(), re.S)[1]
        self.assertLessEqual(len(code.splitlines()), 20)
        names = {}
        exec(code, names)
        badge = names["Badge"]()
        status, body = self.send(badge, "/", "X-Badge: 42")
        self.assertEqual((status, json.loads(body)["subject"]), (200, "ada"))
        self.assertEqual(json.loads(body)["header"], {"sub": "ada"})
        self.assertEqual(json.loads(body)["by"], "test")
        self.assertEqual(self.send(badge, "/")[0], 401)
        status, body = self.send(badge, "/", "X-Badge: 43")
        self.assertEqual((status, json.loads(body)["error"]["message"]), (401, "Wrong badge"))

    def test_ways_to_answer(self):
        self.assertEqual(json.loads(self.send(Wide(), "/later")[1])["subject"], "later")
        seen = json.loads(self.send(Wide(), "/value")[1])
        self.assertEqual(seen["header"], {"sub": "ada", "x": [1]})
        self.assertEqual((seen["role"], seen["key"]), ("admin", "k1"))
        self.assertEqual(self.send(Wide(), "/own-answer"), (418, "no badge, no tea"))
        self.assertEqual(self.send(Wide(), "/forbidden")[0], 403)

    def test_fails_closed(self):
        for path in ("/fails", "/dropped", "/wrong-value"):
            status, body = self.send(Wide(), path)
            self.assertEqual(status, 500, path)
            self.assertNotIn("database", body)
        shown = []
        hook, sys.excepthook = sys.excepthook, lambda *what: shown.append(str(what[1]))
        self.addCleanup(setattr, sys, "excepthook", hook)
        status, body = self.send(Wide(), "/raises", timeout_ms=NEVER_MS)
        self.assertEqual((status, shown), (500, ["a mistake"]))
        self.assertNotIn("a mistake", body)
        self.assertEqual(self.send(Wide(), "/never", timeout_ms=50)[0], 504)

    def test_credentials(self):
        cases = [
            ("/", "Authorization: bearer  abc", "abc"),
            ("/", "Cookie: a=b; badge=ada; badge=bob", "ada"),
            ("/", 'Cookie: badge="q"', "q"),
            ("/?a=b&badge=a%20b+c", "X: y", "a b c"),
        ]
        for target, header, subject in cases:
            status, body = self.send(Wide(), target, header)
            self.assertEqual((status, json.loads(body)["subject"]), (200, subject), header)
        for target, header in [
            ("/", "Authorization: Bearer"), ("/", "Authorization: Basic abc"),
            ("/", "Cookie: badges=1; Badge=2; xbadge=3"), ("/?badger=1&x=badge", "X: y"),
            ("/?badge=%zz", "X: y"),
        ]:
            self.assertEqual(self.send(Wide(), target, header)[0], 401, (target, header))

    def test_identity(self):
        identity = Weir.Identity.new_full(None, "r", None, None)
        self.assertIsNone(identity.get_subject())
        self.assertEqual(json.loads(identity.get_claims()), {"role": "r"})
        self.assertIsNone(identity.get_authenticator())
        odd = Weir.Identity.new('a"\\\n\u00e9')
        self.assertEqual(json.loads(odd.get_claims()), {"sub": 'a"\\\n\u00e9'})
        del identity, odd
        gc.collect()


if __name__ == "__main__":
    unittest.main(verbosity=2)
