/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program that embeds the server and stops it from a handler, whatever it does just then. */

#include <glib/gstdio.h>
#include <weir.h>

#define FUNCTION "Deno.serve(() => new Response('hello'));\n"

typedef struct
{
  char *root;
  WeirServer *server;
  guint n_calls;
  WeirServerState when; /* the handler was called first */
} Fixture;

static void
write_file (Fixture *self, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (self->root, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
set_up (Fixture *self, gconstpointer settings)
{
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  self->root = g_dir_make_tmp ("weir-server-XXXXXX", NULL);
  write_file (self, "functions/hello/index.ts", FUNCTION);
  write_file (self, "weir.toml", settings);
  config = weir_config_load (self->root, NULL, &error);
  g_assert_no_error (error);
  self->server = weir_server_new (config);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  g_remove (path);
}

static void
tear_down (Fixture *self, gconstpointer settings)
{
  g_assert_finalize_object (self->server);
  remove_all (self->root);
  g_free (self->root);
}

static void
on_called (Fixture *self)
{
  if (self->n_calls++ == 0)
    self->when = weir_server_get_state (self->server);
  weir_server_stop (self->server);
}

/* All that the server tells is told to the handler. */
static void
connect (Fixture *self, const char *signal)
{
  g_signal_connect_swapped (self->server, signal, G_CALLBACK (on_called), self);
}

static void
start_in_vain (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) uris = NULL;

  g_assert_false (weir_server_start (self->server, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (weir_server_get_state (self->server), ==, WEIR_SERVER_STATE_STOPPED);
  g_assert_cmpint (self->when, ==, WEIR_SERVER_STATE_STARTING);
  uris = weir_server_dup_uris (self->server);
  g_assert_null (uris[0]);
  g_signal_handlers_disconnect_by_data (self->server, self);
}

static void
start_and_stop (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  weir_server_start (self->server, &error);
  g_assert_no_error (error);
  weir_server_stop (self->server);
  g_assert_cmpint (weir_server_get_state (self->server), ==, WEIR_SERVER_STATE_STOPPED);
}

static void
test_state (Fixture *self, gconstpointer settings)
{
  connect (self, "notify::state");
  start_in_vain (self);
  g_assert_cmpuint (self->n_calls, ==, 2);
  start_and_stop (self);
}

static void
test_notice (Fixture *self, gconstpointer settings)
{
  connect (self, "notice");
  start_in_vain (self);
  g_assert_cmpuint (self->n_calls, ==, 1);
  start_and_stop (self);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *stopped = user_data;

  *stopped = weir_server_stop_finish (WEIR_SERVER (source), result, NULL);
}

static void
on_state_async (WeirServer *server, GParamSpec *pspec, gboolean *stopped)
{
  if (weir_server_get_state (server) == WEIR_SERVER_STATE_STARTING)
    weir_server_stop_async (server, NULL, on_stopped, stopped);
}

/* Who stops is told when it has ended, and not before. */
static void
test_async (Fixture *self, gconstpointer settings)
{
  gboolean stopped = FALSE;

  g_signal_connect (self->server, "notify::state", G_CALLBACK (on_state_async), &stopped);
  self->when = WEIR_SERVER_STATE_STARTING;
  start_in_vain (self);
  g_assert_false (stopped);
  while (!stopped)
    g_main_context_iteration (NULL, TRUE);
  g_signal_handlers_disconnect_by_data (self->server, &stopped);
  start_and_stop (self);
}

#define ADD(name, settings, function)                                                              \
  g_test_add ("/server/stop/" name, Fixture, settings, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("state", "listen = ['127.0.0.1:0']\n", test_state);
  ADD ("async", "listen = ['127.0.0.1:0']\n", test_async);
  ADD ("notice", "listen = ['127.0.0.1:0']\nsecrets = 'nowhere'\n", test_notice);
  return g_test_run ();
}
