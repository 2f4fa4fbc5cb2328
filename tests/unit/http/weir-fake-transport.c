/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-fake-transport.h"

#include <string.h>

#define WATCHDOG_S 8

static void
note (FakeTransport *self, const char *word)
{
  if (self->trace->len > 0)
    g_string_append_c (self->trace, ' ');
  g_string_append (self->trace, word);
}

static void
copy_head (FakeTransport *self, WeirHead *head)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  for (guint i = 0; i < n_fields; i++)
    g_string_append_printf (lines,
                            "%.*s: %.*s\n",
                            (int) fields[i].name_length,
                            fields[i].name,
                            (int) fields[i].value_length,
                            fields[i].value);
  g_free (self->headers);
  self->headers = g_strdup (lines->str);
  self->status = weir_head_get_status (head);
}

static void
on_send_head (WeirExchange *exchange, gpointer transport, WeirHead *head, gint64 length)
{
  FakeTransport *self = transport;

  note (self, "head");
  copy_head (self, head);
  self->length = length;
}

static gsize
on_send_body (WeirExchange *exchange, gpointer transport, const guint8 *data, gsize length)
{
  FakeTransport *self = transport;

  note (self, "body");
  g_string_append_len (self->body, (const char *) data, length);
  if (self->gone_on_body)
    weir_exchange_disconnect (exchange, NULL);
  return self->queued;
}

static void
on_end (WeirExchange *exchange, gpointer transport)
{
  FakeTransport *self = transport;

  note (self, "end");
  if (!self->hold_sent)
    weir_exchange_sent (exchange);
}

static void
on_abort (WeirExchange *exchange, gpointer transport)
{
  note (transport, "abort");
}

static void
on_grant (WeirExchange *exchange, gpointer transport, gsize bytes)
{
  FakeTransport *self = transport;
  const char *text = g_steal_pointer (&self->push_on_grant);

  self->granted += bytes;
  if (text != NULL)
    weir_exchange_push_body (exchange, (const guint8 *) text, strlen (text));
}

static int
on_upgrade (WeirExchange *exchange, gpointer transport, WeirHead *head, GBytes **early)
{
  FakeTransport *self = transport;

  note (self, "upgrade");
  copy_head (self, head);
  *early = g_steal_pointer (&self->early);
  return self->upgrade_fd;
}

static const WeirTransport vtable = {
  .struct_size = sizeof (WeirTransport),
  .send_head = on_send_head,
  .send_body = on_send_body,
  .end = on_end,
  .abort = on_abort,
  .grant = on_grant,
  .upgrade = on_upgrade,
};

FakeTransport *
fake_transport_new (void)
{
  FakeTransport *self = g_new0 (FakeTransport, 1);
  g_autoptr (GError) error = NULL;

  self->context = g_main_context_new ();
  self->engine = weir_engine_new (self->context, &error);
  g_assert_no_error (error);
  self->trace = g_string_new (NULL);
  self->body = g_string_new (NULL);
  self->upgrade_fd = -1;
  return self;
}

void
fake_transport_free (FakeTransport *self)
{
  if (self->exchange != NULL)
    {
      while (g_main_context_iteration (self->context, FALSE))
        ;
      g_assert_finalize_object (self->exchange);
    }
  g_assert_finalize_object (self->engine);
  g_main_context_unref (self->context);
  g_string_free (self->trace, TRUE);
  g_string_free (self->body, TRUE);
  g_clear_pointer (&self->early, g_bytes_unref);
  g_free (self->headers);
  g_free (self);
}

WeirExchange *
fake_transport_request (FakeTransport *self,
                        const char *method,
                        const char *target,
                        const char *headers,
                        gint64 length,
                        const char *upgrade)
{
  g_auto (GStrv) lines = g_strsplit (headers != NULL ? headers : "", "\n", -1);
  g_autoptr (GInetAddress) peer =
      g_inet_address_new_from_string (self->peer != NULL ? self->peer : "127.0.0.9");
  WeirHead *head = weir_head_new ();

  weir_head_set_request (head, method, "http", "example.org:9000", target);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (lines[i], ": ", 2);

      if (parts[0] != NULL)
        weir_head_add (head, parts[0], parts[1]);
    }

  g_assert_null (self->exchange);
  self->exchange =
      weir_exchange_new (self->engine, &vtable, self, head, length, upgrade, peer, 4711);
  return self->exchange;
}

void
fake_transport_turn (FakeTransport *self)
{
  while (g_main_context_iteration (self->context, FALSE))
    ;
}

static gboolean
on_watchdog (gpointer user_data)
{
  g_error ("The exchange did not end");
  return G_SOURCE_REMOVE;
}

void
fake_transport_finish (FakeTransport *self)
{
  g_autoptr (GSource) watchdog = g_timeout_source_new_seconds (WATCHDOG_S);

  g_source_set_callback (watchdog, on_watchdog, NULL, NULL);
  g_source_attach (watchdog, self->context);
  while (weir_exchange_get_state (self->exchange) < WEIR_EXCHANGE_STATE_DONE)
    g_main_context_iteration (self->context, TRUE);
  g_source_destroy (watchdog);
}

void
fake_transport_ask (FakeTransport *self,
                    WeirPipeline *pipeline,
                    GMainContext *control,
                    const char *method,
                    const char *target,
                    const char *headers,
                    const char *upgrade)
{
  if (self->exchange != NULL)
    {
      g_clear_object (&self->exchange);
      g_string_truncate (self->body, 0);
      g_string_truncate (self->trace, 0);
    }
  fake_transport_request (self, method, target, headers, 0, upgrade);
  weir_pipeline_begin (pipeline, self->exchange);
  while (weir_exchange_get_state (self->exchange) < WEIR_EXCHANGE_STATE_DONE)
    {
      g_main_context_iteration (control, FALSE);
      fake_transport_turn (self);
    }
}
