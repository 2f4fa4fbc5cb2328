/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-native"

#include "weir-native-adapter.h"

#include "weir-native-connection.h"

/* HTTP/1.1 on the engine, without another library. Its properties are its options; they are
 * read when it is started. */
struct _WeirNativeAdapter
{
  GObject parent_instance;

  WeirNativeLimits limits;
  GStrv proxies;
  WeirNativeCensus *census;
  WeirNativeContext *context;
  GPtrArray *listeners;
};

typedef enum
{
  PROP_HEAD_TIMEOUT_MS = 1,
  PROP_BODY_TIMEOUT_MS,
  PROP_IDLE_TIMEOUT_MS,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_CONNECTIONS_PER_ADDRESS,
  PROP_MAX_BODY_SIZE,
  PROP_MAX_HEAD_SIZE,
  PROP_MAX_FIELDS,
  PROP_PROXY_PROTOCOL,
} WeirNativeAdapterProperty;

#define DAY_MS (24 * 60 * 60 * 1000)

static GParamSpec *properties[PROP_PROXY_PROTOCOL + 1];

static void weir_native_adapter_adapter_init (WeirAdapterInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirNativeAdapter,
                               weir_native_adapter,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_ADAPTER,
                                                      weir_native_adapter_adapter_init))

static void
weir_native_adapter_stop (WeirAdapter *adapter)
{
  WeirNativeAdapter *self = WEIR_NATIVE_ADAPTER (adapter);
  g_autoptr (GError) error = NULL;
  GList *link;

  if (self->context == NULL)
    return;

  error = g_error_new_literal (WEIR_ERROR, WEIR_ERROR_CANCELLED, "The server stopped");
  while ((link = self->context->connections.head) != NULL)
    weir_native_connection_close (link->data, error);
  g_ptr_array_set_size (self->listeners, 0);
  g_clear_pointer (&self->context, weir_native_context_free);
}

/* Not a proxy itself is counted, but those that it speaks for. */
static gboolean
enter (WeirNativeContext *context, GInetAddress *peer)
{
  if (!weir_native_context_admit (context))
    return FALSE;
  if (weir_native_proxies_match (context->proxies, peer) ||
      weir_native_context_enter (context, peer))
    return TRUE;
  weir_native_context_dismiss (context);
  return FALSE;
}

static gboolean
on_accepted (int fd, GInetAddress *peer, guint16 peer_port, char *authority, gpointer user_data)
{
  WeirNativeContext *context = user_data;

  if (!enter (context, peer))
    {
      g_clear_object (&peer);
      return FALSE;
    }
  weir_native_connection_open (context, fd, peer, peer_port, authority);
  return TRUE;
}

static gboolean
weir_native_adapter_start (WeirAdapter *adapter,
                           WeirEngine *engine,
                           WeirPipeline *pipeline,
                           GSocket **sockets,
                           gsize n_sockets,
                           GError **error)
{
  WeirNativeAdapter *self = WEIR_NATIVE_ADAPTER (adapter);

  if (self->context != NULL)
    {
      g_set_error_literal (error,
                           WEIR_ERROR,
                           WEIR_ERROR_INVALID_STATE,
                           "The adapter is started already");
      return FALSE;
    }

  self->context = weir_native_context_new (engine,
                                           pipeline,
                                           &self->limits,
                                           (const char *const *) self->proxies,
                                           self->census);
  for (gsize i = 0; i < n_sockets; i++)
    {
      WeirListener *listener =
          weir_listener_new (engine, sockets[i], on_accepted, self->context, error);

      if (listener == NULL)
        {
          weir_native_adapter_stop (adapter);
          return FALSE;
        }
      g_ptr_array_add (self->listeners, listener);
    }
  return TRUE;
}

static void
weir_native_adapter_drain (WeirAdapter *adapter)
{
  WeirNativeAdapter *self = WEIR_NATIVE_ADAPTER (adapter);
  GList *next;

  if (self->context == NULL)
    return;

  for (guint i = 0; i < self->listeners->len; i++)
    weir_listener_drain (self->listeners->pdata[i], self->limits.max_connections);
  g_ptr_array_set_size (self->listeners, 0);
  for (GList *link = self->context->connections.head; link != NULL; link = next)
    {
      next = link->next;
      weir_native_connection_drain (link->data);
    }
}

