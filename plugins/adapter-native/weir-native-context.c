/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-native-context.h"

#include <string.h>
#include <time.h>

WeirNativeContext *
weir_native_context_new (WeirEngine *engine,
                         WeirPipeline *pipeline,
                         const WeirNativeLimits *limits,
                         const char *const *proxies,
                         WeirNativeCensus *census)
{
  WeirNativeContext *self = g_new0 (WeirNativeContext, 1);

  self->engine = g_object_ref (engine);
  self->pipeline = g_object_ref (pipeline);
  self->limits = *limits;
  self->proxies = weir_native_proxies_new (proxies);
  self->date_made = -1;
  self->census = weir_native_census_ref (census);
  return self;
}

void
weir_native_context_free (WeirNativeContext *self)
{
  weir_native_census_unref (self->census);
  g_clear_pointer (&self->parser, weir_request_parser_free);
  g_free (self->scratch);
  weir_native_pool_clear (&self->pool);
  weir_native_proxies_free (self->proxies);
  g_object_unref (self->pipeline);
  g_object_unref (self->engine);
  g_free (self);
}

/* By hand, for strftime() speaks the language of the locale. */
static void
format_date (WeirNativeContext *self)
{
  static const char days[] = "SunMonTueWedThuFriSat";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  time_t now = time (NULL);
  struct tm tm;

  gmtime_r (&now, &tm);
  self->date_length = (gsize) g_snprintf (self->date,
                                          sizeof self->date,
                                          "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n",
                                          days + 3 * tm.tm_wday,
                                          tm.tm_mday,
                                          months + 3 * tm.tm_mon,
                                          tm.tm_year + 1900,
                                          tm.tm_hour,
                                          tm.tm_min,
                                          tm.tm_sec);
}

const char *
weir_native_context_get_date (WeirNativeContext *self, gsize *length)
{
  gint64 second = weir_engine_get_now (self->engine) / G_USEC_PER_SEC;

  if (second != self->date_made)
    format_date (self);
  self->date_made = second;
  *length = self->date_length;
  return self->date;
}

gboolean
weir_native_context_admit (WeirNativeContext *self)
{
  return weir_native_census_enter (self->census, self->limits.max_connections);
}

void
weir_native_context_dismiss (WeirNativeContext *self)
{
  weir_native_census_leave (self->census);
}

gboolean
weir_native_context_enter (WeirNativeContext *self, GInetAddress *peer)
{
  guint most = self->limits.max_connections_per_address;

  return most == 0 || peer == NULL || weir_native_census_enter_from (self->census, peer, most);
}

void
weir_native_context_leave (WeirNativeContext *self, GInetAddress *peer)
{
  if (self->limits.max_connections_per_address > 0 && peer != NULL)
    weir_native_census_leave_from (self->census, peer);
}

WeirRequestParser *
weir_native_context_take_parser (WeirNativeContext *self)
{
  WeirRequestParser *parser = g_steal_pointer (&self->parser);

  if (parser == NULL)
    return weir_request_parser_new (self->limits.max_head_size, self->limits.max_fields);
  weir_request_parser_reset (parser);
  return parser;
}

void
weir_native_context_give_parser (WeirNativeContext *self, WeirRequestParser *parser)
{
  if (self->parser == NULL)
    self->parser = parser;
  else
    weir_request_parser_free (parser);
}

guint8 *
weir_native_context_take_scratch (WeirNativeContext *self)
{
  guint8 *scratch = g_steal_pointer (&self->scratch);

  return scratch != NULL ? scratch : g_malloc (WEIR_NATIVE_SCRATCH);
}

void
weir_native_context_give_scratch (WeirNativeContext *self, guint8 *scratch)
{
  if (self->scratch == NULL)
    self->scratch = scratch;
  else
    g_free (scratch);
}
