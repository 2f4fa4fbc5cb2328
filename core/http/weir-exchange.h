/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-error.h"
#include "base/weir-head.h"
#include "base/weir-identity.h"
#include "io/weir-engine.h"
#include "store/weir-function.h"

G_BEGIN_DECLS

typedef enum
{
  WEIR_EXCHANGE_STATE_OPEN,
  WEIR_EXCHANGE_STATE_RESPONDING,
  WEIR_EXCHANGE_STATE_DONE,
  WEIR_EXCHANGE_STATE_ABORTED,
} WeirExchangeState;

#define WEIR_TYPE_EXCHANGE_STATE (weir_exchange_state_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_exchange_state_get_type (void) G_GNUC_CONST;

/* Whose words an error is put in. */
typedef enum
{
  WEIR_DIALECT_WEIR,
  WEIR_DIALECT_SUPABASE,
  WEIR_DIALECT_FLUXBASE,
  WEIR_DIALECT_FLUX,
} WeirDialect;

#define WEIR_TYPE_DIALECT (weir_dialect_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_dialect_get_type (void) G_GNUC_CONST;

/* One request and its response, between an adapter and the core. Lives on a data thread;
 * while a stage's operation is pending, the control thread may read the request and
 * prepare a response, and the data thread leaves both alone.
 * Properties: state, function, dialect, request-id. */
#define WEIR_TYPE_EXCHANGE (weir_exchange_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirExchange, weir_exchange, WEIR, EXCHANGE, GObject)

/* ---- for stages, in every language ---- */

WEIR_AVAILABLE_IN_ALL
WeirHead *weir_exchange_get_request (WeirExchange *self);
/* What the client asked for, before any rewriting: "/functions/v1/hello/a?b". */
WEIR_AVAILABLE_IN_ALL
const char *weir_exchange_get_path (WeirExchange *self); /* without the query */
WEIR_AVAILABLE_IN_ALL
const char *weir_exchange_get_request_id (WeirExchange *self);
WEIR_AVAILABLE_IN_ALL
void weir_exchange_set_request_id (WeirExchange *self, const char *request_id);
WEIR_AVAILABLE_IN_ALL
GInetAddress *weir_exchange_get_peer (WeirExchange *self); /* (nullable), Unix sockets have none */
WEIR_AVAILABLE_IN_ALL
guint16 weir_exchange_get_peer_port (WeirExchange *self);
WEIR_AVAILABLE_IN_ALL
GInetAddress *weir_exchange_get_client (WeirExchange *self); /* (nullable), as the peer */
WEIR_AVAILABLE_IN_ALL
guint16 weir_exchange_get_client_port (WeirExchange *self);
WEIR_AVAILABLE_IN_ALL
WeirExchangeState weir_exchange_get_state (WeirExchange *self);
WEIR_AVAILABLE_IN_ALL
WeirDialect weir_exchange_get_dialect (WeirExchange *self);
WEIR_AVAILABLE_IN_ALL
void weir_exchange_set_dialect (WeirExchange *self, WeirDialect dialect);
/* The function that will answer, once routed; (nullable). */
WEIR_AVAILABLE_IN_ALL
WeirFunction *weir_exchange_get_function (WeirExchange *self);
/* Who calls, once an authenticator found out; (nullable). */
WEIR_AVAILABLE_IN_ALL
WeirIdentity *weir_exchange_get_identity (WeirExchange *self);
/* The protocol that an Upgrade request asks for, in lower case; (nullable). */
WEIR_AVAILABLE_IN_ALL
const char *weir_exchange_get_upgrade (WeirExchange *self);
/* Prepares the answer; a stage that did so ends with "respond" and the pipeline sends it.
 * body may be NULL. The last answer prepared wins. */
WEIR_AVAILABLE_IN_ALL
void weir_exchange_set_response (WeirExchange *self,
                                 guint status,
                                 const char *content_type,
                                 GBytes *body);
WEIR_AVAILABLE_IN_ALL
void weir_exchange_set_response_text (WeirExchange *self,
                                      guint status,
                                      const char *content_type,
                                      const char *text);
/* Prepares the error in the words of the dialect. */
WEIR_AVAILABLE_IN_ALL
void weir_exchange_set_response_error (WeirExchange *self, const GError *error);
/* A field for whatever response goes out, this stage's or the function's: it replaces
 * those of the same name. */
