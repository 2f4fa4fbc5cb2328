/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange.h"

G_BEGIN_DECLS

/* What the last stage (the dispatcher) needs. Data thread. */

typedef struct
{
  void (*body) (WeirExchange *exchange, const guint8 *data, gsize length, gpointer user_data);
  void (*body_end) (WeirExchange *exchange, gpointer user_data);
  void (*writable) (WeirExchange *exchange, gpointer user_data);
  /* The client is gone: cancel. The sink is forgotten already. */
  void (*disconnected) (WeirExchange *exchange, gpointer user_data);
} WeirExchangeSink;

/* Attaches whoever consumes the body; what was buffered so far comes at once, from
 * inside this call. NULL detaches. */
void weir_exchange_set_sink (WeirExchange *self, const WeirExchangeSink *sink, gpointer user_data);
/* The body so far when it is whole or was not begun, and short enough to be sent again
 * (transfer none); NULL when it cannot be replayed. */
gboolean weir_exchange_can_replay (WeirExchange *self);
void weir_exchange_rewind (WeirExchange *self); /* the next sink gets the body from its start */
void weir_exchange_grant (WeirExchange *self, gsize bytes);
gint64 weir_exchange_get_body_length (WeirExchange *self);
const char *weir_exchange_get_upgrade (WeirExchange *self);
WeirEngine *weir_exchange_get_engine (WeirExchange *self);
void weir_exchange_set_function (WeirExchange *self, WeirFunction *function);
/* Sends. The head gets the response headers that stages asked for. */
void weir_exchange_send_head (WeirExchange *self, WeirHead *head, gint64 length);
gsize weir_exchange_send_body (WeirExchange *self, const guint8 *data, gsize length);
void weir_exchange_end (WeirExchange *self);
void weir_exchange_abort (WeirExchange *self, const GError *error);
int weir_exchange_upgrade (WeirExchange *self, WeirHead *head, GBytes **early);
gboolean weir_exchange_has_response (WeirExchange *self); /* prepared */
void weir_exchange_send_response (WeirExchange *self);    /* the prepared one, whole */
const GError *weir_exchange_get_error (WeirExchange *self);
/* Called once when the exchange is done or aborted; the pipeline's. */
void weir_exchange_set_finished (WeirExchange *self,
                                 void (*finished) (WeirExchange *exchange, gpointer user_data),
                                 gpointer user_data);

G_END_DECLS
