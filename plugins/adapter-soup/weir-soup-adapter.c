/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-soup"

#include "weir-soup-adapter.h"

#include "weir-soup-connection.h"

/* HTTP/1.1 with libsoup's server. Its properties are its options; they are read when it is
 * started. Sockets, limits, time and the reading of heads are its own, for SoupServer has
 * none of them that would stand in front of strangers. */
struct _WeirSoupAdapter
{
  GObject parent_instance;

  WeirSoupLimits limits;
  WeirSoupContext *context;
  GPtrArray *listeners;
};

typedef enum
{
  PROP_HEAD_TIMEOUT_MS = 1,
  PROP_BODY_TIMEOUT_MS,
  PROP_IDLE_TIMEOUT_MS,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_BODY_SIZE,
  PROP_MAX_HEAD_SIZE,
  PROP_MAX_FIELDS,
} WeirSoupAdapterProperty;

#define DAY_MS (24 * 60 * 60 * 1000)

static GParamSpec *properties[PROP_MAX_FIELDS + 1];

static void weir_soup_adapter_adapter_init (WeirAdapterInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirSoupAdapter,
                               weir_soup_adapter,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_ADAPTER,
                                                      weir_soup_adapter_adapter_init))

static void
weir_soup_adapter_stop (WeirAdapter *adapter)
{
  WeirSoupAdapter *self = WEIR_SOUP_ADAPTER (adapter);
  g_autoptr (GError) error = NULL;
  GList *link;

  if (self->context == NULL)
    return;

  g_ptr_array_set_size (self->listeners, 0);
  error = g_error_new_literal (WEIR_ERROR, WEIR_ERROR_CANCELLED, "The server stopped");
  while ((link = self->context->connections.head) != NULL)
    weir_soup_connection_close (link->data, error);
  g_clear_pointer (&self->context, weir_soup_context_free);
}

static gboolean
on_accepted (int fd, GInetAddress *peer, guint16 peer_port, char *authority, gpointer user_data)
{
  WeirSoupContext *context = user_data;

  if (context->connections.length >= context->limits.max_connections)
    {
      g_clear_object (&peer);
      return FALSE;
    }
  weir_soup_connection_open (context, fd, peer, peer_port, authority);
  return TRUE;
}

static gboolean
weir_soup_adapter_start (WeirAdapter *adapter,
                         WeirEngine *engine,
                         WeirPipeline *pipeline,
                         GSocket **sockets,
                         gsize n_sockets,
                         GError **error)
{
  WeirSoupAdapter *self = WEIR_SOUP_ADAPTER (adapter);

  if (self->context != NULL)
    {
      g_set_error_literal (error,
                           WEIR_ERROR,
                           WEIR_ERROR_INVALID_STATE,
                           "The adapter is started already");
      return FALSE;
    }

  self->context = weir_soup_context_new (engine, pipeline, &self->limits, error);
  if (self->context == NULL)
    return FALSE;
  for (gsize i = 0; i < n_sockets; i++)
    {
      WeirListener *listener =
          weir_listener_new (engine, sockets[i], on_accepted, self->context, error);

      if (listener == NULL)
        {
          weir_soup_adapter_stop (adapter);
          return FALSE;
        }
      g_ptr_array_add (self->listeners, listener);
    }
  return TRUE;
}

static void
weir_soup_adapter_drain (WeirAdapter *adapter)
{
  WeirSoupAdapter *self = WEIR_SOUP_ADAPTER (adapter);
  GList *next;

  if (self->context == NULL)
    return;

  for (guint i = 0; i < self->listeners->len; i++)
    weir_listener_drain (self->listeners->pdata[i], self->limits.max_connections);
  g_ptr_array_set_size (self->listeners, 0);
  for (GList *link = self->context->connections.head; link != NULL; link = next)
    {
      next = link->next;
      weir_soup_connection_drain (link->data);
    }
}

