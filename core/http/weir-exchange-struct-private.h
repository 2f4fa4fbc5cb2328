/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-address-private.h"
#include "http/weir-exchange-private.h"
#include "http/weir-request-body-private.h"

G_BEGIN_DECLS

#define WEIR_EXCHANGE_REQUEST_ID_MAX 64
#define WEIR_EXCHANGE_SHORT_PATH 64

/* Only for the files that the exchange is made of: what stages see (weir-exchange.c) of the
 * request, of who calls (-caller.c) and of the response (-response.c), and what moves bytes
 * (-io.c). */
struct _WeirExchange
{
  GObject parent_instance;

  GThread *thread;
  char short_path[WEIR_EXCHANGE_SHORT_PATH];
  WeirEngine *engine; /* from here on all is cleared between one request and the next */
  const WeirTransport *vtable;
  gpointer transport;

  WeirHead *request;
  char *path; /* in short_path, or allocated */
  char *upgrade;
  GInetAddress *peer;
  GInetAddress *client; /* NULL: the peer */
  WeirFunction *function;
  WeirIdentity *identity;
  GBytes *user_secrets;
  gpointer route;
  GDestroyNotify route_destroy;

  WeirRequestBody body;
  const WeirExchangeSink *sink;
  gpointer sink_data;
  void (*finished) (WeirExchange *exchange, gpointer user_data);
  void (*upgraded) (WeirExchange *exchange, gpointer user_data);
  gpointer finished_data; /* of both */

  WeirHead *headers; /* for whatever response goes out; NULL: none */
  char *response_type;
  GBytes *response_body;
  GError *error;
  GError *credential_error;
  char *hint;

  gint64 started;
  guint64 bytes_sent;
  guint64 relayed_received;
  int loan; /* atomic */
  guint response_status;
  guint retry_after;
  guint status;
  guint16 peer_port;
  guint16 client_port;
  guint8 state;
  guint8 dialect;
  guint8 auth_policy;
  guint8 prepared : 1;
  guint8 taken : 1;
  guint8 delivering : 1;
  guint8 end_sent : 1;
  guint8 vary_origin : 1;
  guint8 forwarded : 1;
  char request_id[WEIR_EXCHANGE_REQUEST_ID_MAX + 1];
  char client_text[WEIR_ADDRESS_SIZE]; /* empty until it is asked for */
};

/* Around a change of what the control thread may have on loan. FALSE: the caller lost the
 * exchange to a deadline, or to a client that went away. */
gboolean weir_exchange_begin_change (WeirExchange *self);
void weir_exchange_end_change (WeirExchange *self);

/* -response.c */
void weir_exchange_clear_response (WeirExchange *self);

G_END_DECLS
