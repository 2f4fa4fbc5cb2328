/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-source.h"

typedef struct
{
  GSource source;
  GObject *stream;
  WeirSoupReadyFunc is_ready;
} WeirSoupSource;

static gboolean
weir_soup_source_prepare (GSource *source, int *timeout)
{
  WeirSoupSource *self = (WeirSoupSource *) source;

  *timeout = -1;
  return self->is_ready (self->stream);
}

static gboolean
weir_soup_source_check (GSource *source)
{
  WeirSoupSource *self = (WeirSoupSource *) source;

  return self->is_ready (self->stream);
}

static gboolean
weir_soup_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  WeirSoupSource *self = (WeirSoupSource *) source;
  GPollableSourceFunc func = (GPollableSourceFunc) (void (*) (void)) callback;

  return func != NULL ? func (self->stream, user_data) : G_SOURCE_REMOVE;
}

static void
weir_soup_source_finalize (GSource *source)
{
  WeirSoupSource *self = (WeirSoupSource *) source;

  g_clear_object (&self->stream);
}

/* libsoup puts this source inside another one, and a source inside another must be able
 * to run a closure. */
static gboolean
weir_soup_source_closure (GObject *stream, gpointer user_data)
{
  g_auto (GValue) param = G_VALUE_INIT;
  g_auto (GValue) result = G_VALUE_INIT;

  g_value_init (&result, G_TYPE_BOOLEAN);
  g_value_init (&param, G_TYPE_OBJECT);
  g_value_set_object (&param, stream);
  g_closure_invoke (user_data, &result, 1, &param, NULL);
  return g_value_get_boolean (&result);
}

static GSourceFuncs weir_soup_source_funcs = {
  .prepare = weir_soup_source_prepare,
  .check = weir_soup_source_check,
  .dispatch = weir_soup_source_dispatch,
  .finalize = weir_soup_source_finalize,
  .closure_callback = (GSourceFunc) (void (*) (void)) weir_soup_source_closure,
};

GSource *
weir_soup_source_new (GObject *stream, WeirSoupReadyFunc is_ready)
{
  GSource *source = g_source_new (&weir_soup_source_funcs, sizeof (WeirSoupSource));
  WeirSoupSource *self = (WeirSoupSource *) source;

  g_source_set_static_name (source, "weir-soup");
  self->stream = g_object_ref (stream);
  self->is_ready = is_ready;
  return source;
}
