/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-server-private.h"

#include <string.h>

/* The origin of a default. */
#define BUILT_IN "built-in"

/* Settings of the server that an edit changes while it runs. All others are read when it starts,
 * and who edits one of those should not have to wonder. */
static const char *const live[] = {
  "env_files",   "max_websockets",  "max_workers_total", "rate_limits.",     "shutdown_timeout_ms",
  "standby_max", "standby_workers", "strict_reload",     "worker_memory_mb",
};

static gboolean
is_live (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (live); i++)
    if (g_str_has_suffix (live[i], ".") ? g_str_has_prefix (name, live[i])
                                        : g_str_equal (name, live[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_same (GVariant *value, GVariant *other)
{
  if (value == NULL || other == NULL)
    return value == other;
  return g_variant_equal (value, other);
}

/* Where the edit was: what it took away is a default now. */
static const char *
find_origin (WeirSettings *settings, WeirSettings *old, const char *name)
{
  const char *origin = weir_settings_get_origin (settings, name);

  return origin != NULL && strcmp (origin, BUILT_IN) != 0 ? origin
                                                          : weir_settings_get_origin (old, name);
}

/* An edit that takes back an earlier one leaves nothing to wait for. */
static gboolean
is_edited_in_vain (WeirServer *self, WeirSettings *settings, WeirSettings *old, const char *name)
{
  WeirSettings *initial = weir_config_get_server_settings (self->initial);
  GVariant *value = weir_settings_get_value (settings, name);

  return !is_live (name) && !is_same (value, weir_settings_get_value (old, name)) &&
         !is_same (value, weir_settings_get_value (initial, name));
}

static void
compare (WeirServer *self, WeirSettings *settings, WeirSettings *old, const char *name)
{
  g_autofree char *text = NULL;

  if (!is_edited_in_vain (self, settings, old, name))
    return;
  text = g_strdup_printf ("%s: “%s” is read when the server starts: it is as before until then",
                          find_origin (settings, old, name),
                          name);
  weir_server_notice (self, text);
}

void
weir_server_tell_restart (WeirServer *self, WeirConfig *before)
{
  WeirSettings *settings = weir_config_get_server_settings (self->config);
  WeirSettings *old = weir_config_get_server_settings (before);
  g_auto (GStrv) names = weir_settings_dup_names (settings);
  g_auto (GStrv) old_names = weir_settings_dup_names (old);

  for (guint i = 0; names[i] != NULL; i++)
    compare (self, settings, old, names[i]);
  for (guint i = 0; old_names[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) names, old_names[i]))
      compare (self, settings, old, old_names[i]);
}