static void
weir_native_adapter_join (WeirAdapter *adapter, WeirAdapter *first)
{
  WeirNativeAdapter *self = WEIR_NATIVE_ADAPTER (adapter);
  WeirNativeCensus *census = weir_native_census_ref (WEIR_NATIVE_ADAPTER (first)->census);

  weir_native_census_unref (self->census);
  self->census = census;
}

static void
weir_native_adapter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirNativeLimits *limits = &WEIR_NATIVE_ADAPTER (object)->limits;

  switch ((WeirNativeAdapterProperty) id)
    {
    case PROP_HEAD_TIMEOUT_MS:
      g_value_set_uint (value, limits->head_timeout_ms);
      break;
    case PROP_BODY_TIMEOUT_MS:
      g_value_set_uint (value, limits->body_timeout_ms);
      break;
    case PROP_IDLE_TIMEOUT_MS:
      g_value_set_uint (value, limits->idle_timeout_ms);
      break;
    case PROP_MAX_CONNECTIONS:
      g_value_set_uint (value, limits->max_connections);
      break;
    case PROP_MAX_CONNECTIONS_PER_ADDRESS:
      g_value_set_uint (value, limits->max_connections_per_address);
      break;
    case PROP_MAX_BODY_SIZE:
      g_value_set_uint64 (value, limits->max_body_size);
      break;
    case PROP_MAX_HEAD_SIZE:
      g_value_set_uint (value, limits->max_head_size);
      break;
    case PROP_MAX_FIELDS:
      g_value_set_uint (value, limits->max_fields);
      break;
    case PROP_PROXY_PROTOCOL:
      g_value_set_boxed (value, WEIR_NATIVE_ADAPTER (object)->proxies);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
set_uint (WeirNativeAdapter *self, guint *limit, const GValue *value, GParamSpec *pspec)
{
  if (*limit == g_value_get_uint (value))
    return;
  *limit = g_value_get_uint (value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
set_uint64 (WeirNativeAdapter *self, guint64 *limit, const GValue *value, GParamSpec *pspec)
{
  if (*limit == g_value_get_uint64 (value))
    return;
  *limit = g_value_get_uint64 (value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
weir_native_adapter_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WeirNativeAdapter *self = WEIR_NATIVE_ADAPTER (object);

  switch ((WeirNativeAdapterProperty) id)
    {
    case PROP_HEAD_TIMEOUT_MS:
      set_uint (self, &self->limits.head_timeout_ms, value, pspec);
      break;
    case PROP_BODY_TIMEOUT_MS:
      set_uint (self, &self->limits.body_timeout_ms, value, pspec);
      break;
    case PROP_IDLE_TIMEOUT_MS:
      set_uint (self, &self->limits.idle_timeout_ms, value, pspec);
      break;
    case PROP_MAX_CONNECTIONS:
      set_uint (self, &self->limits.max_connections, value, pspec);
      break;
    case PROP_MAX_CONNECTIONS_PER_ADDRESS:
      set_uint (self, &self->limits.max_connections_per_address, value, pspec);
      break;
    case PROP_MAX_BODY_SIZE:
      set_uint64 (self, &self->limits.max_body_size, value, pspec);
      break;
    case PROP_MAX_HEAD_SIZE:
      set_uint (self, &self->limits.max_head_size, value, pspec);
      break;
    case PROP_MAX_FIELDS:
      set_uint (self, &self->limits.max_fields, value, pspec);
      break;
    case PROP_PROXY_PROTOCOL:
      g_strfreev (self->proxies);
      self->proxies = g_value_dup_boxed (value);
      g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_native_adapter_dispose (GObject *object)
{
  weir_native_adapter_stop (WEIR_ADAPTER (object));

  G_OBJECT_CLASS (weir_native_adapter_parent_class)->dispose (object);
}

static void
weir_native_adapter_finalize (GObject *object)
{
  WeirNativeAdapter *self = WEIR_NATIVE_ADAPTER (object);

  g_ptr_array_unref (self->listeners);
  g_strfreev (self->proxies);
  weir_native_census_unref (self->census);

  G_OBJECT_CLASS (weir_native_adapter_parent_class)->finalize (object);
}

static GParamSpec *
uint_option (const char *name, guint least, guint most, guint initial)
{
  return g_param_spec_uint (name,
                            NULL,
                            NULL,
                            least,
                            most,
                            initial,
                            G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS |
                                G_PARAM_EXPLICIT_NOTIFY);
}

static void
weir_native_adapter_class_init (WeirNativeAdapterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = weir_native_adapter_get_property;
  object_class->set_property = weir_native_adapter_set_property;
  object_class->dispose = weir_native_adapter_dispose;
  object_class->finalize = weir_native_adapter_finalize;

  /**
   * WeirNativeAdapter:head-timeout-ms:
   *
   * How long a client may take to send the head of a request, from its first byte on, or
   * from the connection on for the first.
   */
  properties[PROP_HEAD_TIMEOUT_MS] = uint_option ("head-timeout-ms", 1, DAY_MS, 10000);
  /**
   * WeirNativeAdapter:body-timeout-ms:
   *
   * How long a client may be silent in the middle of a body that is waited for.
   */
  properties[PROP_BODY_TIMEOUT_MS] = uint_option ("body-timeout-ms", 1, DAY_MS, 30000);
  /**
   * WeirNativeAdapter:idle-timeout-ms:
   *
   * How long a connection may idle between two requests; and how long a client may refuse to
   * read its response.
   */
  properties[PROP_IDLE_TIMEOUT_MS] = uint_option ("idle-timeout-ms", 1, DAY_MS, 75000);
  /**
   * WeirNativeAdapter:max-connections:
   *
   * Connections at a time; those above are answered with 503.
   */
  properties[PROP_MAX_CONNECTIONS] = uint_option ("max-connections", 1, 1000000, 1024);
  /**
   * WeirNativeAdapter:max-connections-per-address:
   *
   * Connections at a time from one address, 0 for any number; those above are answered with
   * 503. Clients on Unix sockets have no address.
   */
  properties[PROP_MAX_CONNECTIONS_PER_ADDRESS] =
      uint_option ("max-connections-per-address", 0, 1000000, 0);
  /**
   * WeirNativeAdapter:max-body-size:
   *
   * Bytes in the body of one request, 0 for any number; more is answered with 413.
   */
  properties[PROP_MAX_BODY_SIZE] = g_param_spec_uint64 (
      "max-body-size",
      NULL,
      NULL,
      0,
      G_MAXINT64,
      0,
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * WeirNativeAdapter:max-head-size:
   *
   * Bytes in the head of a request; more is answered with 431, or with 414 when the target
   * alone is longer.
   */
  properties[PROP_MAX_HEAD_SIZE] = uint_option ("max-head-size", 1024, 1024 * 1024, 65536);
  /**
   * WeirNativeAdapter:max-fields:
   *
   * Fields in the head of a request; more are answered with 431.
   */
  properties[PROP_MAX_FIELDS] = uint_option ("max-fields", 1, 10000, 128);
  /**
   * WeirNativeAdapter:proxy-protocol:
   *
   * Addresses and networks of proxies that begin each connection with a header of the PROXY
   * protocol, and "unix" for those on Unix sockets. Whoever is named there counts as the peer.
   */
  properties[PROP_PROXY_PROTOCOL] =
      g_param_spec_boxed ("proxy-protocol",
                          NULL,
                          NULL,
                          G_TYPE_STRV,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
weir_native_adapter_init (WeirNativeAdapter *self)
{
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_listener_free);
  self->census = weir_native_census_new ();
}

static void
weir_native_adapter_adapter_init (WeirAdapterInterface *iface)
{
  iface->start = weir_native_adapter_start;
  iface->drain = weir_native_adapter_drain;
  iface->stop = weir_native_adapter_stop;
  iface->join = weir_native_adapter_join;
}
