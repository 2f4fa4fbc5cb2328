/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <weir.h>

/* The adapter as a server gets it: from its manifest, through the engine, by its name. */
static GObject *
make_adapter (gpointer user_data)
{
  WeirPluginEngine *engine = user_data;
  g_autoptr (GError) error = NULL;
  GObject *adapter;

  weir_plugin_engine_load_provider (engine, "adapter", ADAPTER, &error);
  g_assert_no_error (error);
  adapter = weir_extension_registry_create (weir_plugin_engine_get_registry (engine),
                                            WEIR_TYPE_ADAPTER,
                                            ADAPTER,
                                            NULL,
                                            &error);
  g_assert_no_error (error);
  return adapter;
}

static void
test_defaults (gconstpointer user_data)
{
  static const struct
  {
    const char *name;
    guint64 value;
  } defaults[] = {
    { "head-timeout-ms", 10000 }, { "body-timeout-ms", 30000 },
    { "idle-timeout-ms", 75000 }, { "max-connections", 1024 },
    { "max-body-size", 0 },       { "max-head-size", 65536 },
    { "max-fields", 128 },        { "max-connections-per-address", 0 },
  };
  g_autoptr (GObject) adapter = make_adapter ((gpointer) user_data);

  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      if (g_object_class_find_property (G_OBJECT_GET_CLASS (adapter), defaults[i].name) == NULL)
        {
          g_assert_cmpstr (defaults[i].name, ==, "max-connections-per-address");
          continue;
        }
      g_value_init (&value, G_TYPE_UINT64);
      g_object_get_property (adapter, defaults[i].name, &value);
      g_assert_cmpuint (g_value_get_uint64 (&value), ==, defaults[i].value);
    }
}

static void
on_finished (WeirExchange *exchange, gpointer user_data)
{
  gboolean *finished = user_data;

  g_assert_null (weir_exchange_get_peer (exchange));
  g_assert_cmpstr (weir_head_get_authority (weir_exchange_get_request (exchange)), ==, "localhost");
  *finished = TRUE;
}

static GSocket *
listen_at (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, &error);

  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  g_socket_bind (socket, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_set_listen_backlog (socket, 128);
  g_socket_listen (socket, &error);
  g_assert_no_error (error);
  return socket;
}

/* A client on a Unix socket has no address; its requests are served all the same. */
static void
test_unix (gconstpointer user_data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (WeirEngine) engine = weir_engine_new (context, NULL);
  g_autoptr (WeirPipeline) pipeline = weir_pipeline_new (NULL);
  g_autoptr (GObject) adapter = make_adapter ((gpointer) user_data);
  g_autofree char *directory = g_dir_make_tmp ("weir-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "s", NULL);
  g_autoptr (GSocket) socket = listen_at (path);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) client = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_autoptr (GError) error = NULL;
  gboolean finished = FALSE;
  char answer[1024] = "";

  weir_pipeline_add_observer (pipeline, on_finished, &finished);
  weir_adapter_start (WEIR_ADAPTER (adapter), engine, pipeline, &socket, 1, &error);
  g_assert_no_error (error);
  g_socket_connect (client, address, NULL, &error);
  g_assert_no_error (error);
  g_socket_send (client, "GET /nothing HTTP/1.0\r\n\r\n", 26, NULL, &error);
  g_assert_no_error (error);
  while (!finished)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpint (g_socket_receive (client, answer, sizeof answer - 1, NULL, &error), >, 0);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 404 "));

  weir_adapter_stop (WEIR_ADAPTER (adapter));
  g_unlink (path);
  g_rmdir (directory);
}

static GSocket *
call (const char *path)
{
  const char *request = "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n";
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) error = NULL;
  GSocket *client = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, &error);

  g_assert_no_error (error);
  g_socket_connect (client, address, NULL, &error);
  g_assert_no_error (error);
  g_socket_send (client, request, strlen (request), NULL, &error);
  g_assert_no_error (error);
  return client;
}

static void
on_counted (WeirExchange *exchange, gpointer user_data)
{
  guint *count = user_data;

  *count += 1;
}

#define CLIENTS 40

/* Many more answers at once than libsoup has conversations, and every second client goes, after
 * each of the first turns of the loop: the others get theirs, each its own. */
static void
test_turns (gconstpointer user_data)
{
  for (guint turns = 0; turns < 8; turns++)
    {
      g_autoptr (GMainContext) context = g_main_context_new ();
      g_autoptr (WeirEngine) engine = weir_engine_new (context, NULL);
      g_autoptr (WeirPipeline) pipeline = weir_pipeline_new (NULL);
      g_autoptr (GObject) adapter = make_adapter ((gpointer) user_data);
      g_autofree char *directory = g_dir_make_tmp ("weir-XXXXXX", NULL);
      g_autofree char *path = g_build_filename (directory, "s", NULL);
      g_autoptr (GSocket) socket = listen_at (path);
      GSocket *clients[CLIENTS];
      guint finished = 0;

      /* As it is on the data thread: libsoup makes its sources for it. */
      g_main_context_push_thread_default (context);
      weir_pipeline_add_observer (pipeline, on_counted, &finished);
      g_assert_true (
          weir_adapter_start (WEIR_ADAPTER (adapter), engine, pipeline, &socket, 1, NULL));
      for (guint i = 0; i < CLIENTS; i++)
        clients[i] = call (path);
      for (guint i = 0; i < turns; i++)
        g_main_context_iteration (context, FALSE);
      for (guint i = 1; i < CLIENTS; i += 2)
        g_clear_object (&clients[i]);

      for (guint i = 0; i < CLIENTS; i += 2)
        {
          char answer[1024] = "";

          g_socket_set_blocking (clients[i], FALSE);
          while (g_socket_receive (clients[i], answer, sizeof answer - 1, NULL, NULL) <= 0)
            g_main_context_iteration (context, TRUE);
          g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 404 "));
          g_assert_nonnull (strstr (answer, "\r\nDate: "));
          g_clear_object (&clients[i]);
        }
      g_assert_cmpuint (finished, >=, CLIENTS / 2);
      weir_adapter_stop (WEIR_ADAPTER (adapter));
      g_main_context_pop_thread_default (context);
      g_unlink (path);
      g_rmdir (directory);
    }
}

int
main (int argc, char *argv[])
{
  g_autoptr (WeirPluginEngine) engine = NULL;

  g_test_init (&argc, &argv, NULL);
  engine = weir_plugin_engine_new ();
  weir_plugin_engine_add_default_search_paths (engine);

  g_test_add_data_func ("/adapter-" ADAPTER "/defaults", engine, test_defaults);
  g_test_add_data_func ("/adapter-" ADAPTER "/unix", engine, test_unix);
  g_test_add_data_func ("/adapter-" ADAPTER "/turns", engine, test_turns);
  weir_conformance_add_adapter (ADAPTER, make_adapter, engine, NULL);
  return g_test_run ();
}
