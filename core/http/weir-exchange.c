/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-exchange-struct-private.h"

#include <string.h>

#include "base/weir-spares-private.h"

/**
 * WeirExchangeState:
 * @WEIR_EXCHANGE_STATE_OPEN: no byte of a response was sent
 * @WEIR_EXCHANGE_STATE_RESPONDING: the response's head was sent
 * @WEIR_EXCHANGE_STATE_DONE: the whole response was sent
 * @WEIR_EXCHANGE_STATE_ABORTED: it ended early, on either side
 *
 * How far an exchange got.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirExchangeState,
                    weir_exchange_state,
                    G_DEFINE_ENUM_VALUE (WEIR_EXCHANGE_STATE_OPEN, "open"),
                    G_DEFINE_ENUM_VALUE (WEIR_EXCHANGE_STATE_RESPONDING, "responding"),
                    G_DEFINE_ENUM_VALUE (WEIR_EXCHANGE_STATE_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (WEIR_EXCHANGE_STATE_ABORTED, "aborted"))

/**
 * WeirDialect:
 * @WEIR_DIALECT_WEIR: `{"error":{"code","message","hint","request_id"}}`
 * @WEIR_DIALECT_SUPABASE: as the Supabase tools expect
 * @WEIR_DIALECT_FLUXBASE: as the Fluxbase client expects
 * @WEIR_DIALECT_FLUX: as the Flux client expects
 *
 * Whose words an error is put in.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirDialect,
                    weir_dialect,
                    G_DEFINE_ENUM_VALUE (WEIR_DIALECT_WEIR, "weir"),
                    G_DEFINE_ENUM_VALUE (WEIR_DIALECT_SUPABASE, "supabase"),
                    G_DEFINE_ENUM_VALUE (WEIR_DIALECT_FLUXBASE, "fluxbase"),
                    G_DEFINE_ENUM_VALUE (WEIR_DIALECT_FLUX, "flux"))

/**
 * WeirTransport: (skip)
 * @struct_size: the size of the structure in the adapter's headers
 * @send_head: sends the head of the response, once; `length` bytes of body will follow, or
 *   `WEIR_LENGTH_UNKNOWN`. The adapter does the framing, and leaves the body out where
 *   HTTP has none
 * @send_body: sends a part of the body, which is borrowed for the call; returns how many
 *   bytes are queued towards the client
 * @end: the response is whole
 * @abort: the response cannot be finished: the client must notice
 * @grant: so many bytes more of the request's body may be pushed
 * @upgrade: sends the head as a 101 and hands the socket over; returns a file descriptor
 *   that is the caller's from then on, or -1
 *
 * What the core asks of an adapter, on the data thread. C only.
 *
 * Since: 1.0
 */

/**
 * WeirExchange:
 *
 * One request and its response, on their way between an adapter and a function.
 *
 * An adapter makes it and hands it to [method@Weir.Pipeline.begin]. It lives on that data
 * thread. While the operation of a stage is pending, and only then, the control thread may
 * read the request and prepare a response.
 *
 * Its state goes from open over responding to done, or from any of these to aborted. Changes
 * of the properties are not notified: too much happens to an exchange for that.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (WeirExchange, weir_exchange, G_TYPE_OBJECT)

typedef enum
{
  PROP_STATE = 1,
  PROP_FUNCTION,
  PROP_DIALECT,
  PROP_REQUEST_ID,
} WeirExchangeProperty;

static GParamSpec *properties[PROP_REQUEST_ID + 1];
static guint notify_signal;

/* What is prepared cold and seldom is guarded by one lock for all exchanges, and only those
 * that were lent to the control thread take it. */
static GMutex loan_lock;

void
weir_exchange_set_loan (WeirExchange *self, WeirExchangeLoan loan)
{
  g_mutex_lock (&loan_lock);
  g_atomic_int_set (&self->loan, loan);
  g_mutex_unlock (&loan_lock);
}

