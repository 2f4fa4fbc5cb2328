/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-status-stage-private.h"

#include <string.h>

#include "base/weir-error.h"
#include "http/weir-concurrent.h"
#include "http/weir-exchange-private.h"

#define PATH "/_weir/status"
#define METHODS "GET, HEAD"

struct _WeirStatusStage
{
  GObject parent_instance;

  char **hosts; /* of the addresses that the server listens on */
  GWeakRef source;
  WeirStatusFunc format;
};

static void weir_status_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirStatusStage,
                               weir_status_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, weir_status_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

static char *
dup_host (const char *authority)
{
  g_autofree char *text = g_strconcat ("http://", authority, NULL);
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);

  return uri != NULL ? g_ascii_strdown (g_uri_get_host (uri), -1) : NULL;
}

static gboolean
is_host_of_ours (WeirStatusStage *self, const char *authority)
{
  g_autofree char *host = authority != NULL ? dup_host (authority) : NULL;
  g_autoptr (GInetAddress) address = NULL;

  if (host == NULL)
    return FALSE;
  if (g_str_equal (host, "localhost") || g_strv_contains ((const char *const *) self->hosts, host))
    return TRUE;
  address = g_inet_address_new_from_string (host);
  return address != NULL && g_inet_address_get_is_loopback (address);
}

static gboolean
is_from_here (WeirStatusStage *self, WeirExchange *exchange)
{
  WeirHead *head = weir_exchange_get_request (exchange);
  GInetAddress *peer = weir_exchange_get_peer (exchange);

  return peer != NULL && g_inet_address_get_is_loopback (peer) &&
         is_host_of_ours (self, weir_head_get_authority (head)) &&
         !weir_exchange_is_forwarded (exchange);
}

static WeirStageResult
respond_error (WeirExchange *exchange, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR, code, message);

  weir_exchange_set_response_error (exchange, error);
  return WEIR_STAGE_RESPOND;
}

static WeirStageResult
weir_status_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirStatusStage *self = WEIR_STATUS_STAGE (stage);
  const char *path = weir_exchange_get_path (exchange);
  const char *method;

  if (path == NULL || path[1] != '_' || strcmp (path, PATH) != 0)
    return WEIR_STAGE_CONTINUE;
  method = weir_head_get_method (weir_exchange_get_request (exchange));
  if (strcmp (method, "GET") != 0 && strcmp (method, "HEAD") != 0)
    {
      weir_exchange_set_response_header (exchange, "allow", METHODS);
      return respond_error (exchange, WEIR_ERROR_METHOD_NOT_ALLOWED, "The status can only be read");
    }
  if (!is_from_here (self, exchange))
    return respond_error (exchange,
                          WEIR_ERROR_FORBIDDEN,
                          "The status is told to this machine only, under its own address");
  return WEIR_STAGE_PENDING;
}

static void
weir_status_stage_handle (WeirStage *stage, WeirExchange *exchange, GTask *task)
{
  WeirStatusStage *self = WEIR_STATUS_STAGE (stage);
  g_autoptr (GObject) source = g_weak_ref_get (&self->source);
  g_autofree char *text = source != NULL ? self->format (source) : NULL;

  if (text == NULL)
    {
      g_task_return_new_error (task,
                               WEIR_ERROR,
                               WEIR_ERROR_OVERLOADED,
                               "The server is about to end");
      return;
    }
  weir_exchange_set_response_text (exchange, 200, "application/json", text);
  weir_exchange_set_response_header (exchange, "cache-control", "no-store");
  g_task_return_boolean (task, TRUE);
}

/* With the routes of the server itself, and before whoever asks for keys: who is on this
 * machine as this user may read all of it anyway. */
static WeirPhase
weir_status_stage_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_ROUTE;
}

static void
weir_status_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_status_stage_process;
  iface->handle = weir_status_stage_handle;
  iface->get_phase = weir_status_stage_get_phase;
}

static void
weir_status_stage_finalize (GObject *object)
{
  WeirStatusStage *self = WEIR_STATUS_STAGE (object);

  g_strfreev (self->hosts);
  g_weak_ref_clear (&self->source);

  G_OBJECT_CLASS (weir_status_stage_parent_class)->finalize (object);
}

static void
weir_status_stage_class_init (WeirStatusStageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_status_stage_finalize;
}

static void
weir_status_stage_init (WeirStatusStage *self)
{
  g_weak_ref_init (&self->source, NULL);
}

WeirStatusStage *
weir_status_stage_new (const char *const *uris, GObject *source, WeirStatusFunc format)
{
  WeirStatusStage *self = g_object_new (WEIR_TYPE_STATUS_STAGE, NULL);
  g_autoptr (GStrvBuilder) hosts = g_strv_builder_new ();

  for (guint i = 0; uris[i] != NULL; i++)
    {
      g_autoptr (GUri) uri = g_uri_parse (uris[i], G_URI_FLAGS_NONE, NULL);

      if (uri != NULL && g_uri_get_host (uri) != NULL)
        g_strv_builder_add (hosts, g_uri_get_host (uri));
    }
  self->hosts = g_strv_builder_end (hosts);
  g_weak_ref_set (&self->source, source);
  self->format = format;
  return self;
}
