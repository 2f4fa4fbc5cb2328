/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-rate-plans-private.h"

#include <string.h>

#define PREFIX "rate_limits."

struct _WeirRatePlans
{
  GHashTable *limits; /* char * → WeirRateLimits */
};

static void
add_plan (WeirRatePlans *self, WeirSettings *server, const char *option)
{
  const char *text = weir_settings_get_string (server, option);
  g_autofree char *other = text != NULL ? g_strconcat (PREFIX, text, NULL) : NULL;
  WeirRateLimits *limits;

  if (text == NULL)
    return;
  /* Through the environment a plan can be the name of another one. */
  if (weir_settings_get_string (server, other) != NULL)
    text = weir_settings_get_string (server, other);
  limits = weir_rate_limits_new_from_text (text);
  if (limits != NULL)
    g_hash_table_insert (self->limits, g_strdup (option + strlen (PREFIX)), limits);
}

WeirRatePlans *
weir_rate_plans_new (WeirSettings *server)
{
  WeirRatePlans *self = g_atomic_rc_box_new0 (WeirRatePlans);
  g_auto (GStrv) options = weir_settings_dup_names (server);

  self->limits = g_hash_table_new_full (g_str_hash,
                                        g_str_equal,
                                        g_free,
                                        (GDestroyNotify) weir_rate_limits_free);
  for (guint i = 0; options[i] != NULL; i++)
    if (g_str_has_prefix (options[i], PREFIX))
      add_plan (self, server, options[i]);
  return self;
}

WeirRatePlans *
weir_rate_plans_ref (WeirRatePlans *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
weir_rate_plans_clear (gpointer data)
{
  WeirRatePlans *self = data;

  g_hash_table_unref (self->limits);
}

void
weir_rate_plans_unref (WeirRatePlans *self)
{
  g_atomic_rc_box_release_full (self, weir_rate_plans_clear);
}

const WeirRateLimits *
weir_rate_plans_find (WeirRatePlans *self, const char *name)
{
  return g_hash_table_lookup (self->limits, name);
}