gboolean
weir_exchange_begin_change (WeirExchange *self)
{
  if (g_atomic_int_get (&self->loan) == WEIR_EXCHANGE_OWNED)
    return TRUE;

  g_mutex_lock (&loan_lock);
  if (g_atomic_int_get (&self->loan) == WEIR_EXCHANGE_REVOKED && g_thread_self () != self->thread)
    {
      g_mutex_unlock (&loan_lock);
      return FALSE;
    }
  return TRUE;
}

void
weir_exchange_end_change (WeirExchange *self)
{
  if (g_atomic_int_get (&self->loan) != WEIR_EXCHANGE_OWNED)
    g_mutex_unlock (&loan_lock);
}

static void
weir_exchange_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirExchange *self = WEIR_EXCHANGE (object);

  switch ((WeirExchangeProperty) id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_FUNCTION:
      g_value_set_object (value, self->function);
      break;
    case PROP_DIALECT:
      g_value_set_enum (value, self->dialect);
      break;
    case PROP_REQUEST_ID:
      g_value_set_string (value, weir_exchange_get_request_id (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
let_go (WeirExchange *self)
{
  weir_exchange_set_route (self, NULL, NULL);
  weir_exchange_clear_response (self);
  weir_request_body_clear (&self->body);
  g_clear_pointer (&self->headers, weir_head_unref);
  g_clear_pointer (&self->request, weir_head_unref);
  if (self->path != self->short_path)
    g_free (self->path);
  self->path = NULL;
  g_clear_pointer (&self->upgrade, g_free);
  g_clear_error (&self->credential_error);
  g_clear_object (&self->peer);
  g_clear_object (&self->client);
  g_clear_object (&self->function);
  g_clear_pointer (&self->identity, weir_identity_unref);
  g_clear_pointer (&self->user_secrets, g_bytes_unref);
  g_clear_object (&self->engine);
}

static void
weir_exchange_finalize (GObject *object)
{
  let_go (WEIR_EXCHANGE (object));

  G_OBJECT_CLASS (weir_exchange_parent_class)->finalize (object);
}

static void
weir_exchange_class_init (WeirExchangeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = weir_exchange_get_property;
  object_class->finalize = weir_exchange_finalize;

  /**
   * WeirExchange:state: (getter get_state)
   *
   * How far it got.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] = g_param_spec_enum ("state",
                                              NULL,
                                              NULL,
                                              WEIR_TYPE_EXCHANGE_STATE,
                                              WEIR_EXCHANGE_STATE_OPEN,
                                              flags);
  /**
   * WeirExchange:function: (getter get_function)
   *
   * The function that will answer, once routed.
   *
   * Since: 1.0
   */
  properties[PROP_FUNCTION] =
      g_param_spec_object ("function", NULL, NULL, WEIR_TYPE_FUNCTION, flags);
  /**
   * WeirExchange:dialect: (getter get_dialect)
   *
   * Whose words an error is put in.
   *
   * Since: 1.0
   */
  properties[PROP_DIALECT] =
      g_param_spec_enum ("dialect", NULL, NULL, WEIR_TYPE_DIALECT, WEIR_DIALECT_WEIR, flags);
  /**
   * WeirExchange:request-id: (getter get_request_id)
   *
   * The name of the exchange in logs and answers.
   *
   * Since: 1.0
   */
  properties[PROP_REQUEST_ID] = g_param_spec_string ("request-id", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  notify_signal = g_signal_lookup ("notify", G_TYPE_OBJECT);
}

static void
weir_exchange_init (WeirExchange *self)
{
}

WEIR_DEFINE_SPARES (WeirExchange, exchange, g_object_unref)

static WeirExchange *
make (void)
{
  const gsize start = G_STRUCT_OFFSET (WeirExchange, engine);
  WeirExchange *self = exchange_take_spare ();

  if (self != NULL)
    {
      memset ((char *) self + start, 0, sizeof *self - start);
      return self;
    }
  self = g_object_new (WEIR_TYPE_EXCHANGE, NULL);
  self->thread = g_thread_self ();
  return self;
}

static void
set_path (WeirExchange *self, const char *target)
{
  gsize length = strcspn (target, "?");

  self->path = length < sizeof self->short_path ? self->short_path : g_malloc (length + 1);
  memcpy (self->path, target, length);
  self->path[length] = '\0';
}

/**
 * weir_exchange_new: (skip)
 * @engine: the loop of the data thread
 * @vtable: how the adapter is asked; must outlive the exchange
 * @transport: the adapter's own pointer
 * @request: (transfer full): the request's head; what it borrows must stay until
 *   weir_pipeline_begin() returns
 * @body_length: bytes of body to come, or WEIR_LENGTH_UNKNOWN
 * @upgrade: (nullable): protocol that an Upgrade request asks for, in lower case
 * @peer: (nullable): the client's address
 * @peer_port: the client's port
 *
 * Makes an exchange out of a request whose head is complete. Data thread.
 *
 * Returns: (transfer full): a new exchange
 *
 * Since: 1.0
 */
WeirExchange *
weir_exchange_new (WeirEngine *engine,
                   const WeirTransport *vtable,
                   gpointer transport,
                   WeirHead *request,
                   gint64 body_length,
                   const char *upgrade,
                   GInetAddress *peer,
                   guint16 peer_port)
{
  WeirExchange *self;
  const char *target;

  g_return_val_if_fail (WEIR_IS_ENGINE (engine), NULL);
  g_return_val_if_fail (vtable != NULL, NULL);
  g_return_val_if_fail (request != NULL, NULL);

  self = make ();
  self->engine = g_object_ref (engine);
  self->vtable = vtable;
  self->transport = transport;
  self->request = request;
  self->peer = peer != NULL ? g_object_ref (peer) : NULL;
  self->peer_port = peer_port;
  self->upgrade = g_strdup (upgrade);
  self->started = weir_engine_get_now (engine);
  weir_request_body_init (&self->body, body_length, WEIR_EXCHANGE_FIRST_CREDIT);

  target = weir_head_get_target (request);
  set_path (self, target != NULL ? target : "/");
  return self;
}

/* Nobody could see that it comes back as another one: nobody else holds it or watches it, and
 * nothing is tied to it. Of a reference that is weak the object has data. */
static gboolean
is_forgotten (WeirExchange *self)
{
  GObject *object = G_OBJECT (self);

  return g_atomic_int_get (&object->ref_count) == 1 && object->qdata == NULL &&
         g_signal_handler_find (self, G_SIGNAL_MATCH_ID, notify_signal, 0, NULL, NULL, NULL) == 0;
}

/**
 * weir_exchange_release: (skip)
 * @self: (transfer full): an exchange
 *
 * Lets go of an exchange, as g_object_unref() does, which is as good. But if nobody else has it,
 * its memory is kept for one to come, which makes requests faster. Data thread.
 *
 * Since: 1.0
 */
void
weir_exchange_release (WeirExchange *self)
{
  g_return_if_fail (WEIR_IS_EXCHANGE (self));

  if (is_forgotten (self))
    {
      let_go (self);
      if (exchange_keep_spare (self))
        return;
    }
  g_object_unref (self);
}

/**
 * weir_exchange_get_request:
 * @self: an exchange
 *
 * Returns: (transfer none): the request's head, which stages may change
 *
 * Since: 1.0
 */
WeirHead *
weir_exchange_get_request (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), NULL);

  return self->request;
}

/**
 * weir_exchange_get_path:
 * @self: an exchange
 *
 * What the client asked for, whatever stages made of it since.
 *
 * Returns: the path, without the query
 *
 * Since: 1.0
 */
const char *
weir_exchange_get_path (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), NULL);

  return self->path;
}

