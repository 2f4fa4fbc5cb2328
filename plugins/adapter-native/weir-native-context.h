/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

#include "weir-native-buffer.h"
#include "weir-native-census.h"
#include "weir-native-proxies.h"

G_BEGIN_DECLS

typedef struct _WeirNativeConnection WeirNativeConnection;

typedef struct
{
  guint head_timeout_ms;
  guint body_timeout_ms;
  guint idle_timeout_ms;
  guint max_connections;
  guint max_connections_per_address;
  guint64 max_body_size;
  guint max_head_size;
  guint max_fields;
} WeirNativeLimits;

/* What all connections of a started adapter share. Its data thread; owned by the adapter,
 * which it outlives by no connection. */
typedef struct
{
  WeirEngine *engine;
  WeirPipeline *pipeline;
  WeirNativeLimits limits;
  WeirNativeProxies *proxies;
  WeirNativePool pool;
  WeirRequestParser *parser; /* for whoever begins a head; one who waits for more keeps it */
  guint8 *scratch;           /* what is read passes through it; NULL while it is lent */
  GQueue connections;
  WeirNativeCensus *census;
  gint64 date_made;
  char date[64];
  gsize date_length;
} WeirNativeContext;

#define WEIR_NATIVE_SCRATCH (64 * 1024)

WeirNativeContext *weir_native_context_new (WeirEngine *engine,
                                            WeirPipeline *pipeline,
                                            const WeirNativeLimits *limits,
                                            const char *const *proxies,
                                            WeirNativeCensus *census);
void weir_native_context_free (WeirNativeContext *self);
/* The field with its line's end; of this second. */
const char *weir_native_context_get_date (WeirNativeContext *self, gsize *length);
/* Counts a connection; FALSE when there are too many. */
gboolean weir_native_context_admit (WeirNativeContext *self);
void weir_native_context_dismiss (WeirNativeContext *self);
/* Counts a connection of an address; FALSE when there are too many. peer: (nullable) */
gboolean weir_native_context_enter (WeirNativeContext *self, GInetAddress *peer);
void weir_native_context_leave (WeirNativeContext *self, GInetAddress *peer);

WeirRequestParser *weir_native_context_take_parser (WeirNativeContext *self);
void weir_native_context_give_parser (WeirNativeContext *self, WeirRequestParser *parser);
guint8 *weir_native_context_take_scratch (WeirNativeContext *self);
void weir_native_context_give_scratch (WeirNativeContext *self, guint8 *scratch);

G_END_DECLS
