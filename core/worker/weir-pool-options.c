/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-pool-options-private.h"

static gint64
get_integer (WeirSettings *settings, const char *name, gint64 fallback)
{
  if (settings == NULL || weir_settings_get_value (settings, name) == NULL)
    return fallback;

  return weir_settings_get_integer (settings, name);
}

static guint
get_count (WeirSettings *settings, const char *name, guint fallback)
{
  return (guint) CLAMP (get_integer (settings, name, fallback), 0, G_MAXINT);
}

void
weir_pool_options_read (WeirPoolOptions *self, WeirFunction *function)
{
  WeirSettings *settings = weir_function_get_settings (function);

  self->max_workers = get_count (settings, "max_workers", 1);
  if (self->max_workers == 0)
    self->max_workers = g_get_num_processors ();
  self->min_workers = MIN (get_count (settings, "min_workers", 0), self->max_workers);
  self->eager = settings != NULL && weir_settings_get_value (settings, "eager") != NULL &&
                weir_settings_get_boolean (settings, "eager");
  self->max_concurrency = get_count (settings, "max_concurrency", 0);
  self->queue_size = get_count (settings, "queue_size", 1024);
  self->queue_timeout_ms = get_count (settings, "queue_timeout_ms", 10000);
  self->max_websockets = get_count (settings, "max_websockets", 100);
  self->request_timeout_ms = get_count (settings, "request_timeout_ms", 0);
  self->request_size_limit = MAX (get_integer (settings, "request_size_limit", 0), 0);
  self->response_size_limit = MAX (get_integer (settings, "response_size_limit", 0), 0);
}