/**
 * weir_exchange_get_request_id:
 * @self: an exchange
 *
 * Returns: (nullable): the exchange's name, once it has one
 *
 * Since: 1.0
 */
const char *
weir_exchange_get_request_id (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), NULL);

  return self->request_id[0] != '\0' ? self->request_id : NULL;
}

/**
 * weir_exchange_set_request_id:
 * @self: an exchange
 * @request_id: at most 64 characters that a header may hold
 *
 * Names the exchange. The name goes out with the response, whoever makes it.
 *
 * Since: 1.0
 */
void
weir_exchange_set_request_id (WeirExchange *self, const char *request_id)
{
  gsize length;

  g_return_if_fail (WEIR_IS_EXCHANGE (self));
  g_return_if_fail (request_id != NULL);

  length = strlen (request_id);
  g_return_if_fail (length <= WEIR_EXCHANGE_REQUEST_ID_MAX);
  if (!weir_exchange_begin_change (self))
    return;
  memcpy (self->request_id, request_id, length + 1);
  weir_exchange_end_change (self);
}

/**
 * weir_exchange_get_state:
 * @self: an exchange
 *
 * Returns: how far it got
 *
 * Since: 1.0
 */
WeirExchangeState
weir_exchange_get_state (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), WEIR_EXCHANGE_STATE_ABORTED);

  return self->state;
}

