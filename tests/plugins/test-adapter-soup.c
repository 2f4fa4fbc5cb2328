/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

/* The adapter as a server gets it: from its manifest, through the engine, by its name. */
static GObject *
make_adapter (gpointer user_data)
{
  WeirPluginEngine *engine = user_data;
  g_autoptr (GError) error = NULL;
  GObject *adapter;

  weir_plugin_engine_load_provider (engine, "adapter", "soup", &error);
  g_assert_no_error (error);
  adapter = weir_extension_registry_create (weir_plugin_engine_get_registry (engine),
                                            WEIR_TYPE_ADAPTER,
                                            "soup",
                                            NULL,
                                            &error);
  g_assert_no_error (error);
  return adapter;
}

static void
test_defaults (gconstpointer user_data)
{
  g_autoptr (GObject) adapter = make_adapter ((gpointer) user_data);
  guint head, body, idle, connections, head_size, fields;
  guint64 body_size;

  g_object_get (adapter,
                "head-timeout-ms",
                &head,
                "body-timeout-ms",
                &body,
                "idle-timeout-ms",
                &idle,
                "max-connections",
                &connections,
                "max-body-size",
                &body_size,
                "max-head-size",
                &head_size,
                "max-fields",
                &fields,
                NULL);
  g_assert_cmpuint (head, ==, 10000);
  g_assert_cmpuint (body, ==, 30000);
  g_assert_cmpuint (idle, ==, 75000);
  g_assert_cmpuint (connections, ==, 1024);
  g_assert_cmpuint (body_size, ==, 0);
  g_assert_cmpuint (head_size, ==, 65536);
  g_assert_cmpuint (fields, ==, 128);
}

int
main (int argc, char *argv[])
{
  g_autoptr (WeirPluginEngine) engine = NULL;

  g_test_init (&argc, &argv, NULL);
  engine = weir_plugin_engine_new ();
  weir_plugin_engine_add_default_search_paths (engine);

  g_test_add_data_func ("/adapter-soup/defaults", engine, test_defaults);
  weir_conformance_add_adapter ("soup", make_adapter, engine, NULL);
  return g_test_run ();
}