WEIR_AVAILABLE_IN_ALL
void weir_exchange_set_response_header (WeirExchange *self, const char *name, const char *value);

/* Microseconds, monotonic; 0 = not reached. */
WEIR_AVAILABLE_IN_ALL
gint64 weir_exchange_get_started (WeirExchange *self);
WEIR_AVAILABLE_IN_ALL
guint weir_exchange_get_status (WeirExchange *self); /* of the response; 0 before */
WEIR_AVAILABLE_IN_ALL
guint64 weir_exchange_get_bytes_received (WeirExchange *self); /* body only */
WEIR_AVAILABLE_IN_ALL
guint64 weir_exchange_get_bytes_sent (WeirExchange *self); /* body only */

/* ---- for adapters, C only ---- */

#define WEIR_LENGTH_UNKNOWN ((gint64) -1) /* a body whose end will be seen */

/* What the core asks of the adapter. The transport pointer is the adapter's own. */
typedef struct
{
  gsize struct_size;
  /* Once. length: bytes of body to come, 0 none, or WEIR_LENGTH_UNKNOWN. The adapter does
   * the framing, and leaves the body out for HEAD, 204 and 304; head is borrowed. */
  void (*send_head) (WeirExchange *exchange, gpointer transport, WeirHead *head, gint64 length);
  /* Borrowed for the call. Returns how many bytes are queued towards the client. */
  gsize (*send_body) (WeirExchange *exchange, gpointer transport, const guint8 *data, gsize length);
  /* The response is whole. The adapter lets go of the exchange when it is on its way. */
  void (*end) (WeirExchange *exchange, gpointer transport);
  /* The response cannot be finished: close the connection so that the client notices. */
  void (*abort) (WeirExchange *exchange, gpointer transport);
  /* More request body is wanted: this many bytes more. Without credit the adapter reads
   * none, and its socket fills up. 0 bytes: there is somebody who wants the body now, so a
   * client that waits for "100 Continue" should have it. */
  void (*grant) (WeirExchange *exchange, gpointer transport, gsize bytes);
  /* Sends head as a 101 and hands the socket over: returns an fd that is the core's now, or
   * -1; early: (out) bytes already read from the client (transfer full, nullable). */
  int (*upgrade) (WeirExchange *exchange, gpointer transport, WeirHead *head, GBytes **early);
  /*< private >*/
  gpointer padding[4];
} WeirTransport;

/* request: taken over, retained or borrowing until weir_exchange_begin() returns.
 * body_length: as in send_head. upgrade: (nullable) the protocol of an Upgrade request, in
 * lower case ("websocket"). peer, peer_port: the client. */
WEIR_AVAILABLE_IN_ALL
WeirExchange *weir_exchange_new (WeirEngine *engine,
                                 const WeirTransport *vtable,
                                 gpointer transport,
                                 WeirHead *request,
                                 gint64 body_length,
                                 const char *upgrade,
                                 GInetAddress *peer,
                                 guint16 peer_port);
/* Instead of g_object_unref(), by who made it: its memory may serve another one. */
WEIR_AVAILABLE_IN_ALL
void weir_exchange_release (WeirExchange *self);
/* Request body, borrowed for the call; never more than was granted. The first grant
 * comes from weir_exchange_new: WEIR_EXCHANGE_FIRST_CREDIT. */
#define WEIR_EXCHANGE_FIRST_CREDIT (64 * 1024)
WEIR_AVAILABLE_IN_ALL
void weir_exchange_push_body (WeirExchange *self, const guint8 *data, gsize length);
WEIR_AVAILABLE_IN_ALL
void weir_exchange_end_body (WeirExchange *self);
/* The queue towards the client fell under its low-water mark (64 KiB). */
WEIR_AVAILABLE_IN_ALL
void weir_exchange_writable (WeirExchange *self);
/* The client is gone, or broke the rules in mid-body; nothing of the transport is called
 * any more. error: (nullable) what the access log should say. */
WEIR_AVAILABLE_IN_ALL
void weir_exchange_disconnect (WeirExchange *self, const GError *error);
/* The whole response was handed to the kernel (or is in the socket's own buffer). */
WEIR_AVAILABLE_IN_ALL
void weir_exchange_sent (WeirExchange *self);

G_END_DECLS
