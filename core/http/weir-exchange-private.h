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
  /* NULL (and body_end with it): the body stays with the exchange for the next sink. */
  void (*body) (WeirExchange *exchange, const guint8 *data, gsize length, gpointer user_data);
  void (*body_end) (WeirExchange *exchange, gpointer user_data);
  void (*writable) (WeirExchange *exchange, gpointer user_data);
  /* The client is gone: cancel. The sink is forgotten already. */
  void (*disconnected) (WeirExchange *exchange, gpointer user_data);
} WeirExchangeSink;

/* Attaches whoever consumes the body; what was buffered so far comes at once, from
 * inside this call. A piece of body is not valid any more after the sink has granted credit.
 * NULL detaches. */
void weir_exchange_set_sink (WeirExchange *self, const WeirExchangeSink *sink, gpointer user_data);
/* Whether all of the body that came so far is still here to be sent again. */
gboolean weir_exchange_can_replay (WeirExchange *self);
gboolean weir_exchange_has_whole_body (WeirExchange *self);
void weir_exchange_rewind (WeirExchange *self); /* the next sink gets the body from its start */
void weir_exchange_grant (WeirExchange *self, gsize bytes);
gint64 weir_exchange_get_body_length (WeirExchange *self);
WeirEngine *weir_exchange_get_engine (WeirExchange *self);
/* Who a proxy says that it speaks for. */
void weir_exchange_set_client (WeirExchange *self, GInetAddress *client, guint16 port);
/* The address that the client is taken to have, as text; NULL on a Unix socket. */
const char *weir_exchange_get_client_text (WeirExchange *self);
/* The request came with fields that proxies add, believed or not. */
void weir_exchange_set_forwarded (WeirExchange *self);
gboolean weir_exchange_is_forwarded (WeirExchange *self);
void weir_exchange_set_function (WeirExchange *self, WeirFunction *function);
/* Sends. The head gets the response headers that stages asked for. */
void weir_exchange_send_head (WeirExchange *self, WeirHead *head, gint64 length);
gsize weir_exchange_send_body (WeirExchange *self, const guint8 *data, gsize length);
/* The response is whole. DONE when the adapter has sent it; at once after an upgrade. */
void weir_exchange_end (WeirExchange *self);
void weir_exchange_abort (WeirExchange *self, const GError *error);
/* On success nothing of the transport is called any more; relayed bytes are counted with
 * weir_exchange_count(), and weir_exchange_end() or _abort() finishes the exchange. */
int weir_exchange_upgrade (WeirExchange *self, WeirHead *head, GBytes **early);
/* Of one that was upgraded: the sink is told as when a client is gone, and the exchange is over. */
void weir_exchange_cut (WeirExchange *self, const GError *error);
void weir_exchange_count (WeirExchange *self, guint64 received, guint64 sent);
gboolean weir_exchange_has_response (WeirExchange *self); /* prepared */
void weir_exchange_send_response (WeirExchange *self);    /* the prepared one, whole */
const GError *weir_exchange_get_error (WeirExchange *self);
/* Called once when the exchange is done or aborted; the pipeline's. */
void weir_exchange_set_finished (WeirExchange *self,
                                 void (*finished) (WeirExchange *exchange, gpointer user_data),
                                 gpointer user_data);

/* What the error that was just prepared tells the caller to do, in place of the error table's
 * words. */
void weir_exchange_set_hint (WeirExchange *self, const char *hint);
/* Seconds that the body of an error names, where its dialect has a place for them. */
void weir_exchange_set_retry_after (WeirExchange *self, guint seconds);

/* As weir_exchange_set_response_header(), with the value of a field of the request. */
void
weir_exchange_copy_response_field (WeirExchange *self, const char *name, const WeirField *field);

/* Called once when the connection was handed over, with what set_finished was given. */
void weir_exchange_set_upgraded (WeirExchange *self,
                                 void (*upgraded) (WeirExchange *exchange, gpointer user_data));

/* Whether somebody has to say who calls; a WeirAuthPolicy. Data thread. */
typedef enum
{
  WEIR_AUTH_PUBLIC,
  WEIR_AUTH_OPTIONAL,
  WEIR_AUTH_REQUIRED,
} WeirAuthPolicy;

void weir_exchange_set_auth_policy (WeirExchange *self, WeirAuthPolicy policy);
WeirAuthPolicy weir_exchange_get_auth_policy (WeirExchange *self);
/* What is wrong with a credential that none of the authenticators so far could read; the first
 * one that is given stays. Taken over. */
void weir_exchange_take_credential_error (WeirExchange *self, GError *error);
const GError *weir_exchange_get_credential_error (WeirExchange *self);
void weir_exchange_take_identity (WeirExchange *self, WeirIdentity *identity);
/* What the worker is told of the caller's own secrets, if its function has a place for them: a
 * text that a field can hold, with its NUL. NULL: nothing. */
void weir_exchange_set_user_secrets (WeirExchange *self, GBytes *secrets);
const char *weir_exchange_get_user_secrets (WeirExchange *self);
/* The response depends on the Origin of the request: caches must know. */
void weir_exchange_set_vary_origin (WeirExchange *self);

/* Whoever takes the exchange answers it, now or later; the pipeline lets it go. */
void weir_exchange_take (WeirExchange *self);
/* Whether the pipeline still has it, and nobody has begun to answer. */
gboolean weir_exchange_is_free (WeirExchange *self);
/* What routing found, kept until the exchange is gone. */
void weir_exchange_set_route (WeirExchange *self, gpointer route, GDestroyNotify destroy);
gpointer weir_exchange_get_route (WeirExchange *self);

/* Around an operation of a stage. While it is lent the control thread may prepare a
 * response; once it is revoked, what that thread still does has no effect. */
typedef enum
{
  WEIR_EXCHANGE_OWNED,
  WEIR_EXCHANGE_LENT,
  WEIR_EXCHANGE_REVOKED,
} WeirExchangeLoan;

void weir_exchange_set_loan (WeirExchange *self, WeirExchangeLoan loan);

G_END_DECLS