static void
weir_soup_adapter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirSoupLimits *limits = &WEIR_SOUP_ADAPTER (object)->limits;

  switch ((WeirSoupAdapterProperty) id)
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
    case PROP_MAX_BODY_SIZE:
      g_value_set_uint64 (value, limits->max_body_size);
      break;
    case PROP_MAX_HEAD_SIZE:
      g_value_set_uint (value, limits->max_head_size);
      break;
    case PROP_MAX_FIELDS:
      g_value_set_uint (value, limits->max_fields);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
set_uint (WeirSoupAdapter *self, guint *limit, const GValue *value, GParamSpec *pspec)
{
  if (*limit == g_value_get_uint (value))
    return;
  *limit = g_value_get_uint (value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
set_uint64 (WeirSoupAdapter *self, guint64 *limit, const GValue *value, GParamSpec *pspec)
{
  if (*limit == g_value_get_uint64 (value))
    return;
  *limit = g_value_get_uint64 (value);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
weir_soup_adapter_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WeirSoupAdapter *self = WEIR_SOUP_ADAPTER (object);

  switch ((WeirSoupAdapterProperty) id)
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
    case PROP_MAX_BODY_SIZE:
      set_uint64 (self, &self->limits.max_body_size, value, pspec);
      break;
    case PROP_MAX_HEAD_SIZE:
      set_uint (self, &self->limits.max_head_size, value, pspec);
      break;
    case PROP_MAX_FIELDS:
      set_uint (self, &self->limits.max_fields, value, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_soup_adapter_dispose (GObject *object)
{
  weir_soup_adapter_stop (WEIR_ADAPTER (object));

  G_OBJECT_CLASS (weir_soup_adapter_parent_class)->dispose (object);
}

static void
weir_soup_adapter_finalize (GObject *object)
{
  g_ptr_array_unref (WEIR_SOUP_ADAPTER (object)->listeners);

  G_OBJECT_CLASS (weir_soup_adapter_parent_class)->finalize (object);
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
weir_soup_adapter_class_init (WeirSoupAdapterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = weir_soup_adapter_get_property;
  object_class->set_property = weir_soup_adapter_set_property;
  object_class->dispose = weir_soup_adapter_dispose;
  object_class->finalize = weir_soup_adapter_finalize;

  /**
   * WeirSoupAdapter:head-timeout-ms:
   *
   * How long a client may take to send the head of a request, from its first byte on, or
   * from the connection on for the first.
   */
  properties[PROP_HEAD_TIMEOUT_MS] = uint_option ("head-timeout-ms", 1, DAY_MS, 10000);
  /**
   * WeirSoupAdapter:body-timeout-ms:
   *
   * How long a client may be silent in the middle of a body that is waited for.
   */
  properties[PROP_BODY_TIMEOUT_MS] = uint_option ("body-timeout-ms", 1, DAY_MS, 30000);
  /**
   * WeirSoupAdapter:idle-timeout-ms:
   *
   * How long a connection may idle between two requests; and how long a client may refuse to
   * read its response.
   */
  properties[PROP_IDLE_TIMEOUT_MS] = uint_option ("idle-timeout-ms", 1, DAY_MS, 75000);
  /**
   * WeirSoupAdapter:max-connections:
   *
   * Connections at a time; those above are answered with 503.
   */
  properties[PROP_MAX_CONNECTIONS] = uint_option ("max-connections", 1, 1000000, 1024);
  /**
   * WeirSoupAdapter:max-body-size:
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
   * WeirSoupAdapter:max-head-size:
   *
   * Bytes in the head of a request; more is answered with 431, or with 414 when the target
   * alone is longer.
   */
  properties[PROP_MAX_HEAD_SIZE] = uint_option ("max-head-size", 1024, 1024 * 1024, 65536);
  /**
   * WeirSoupAdapter:max-fields:
   *
   * Fields in the head of a request; more are answered with 431.
   */
  properties[PROP_MAX_FIELDS] = uint_option ("max-fields", 1, 10000, 128);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
weir_soup_adapter_init (WeirSoupAdapter *self)
{
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_listener_free);
}

static void
weir_soup_adapter_adapter_init (WeirAdapterInterface *iface)
{
  iface->start = weir_soup_adapter_start;
  iface->drain = weir_soup_adapter_drain;
  iface->stop = weir_soup_adapter_stop;
}
