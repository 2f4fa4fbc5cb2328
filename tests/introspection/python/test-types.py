# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the types of the library are like, seen from Python."""

import os
import unittest

import gi

gi.require_version("Weir", "1")
from gi.repository import Gio, GLib, GObject, Weir  # noqa: E402


class OwnStage(GObject.Object, Weir.Stage):
    greeting = GObject.Property(type=str, default="hello")
    count = GObject.Property(type=int, default=1, minimum=1, maximum=9)


class Types(unittest.TestCase):
    def test_version(self):
        self.assertEqual(
            Weir.get_version(),
            f"{Weir.MAJOR_VERSION}.{Weir.MINOR_VERSION}.{Weir.MICRO_VERSION}",
        )

    def test_enums(self):
        self.assertEqual(Weir.WorkerState.IDLE.value_nick, "idle")
        self.assertEqual(Weir.Error.WORKER_LIMIT.value_nick, "worker-limit")
        self.assertEqual(Weir.Phase.REQUEST_ID.value_nick, "request-id")
        self.assertEqual(Weir.Dialect.SUPABASE.value_nick, "supabase")
        self.assertLess(Weir.Phase.ROUTE, Weir.Phase.CONTENT)

    def test_head(self):
        head = Weir.Head.new()
        head.set_request("GET", "http", "localhost:9000", "/a?b")
        head.add("Set-Cookie", "a=1")
        head.add("set-cookie", "b=2")
        self.assertEqual(head.get_target(), "/a?b")
        self.assertEqual(head.dup_all("SET-COOKIE"), ["a=1", "b=2"])
        self.assertEqual(head.dup("set-cookie"), "a=1, b=2")
        self.assertTrue(head.has("Set-Cookie"))
        head.set("set-cookie", "c=3")
        self.assertEqual(head.dup_all("set-cookie"), ["c=3"])
        head.remove("set-cookie")
        self.assertIsNone(head.dup("set-cookie"))
        self.assertEqual(head.dup_names(), [])

    def test_errors(self):
        with self.assertRaises(GLib.Error) as caught:
            Weir.PluginEngine.new().load("nothing")
        self.assertTrue(
            caught.exception.matches(Weir.plugin_error_quark(), Weir.PluginError.NOT_FOUND)
        )
        with self.assertRaises(GLib.Error) as caught:
            Weir.Config.load("/there/is/no/such/folder", None)
        self.assertTrue(
            caught.exception.matches(Weir.config_error_quark(), Weir.ConfigError.READ)
        )
        self.assertEqual(caught.exception.domain, "weir-config-error-quark")
        self.assertEqual(GLib.quark_to_string(Weir.plugin_error_quark()), "weir-plugin-error-quark")
        self.assertEqual(GLib.quark_to_string(Weir.error_quark()), "weir-error-quark")

    def test_plugins_are_a_list(self):
        engine = Weir.PluginEngine.new()
        self.assertIsInstance(engine, Gio.ListModel)
        self.assertEqual(engine.get_item_type(), Weir.PluginInfo.__gtype__)
        changes = []
        engine.connect("items-changed", lambda model, *what: changes.append(what))
        engine.add_search_path(os.environ["TEST_PLUGIN_DIR"])
        self.assertEqual(len(changes), engine.get_n_items())
        ids = [info.get_id() for info in engine]
        self.assertEqual(ids, sorted(ids))

    def test_plugin(self):
        engine = Weir.PluginEngine.new()
        engine.add_search_path(os.environ["TEST_PLUGIN_DIR"])
        info = engine.get_info("good")
        states = []
        info.connect("notify::state", lambda *_: states.append(info.props.state.value_nick))
        self.assertEqual(info.get_provides(), ["stage:good"])
        self.assertTrue(engine.load_provider("stage", "good"))
        self.assertEqual(states, ["loading", "active"])
        options = GLib.Variant("a{sv}", {"greeting": GLib.Variant("s", "hi")})
        stage = engine.get_registry().create(Weir.Stage, "good", options)
        self.assertIsInstance(stage, Weir.Stage)
        self.assertEqual(stage.props.greeting, "hi")

        with self.assertRaises(GLib.Error):
            engine.load("refuses")
        refused = engine.get_info("refuses")
        self.assertEqual(refused.get_state(), Weir.PluginState.FAILED)
        self.assertIn("No licence was paid", refused.props.error_message)
        self.assertEqual(refused.get_error().message, refused.props.error_message)

    def test_own_extension(self):
        registry = Weir.ExtensionRegistry.new()
        self.assertTrue(registry.add(Weir.Stage, "own", OwnStage))
        self.assertEqual(registry.dup_names(Weir.Stage), ["own"])
        self.assertEqual(registry.lookup(Weir.Stage, "own"), OwnStage.__gtype__)
        options = {"greeting": GLib.Variant("s", "hi"), "count": GLib.Variant("x", 9)}
        stage = registry.create(Weir.Stage, "own", GLib.Variant("a{sv}", options))
        self.assertIsInstance(stage, OwnStage)
        self.assertEqual((stage.greeting, stage.count), ("hi", 9))

        wrong = GLib.Variant("a{sv}", {"count": GLib.Variant("x", 10)})
        with self.assertRaises(GLib.Error) as caught:
            registry.create(Weir.Stage, "own", wrong)
        self.assertIn("must be from 1 to 9, not 10", caught.exception.message)
        with self.assertRaises(GLib.Error):
            registry.add(Weir.Adapter, "own", OwnStage)

    def test_launch(self):
        launch = Weir.Launch.new(["deno", "run"], ["A=b"], "/tmp", "{}", "/tmp/x.sock")
        self.assertEqual(launch.get_argv(), ["deno", "run"])
        self.assertEqual(launch.get_environ(), ["A=b"])
        self.assertEqual(launch.get_socket_path(), "/tmp/x.sock")

    def test_env_file(self):
        lines = Weir.env_file_parse('A=1\nB="two"\n', -1, "x.env", None)
        self.assertEqual(lines, ["A=1", "B=two"])

    def test_whole_objects(self):
        """Whatever can be constructed without arguments can be looked at."""
        info = Weir.PluginInfo()
        self.assertEqual(info.get_provides(), [])
        self.assertEqual(info.props.state, Weir.PluginState.FOUND)
        self.assertIsNone(Weir.PluginContext().get_id())


if __name__ == "__main__":
    unittest.main(verbosity=2)