/**
 * weir_exchange_get_dialect:
 * @self: an exchange
 *
 * Returns: whose words an error is put in
 *
 * Since: 1.0
 */
WeirDialect
weir_exchange_get_dialect (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), WEIR_DIALECT_WEIR);

  return self->dialect;
}

/**
 * weir_exchange_set_dialect:
 * @self: an exchange
 * @dialect: whose words an error is put in
 *
 * Since: 1.0
 */
void
weir_exchange_set_dialect (WeirExchange *self, WeirDialect dialect)
{
  g_return_if_fail (WEIR_IS_EXCHANGE (self));

  if (!weir_exchange_begin_change (self))
    return;
  self->dialect = dialect;
  weir_exchange_end_change (self);
}

/**
 * weir_exchange_get_function:
 * @self: an exchange
 *
 * Returns: (nullable) (transfer none): the function that will answer, once routed
 *
 * Since: 1.0
 */
WeirFunction *
weir_exchange_get_function (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), NULL);

  return self->function;
}

void
weir_exchange_set_function (WeirExchange *self, WeirFunction *function)
{
  g_set_object (&self->function, function);
}

/**
 * weir_exchange_get_upgrade:
 * @self: an exchange
 *
 * Returns: (nullable): the protocol that an Upgrade request asks for, in lower case
 *   (`websocket`); %NULL for all other requests
 *
 * Since: 1.0
 */
const char *
weir_exchange_get_upgrade (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), NULL);

  return self->upgrade;
}

/**
 * weir_exchange_get_started:
 * @self: an exchange
 *
 * Returns: when its head was complete, in monotonic microseconds
 *
 * Since: 1.0
 */
gint64
weir_exchange_get_started (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), 0);

  return self->started;
}

/**
 * weir_exchange_get_status:
 * @self: an exchange
 *
 * Returns: the status of the response, 0 before it is sent
 *
 * Since: 1.0
 */
guint
weir_exchange_get_status (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), 0);

  return self->status;
}

/**
 * weir_exchange_get_bytes_received:
 * @self: an exchange
 *
 * Returns: how many bytes of body the client sent
 *
 * Since: 1.0
 */
guint64
weir_exchange_get_bytes_received (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), 0);

  return self->body.received + self->relayed_received;
}

/**
 * weir_exchange_get_bytes_sent:
 * @self: an exchange
 *
 * Returns: how many bytes of body the client was sent
 *
 * Since: 1.0
 */
guint64
weir_exchange_get_bytes_sent (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), 0);

  return self->bytes_sent;
}
