# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drives a pipeline without a socket, with stages that are written in Python."""

import gc
import json
import sys
import unittest

import gi

gi.require_version("Weir", "1")
from gi.repository import Gio, GLib, GObject, Weir  # noqa: E402

WATCHDOG_S = 8
NEVER_MS = 3600000


class Answers(GObject.Object, Weir.Stage):
    """Answers in each of the ways that there are, by path."""

    def __init__(self):
        super().__init__()
        self.kept = []
        self.seen = []

    def do_handle(self, exchange, task):
        path = exchange.get_path()
        self.seen.append(path)
        if path == "/at-once":
            request = exchange.get_request()
            text = f"{request.get_method()} {request.get_target()} {request.dup('x-name')}"
            exchange.set_response_text(200, "text/plain", text)
            exchange.set_response_header("x-stage", "python")
            task.return_boolean(True)
        elif path == "/later":
            GLib.timeout_add(1, self.answer_later, exchange, task)
        elif path == "/bytes":
            exchange.set_response(200, "application/octet-stream", GLib.Bytes.new(b"\0\1\2"))
            task.return_boolean(True)
        elif path == "/error":
            error = GLib.Error.new_literal(
                Weir.error_quark(), "Not for you", int(Weir.Error.FORBIDDEN)
            )
            task.return_error(error)
        elif path == "/dropped":
            pass
        elif path == "/never":
            self.kept.append(task)
        else:
            task.return_boolean(False)

    def answer_later(self, exchange, task):
        exchange.set_response_text(201, None, "later")
        task.return_boolean(True)
        return GLib.SOURCE_REMOVE


class Early(GObject.Object, Weir.Stage):
    """Stands before the others, wherever it was added."""

    def do_get_phase(self):
        return Weir.Phase.REQUEST_ID

    def do_handle(self, exchange, task):
        exchange.set_request_id("from-python")
        exchange.set_response_header("x-early", exchange.get_request_id())
        task.return_boolean(False)


class Empty(GObject.Object, Weir.Stage):
    """Implements nothing, so it has nothing to say."""


class Raises(GObject.Object, Weir.Stage):
    def __init__(self):
        super().__init__()
        self.kept = []

    def do_handle(self, exchange, task):
        path = exchange.get_path()
        if path == "/answered":
            task.return_boolean(False)
        elif path == "/kept":
            self.kept.append(task)
        elif path == "/forbidden":
            raise GLib.Error.new_literal(
                Weir.error_quark(), "Not for you", int(Weir.Error.FORBIDDEN))
        raise RuntimeError("a mistake in a stage")


class RaisesMore(Raises):
    def do_handle(self, exchange, task):
        super().do_handle(exchange, task)


class Loopback(unittest.TestCase):
    def setUp(self):
        self.loop = GLib.MainLoop()
        self.watchdog = GLib.timeout_add_seconds(WATCHDOG_S, self.on_watchdog)
        self.pipeline = Weir.Pipeline.new(None)
        self.adapter = Weir.LoopbackAdapter.new()

    def tearDown(self):
        GLib.source_remove(self.watchdog)
        context = GLib.MainContext.default()
        while self.pipeline.get_open() > 0:
            context.iteration(False)

    def on_watchdog(self):
        self.loop.quit()
        return GLib.SOURCE_CONTINUE

    def send(self, target, method="GET", headers=None, body=None):
        results = []

        def on_sent(adapter, result):
            try:
                results.append(adapter.send_finish(result))
            except GLib.Error as error:
                results.append(error)
            self.loop.quit()

        self.adapter.send_async(self.pipeline, method, target, headers, body, None, on_sent)
        self.loop.run()
        self.assertTrue(results, "no answer in time")
        if isinstance(results[0], GLib.Error):
            raise results[0]
        return results[0]

    def test_at_once(self):
        self.pipeline.add_stage(Answers())
        head, body = self.send("/at-once?a=b", "POST", ["X-Name: me"], GLib.Bytes.new(b"body"))
        self.assertEqual(head.get_status(), 200)
        self.assertEqual(body.get_data(), b"POST /at-once?a=b me")
        self.assertEqual(head.dup("content-type"), "text/plain")
        self.assertEqual(head.dup("X-Stage"), "python")

    def test_later(self):
        self.pipeline.add_stage(Answers())
        head, body = self.send("/later")
        self.assertEqual((head.get_status(), body.get_data()), (201, b"later"))

    def test_bytes(self):
        self.pipeline.add_stage(Answers())
        _, body = self.send("/bytes")
        self.assertEqual(body.get_data(), b"\0\1\2")

    def test_error(self):
        self.pipeline.add_stage(Answers())
        head, body = self.send("/error")
        self.assertEqual(head.get_status(), 403)
        self.assertIn(b"Not for you", body.get_data())

    def test_dropped(self):
        self.pipeline.add_stage(Answers())
        GLib.idle_add(gc.collect)
        head, _ = self.send("/dropped")
        self.assertEqual(head.get_status(), 500)

    def test_never(self):
        stage = Answers()
        self.pipeline.add_stage(stage)
        self.pipeline.set_stage_timeout(50)
        head, _ = self.send("/never")
        self.assertEqual(head.get_status(), 504)
        # Too late is not wrong: nobody listens any more.
        self.assertTrue(stage.kept[0].get_cancellable().is_cancelled())
        stage.kept.pop().return_boolean(False)

    def test_raises(self):
        shown = []
        hook, sys.excepthook = sys.excepthook, lambda *what: shown.append(what[0])
        self.addCleanup(setattr, sys, "excepthook", hook)
        self.pipeline.add_stage(RaisesMore())
        self.pipeline.set_stage_timeout(NEVER_MS)
        for path in ("/", "/kept"):
            head, body = self.send(path)
            error = json.loads(body.get_data())["error"]
            self.assertEqual((head.get_status(), error["code"]), (500, "failed"))
            self.assertEqual(error["message"], "Raises.do_handle raised an exception")
        self.assertEqual(shown, [RuntimeError, RuntimeError])
        self.assertEqual(self.send("/answered")[0].get_status(), 404)
        head, body = self.send("/forbidden")
        self.assertEqual(head.get_status(), 403)
        self.assertIn(b"Not for you", body.get_data())
        self.assertEqual(len(shown), 3)

    def test_passed_on(self):
        answers = Answers()
        self.pipeline.add_stage(Empty())
        self.pipeline.add_stage(answers)
        head, _ = self.send("/nobody")
        self.assertEqual(head.get_status(), 404)
        self.assertEqual(answers.seen, ["/nobody"])

    def test_phases(self):
        self.pipeline.add_stage(Answers())
        self.pipeline.add_stage(Early())
        head, _ = self.send("/at-once")
        self.assertEqual(head.dup("x-early"), "from-python")

    def test_many(self):
        self.pipeline.add_stage(Answers())
        for i in range(50):
            head, body = self.send(f"/at-once?{i}")
            self.assertEqual(body.get_data(), f"GET /at-once?{i} None".encode())

    def test_cancelled(self):
        self.pipeline.add_stage(Answers())
        cancellable = Gio.Cancellable.new()
        errors = []

        def on_sent(adapter, result):
            try:
                adapter.send_finish(result)
            except GLib.Error as error:
                errors.append(error)
            self.loop.quit()

        self.adapter.send_async(self.pipeline, "GET", "/never", None, None, cancellable, on_sent)
        GLib.idle_add(cancellable.cancel)
        self.loop.run()
        self.assertTrue(errors and errors[0].matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))


if __name__ == "__main__":
    unittest.main(verbosity=2)
