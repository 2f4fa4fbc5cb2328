/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-client-stage-private.h"
#include "http/weir-concurrent.h"

#include <string.h>

#include "http/weir-address-private.h"
#include "http/weir-exchange-private.h"
#include "http/weir-forwarded-private.h"

#define PREFIX "x-forwarded-"

struct _WeirClientStage
{
  GObject parent_instance;

  WeirTrustedProxies *proxies;
  WeirProxyHeaders headers;
};

static void weir_client_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirClientStage,
                               weir_client_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, weir_client_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

static gboolean
is_forwarding (const WeirField *field)
{
  return field->id == WEIR_FIELD_FORWARDED || field->id == WEIR_FIELD_X_FORWARDED_FOR ||
         (field->id == WEIR_FIELD_OTHER && field->name_length >= sizeof PREFIX - 1 &&
          g_ascii_strncasecmp (field->name, PREFIX, sizeof PREFIX - 1) == 0);
}

static gboolean
has_forwarding (WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  for (guint i = 0; i < n_fields; i++)
    if (is_forwarding (&fields[i]))
      return TRUE;
  return FALSE;
}

/* Whatever begins like that is believed by somebody. */
static void
strip_forwarding (WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  for (guint i = n_fields; i > 0; i--)
    if (is_forwarding (&fields[i - 1]))
      {
        g_autofree char *name = g_strndup (fields[i - 1].name, fields[i - 1].name_length);

        weir_head_remove (head, name);
        fields = weir_head_get_fields (head, &n_fields);
        i = n_fields + 1;
      }
}

/* value is the head's own, or the exchange's, and stays as long. */
static void
add_if_known (WeirHead *head, WeirFieldId id, const char *name, const char *value)
{
  if (value != NULL)
    weir_head_add_borrowed (head, id, name, strlen (name), value, strlen (value));
}

static void
add_origin (WeirHead *head)
{
  add_if_known (head, WEIR_FIELD_OTHER, "x-forwarded-proto", weir_head_get_scheme (head));
  add_if_known (head, WEIR_FIELD_OTHER, "x-forwarded-host", weir_head_get_authority (head));
}

/* How it came to this server is all there is to tell. */
static void
tell_peer (WeirExchange *exchange, WeirHead *head)
{
  add_if_known (head,
                WEIR_FIELD_X_FORWARDED_FOR,
                "x-forwarded-for",
                weir_exchange_get_client_text (exchange));
  add_origin (head);
}

static void
apply (WeirExchange *exchange, WeirHead *head, const WeirForwarded *told)
{
  g_autofree char *method = NULL;
  g_autofree char *scheme = NULL;
  g_autofree char *authority = NULL;
  g_autofree char *target = NULL;

  if (told->client != NULL)
    weir_exchange_set_client (exchange, told->client, told->port);
  if (told->scheme == NULL && told->authority == NULL)
    return;

  method = g_strdup (weir_head_get_method (head));
  scheme = g_strdup (told->scheme != NULL ? told->scheme : weir_head_get_scheme (head));
  authority = g_strdup (told->authority != NULL ? told->authority : weir_head_get_authority (head));
  target = g_strdup (weir_head_get_target (head));
  weir_head_set_request (head, method, scheme, authority, target);
}

/* The list that came, and the proxy that it came from. */
static void
add_to_chain (WeirHead *head, const char *chain, GInetAddress *client, GInetAddress *peer)
{
  g_autoptr (GString) list = g_string_new (chain);
  char address[WEIR_ADDRESS_SIZE];

  if (chain == NULL && client != NULL)
    {
      weir_address_format (client, address);
      g_string_append (list, address);
    }
  if (peer != NULL)
    {
      weir_address_format (peer, address);
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", address);
    }
  if (list->len > 0)
    weir_head_add (head, "x-forwarded-for", list->str);
}

static void
add_forwarded (WeirHead *head, const char *chain, GInetAddress *peer)
{
  g_autoptr (GString) list = g_string_new (chain);
  char address[WEIR_ADDRESS_SIZE];

  if (chain == NULL)
    return;
  if (peer != NULL)
    {
      weir_address_format (peer, address);
      g_string_append_printf (list,
                              strchr (address, ':') != NULL ? ", for=\"[%s]\"" : ", for=%s",
                              address);
    }
  weir_head_add (head, "forwarded", list->str);
}

static void
tell_chain (WeirClientStage *self, WeirExchange *exchange, WeirHead *head)
{
  GInetAddress *peer = weir_exchange_get_peer (exchange);
  g_auto (WeirForwarded) told = { NULL };
  g_autofree char *forwarded = NULL;
  g_autofree char *chain = NULL;

  switch (self->headers)
    {
    case WEIR_PROXY_HEADERS_X_FORWARDED:
      {
        g_autofree char *proto = weir_head_dup (head, "x-forwarded-proto");
        g_autofree char *host = weir_head_dup (head, "x-forwarded-host");

        chain = weir_head_dup (head, "x-forwarded-for");
        weir_forwarded_read_x (&told, self->proxies, chain, proto, host);
        /* A proxy that knows nothing of the other field passes on what a client put there. */
        weir_head_remove_id (head, WEIR_FIELD_FORWARDED);
        weir_head_remove_id (head, WEIR_FIELD_X_FORWARDED_FOR);
        weir_head_remove (head, "x-forwarded-proto");
        weir_head_remove (head, "x-forwarded-host");
        break;
      }
    case WEIR_PROXY_HEADERS_FORWARDED:
      forwarded = weir_head_dup (head, "forwarded");
      weir_forwarded_read (&told, self->proxies, forwarded);
      strip_forwarding (head);
      add_forwarded (head, forwarded, peer);
      break;
    }

  apply (exchange, head, &told);
  add_to_chain (head, chain, told.client, peer);
  add_origin (head);
}

static WeirStageResult
weir_client_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirClientStage *self = WEIR_CLIENT_STAGE (stage);
  WeirHead *head = weir_exchange_get_request (exchange);
  gboolean is_forwarded = has_forwarding (head);

  if (is_forwarded)
    weir_exchange_set_forwarded (exchange);
  if (weir_trusted_proxies_match (self->proxies, weir_exchange_get_peer (exchange)))
    tell_chain (self, exchange, head);
  else
    {
      if (is_forwarded)
        strip_forwarding (head);
      tell_peer (exchange, head);
    }
  return WEIR_STAGE_CONTINUE;
}

static WeirPhase
weir_client_stage_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_REQUEST_ID;
}

static void
weir_client_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_client_stage_process;
  iface->get_phase = weir_client_stage_get_phase;
}

static void
weir_client_stage_finalize (GObject *object)
{
  WeirClientStage *self = WEIR_CLIENT_STAGE (object);

  weir_trusted_proxies_free (self->proxies);

  G_OBJECT_CLASS (weir_client_stage_parent_class)->finalize (object);
}

static void
weir_client_stage_class_init (WeirClientStageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_client_stage_finalize;
}

static void
weir_client_stage_init (WeirClientStage *self)
{
}

WeirClientStage *
weir_client_stage_new (const char *const *trusted, WeirProxyHeaders headers)
{
  WeirClientStage *self = g_object_new (WEIR_TYPE_CLIENT_STAGE, NULL);

  self->proxies = weir_trusted_proxies_new (trusted);
  self->headers = headers;
  return self;
}
