/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-log-catcher.h"

static GMutex mutex;
static GQueue expected = G_QUEUE_INIT;

static const char *
find_message (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      return fields[i].value;
  return "";
}

static GLogWriterOutput catch (GLogLevelFlags level,
                               const GLogField *fields,
                               gsize n_fields,
                               gpointer user_data)
{
  g_autofree char *pattern = NULL;

  if ((level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL)) == 0)
    return g_log_writer_default (level, fields, n_fields, user_data);

  g_mutex_lock (&mutex);
  pattern = g_queue_pop_head (&expected);
  g_mutex_unlock (&mutex);
  if (pattern != NULL && g_pattern_match_simple (pattern, find_message (fields, n_fields)))
    return G_LOG_WRITER_HANDLED;
  if (pattern != NULL)
    g_printerr ("expected: %s\n", pattern);
  return g_log_writer_default (level | G_LOG_FLAG_FATAL, fields, n_fields, user_data);
}

void
weir_log_catcher_install (void)
{
  g_log_set_writer_func (catch, NULL, NULL);
}

void
weir_log_catcher_expect (const char *pattern)
{
  g_mutex_lock (&mutex);
  g_queue_push_tail (&expected, g_strdup (pattern));
  g_mutex_unlock (&mutex);
}

void
weir_log_catcher_assert (void)
{
  g_mutex_lock (&mutex);
  if (!g_queue_is_empty (&expected))
    g_error ("never logged: %s", (char *) g_queue_peek_head (&expected));
  g_mutex_unlock (&mutex);
}
