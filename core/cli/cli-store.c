/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-store-private.h"

void
cli_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **place = user_data;

  *place = g_object_ref (result);
}

GAsyncResult *
cli_wait (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

WeirServer *
cli_make_server (const char *directory, GVariant *overrides, CliExit *status)
{
  g_autoptr (WeirConfig) config = cli_load_config (directory, overrides, status);

  return config != NULL ? weir_server_new (config) : NULL;
}

GPtrArray *
cli_list_records (WeirStore *store, const char *kind, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  weir_store_list_async (store, kind, NULL, cli_on_answer, &result);
  return weir_store_list_finish (store, cli_wait (&result), error);
}

gboolean
cli_apply (WeirStore *store, WeirChangeAction action, WeirRecord *record, GError **error)
{
  g_autoptr (GPtrArray) changes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_change_unref);
  g_autoptr (GAsyncResult) result = NULL;

  g_ptr_array_add (changes, weir_change_new (action, record));
  weir_store_apply_async (store, changes, NULL, cli_on_answer, &result);
  return weir_store_apply_finish (store, cli_wait (&result), error);
}

char *
cli_ago (gint64 time)
{
  gint64 seconds = (g_get_real_time () / 1000 - time) / 1000;

  if (seconds < 60)
    return g_strdup (_ ("just now"));
  if (seconds < 3600)
    return g_strdup_printf (ngettext ("%d minute ago", "%d minutes ago", seconds / 60),
                            (int) (seconds / 60));
  if (seconds < 86400)
    return g_strdup_printf (ngettext ("%d hour ago", "%d hours ago", seconds / 3600),
                            (int) (seconds / 3600));
  return g_strdup_printf (ngettext ("%d day ago", "%d days ago", seconds / 86400),
                          (int) (seconds / 86400));
}
