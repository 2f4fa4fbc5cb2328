/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-fake-upstream.h"

#include <string.h>
#include "base/weir-error.h"

struct _WeirUpstream
{
  guint refs;
  WeirGate *gate;
  GPtrArray *calls;
  gboolean closed;
  gboolean takes_secrets;
  gboolean early;
};

static void
call_free (gpointer data)
{
  WeirUpstreamCall *self = data;

  g_assert_cmpint (self->state, !=, FAKE_CALL_OPEN);
  g_string_free (self->written, TRUE);
  g_free (self->request);
  g_free (self->extra);
  g_free (self->protocols);
  g_free (self);
}

WeirUpstream *
fake_upstream_new (WeirGate *gate)
{
  WeirUpstream *self = g_new0 (WeirUpstream, 1);

  self->refs = 1;
  self->gate = weir_gate_ref (gate);
  self->calls = g_ptr_array_new_with_free_func (call_free);
  return self;
}

guint
fake_upstream_get_n_calls (WeirUpstream *self)
{
  return self->calls->len;
}

WeirUpstreamCall *
fake_upstream_get_call (WeirUpstream *self, guint n)
{
  g_assert_cmpuint (n, <, self->calls->len);
  return g_ptr_array_index (self->calls, n);
}

gboolean
fake_upstream_is_closed (WeirUpstream *self)
{
  return self->closed;
}

void
fake_upstream_set_early (WeirUpstream *self, gboolean early)
{
  self->early = early;
}

WeirUpstream *
weir_upstream_new (WeirEngine *engine, const char *socket_path, WeirGate *gate)
{
  return fake_upstream_new (gate);
}

WeirUpstream *
weir_upstream_ref (WeirUpstream *self)
{
  self->refs++;
  return self;
}

void
weir_upstream_unref (WeirUpstream *self)
{
  if (--self->refs > 0)
    return;
  weir_gate_unref (self->gate);
  g_ptr_array_unref (self->calls);
  g_free (self);
}

void
weir_upstream_set_takes_secrets (WeirUpstream *self, gboolean takes)
{
  self->takes_secrets = takes;
}

gboolean
weir_upstream_takes_secrets (WeirUpstream *self)
{
  return self->takes_secrets;
}

WeirGate *
weir_upstream_get_gate (WeirUpstream *self)
{
  return self->gate;
}

void
weir_upstream_close (WeirUpstream *self)
{
  self->closed = TRUE;
}

WeirUpstreamCall *
weir_upstream_call (WeirUpstream *upstream,
                    WeirHead *head,
                    const char *extra,
                    const char *upgrade,
                    gint64 body_length,
                    const WeirUpstreamCallbacks *callbacks,
                    gpointer user_data)
{
  WeirUpstreamCall *self = g_new0 (WeirUpstreamCall, 1);

  self->upstream = upstream;
  self->callbacks = callbacks;
  self->user_data = user_data;
  self->written = g_string_new (NULL);
  self->body_length = body_length;
  self->n_leases = weir_gate_get_total (upstream->gate);
  self->extra = g_strdup (extra);
  self->protocols = weir_head_dup (head, "sec-websocket-protocol");
  self->request = g_strdup_printf ("%s %s://%s%s%s%s",
                                   weir_head_get_method (head),
                                   weir_head_get_scheme (head),
                                   weir_head_get_authority (head),
                                   weir_head_get_target (head),
                                   upgrade != NULL ? " " : "",
                                   upgrade != NULL ? upgrade : "");
  g_ptr_array_add (upstream->calls, self);
  g_assert_true (upstream->early || weir_gate_get_in_flight (upstream->gate) > 0);
  return self;
}

gsize
weir_upstream_call_write (WeirUpstreamCall *self, const guint8 *data, gsize length)
{
  g_assert_cmpint (self->state, ==, FAKE_CALL_OPEN);
  g_string_append_len (self->written, (const char *) data, length);
  return self->queued;
}

void
weir_upstream_call_end_body (WeirUpstreamCall *self)
{
  g_assert_cmpint (self->state, ==, FAKE_CALL_OPEN);
  g_assert_false (self->body_ended);
  self->body_ended = TRUE;
}

void
weir_upstream_call_pause (WeirUpstreamCall *self)
{
  g_assert_false (self->paused);
  self->paused = TRUE;
}

void
weir_upstream_call_resume (WeirUpstreamCall *self)
{
  g_assert_true (self->paused);
  self->paused = FALSE;
}

gboolean
weir_upstream_call_was_unread (WeirUpstreamCall *self)
{
  return self->unread;
}

gboolean
weir_upstream_call_was_fresh (WeirUpstreamCall *self)
{
  return self->fresh;
}

void
weir_upstream_call_cancel (WeirUpstreamCall *self)
{
  g_assert_cmpint (self->state, ==, FAKE_CALL_OPEN);
  self->state = FAKE_CALL_CANCELLED;
}

void
fake_call_head (WeirUpstreamCall *self, guint status, gint64 length)
{
  g_autoptr (WeirHead) head = weir_head_new ();

  g_assert_cmpint (self->state, ==, FAKE_CALL_OPEN);
  weir_head_set_status (head, status);
  weir_head_add (head, "x-from", "worker");
  self->callbacks->head (self, head, length, self->user_data);
}

void
fake_call_body (WeirUpstreamCall *self, const char *text)
{
  g_assert_cmpint (self->state, ==, FAKE_CALL_OPEN);
  self->callbacks->body (self, (const guint8 *) text, strlen (text), self->user_data);
}

void
fake_call_end (WeirUpstreamCall *self)
{
  g_assert_cmpint (self->state, ==, FAKE_CALL_OPEN);
  self->state = FAKE_CALL_OVER;
  self->callbacks->end (self, self->user_data);
}

void
fake_call_answer (WeirUpstreamCall *self)
{
  fake_call_head (self, 200, 2);
  fake_call_body (self, "ok");
  fake_call_end (self);
}

void
fake_call_fail (WeirUpstreamCall *self, int code, gboolean untouched)
{
  g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR, code, "It broke");

  g_assert_cmpint (self->state, ==, FAKE_CALL_OPEN);
  self->state = FAKE_CALL_OVER;
  self->callbacks->failed (self, error, untouched, self->user_data);
}

void
fake_call_upgrade (WeirUpstreamCall *self, int fd, const char *early)
{
  g_autoptr (WeirHead) head = weir_head_new ();

  g_assert_cmpint (self->state, ==, FAKE_CALL_OPEN);
  self->state = FAKE_CALL_OVER;
  weir_head_set_status (head, 101);
  weir_head_add (head, "sec-websocket-accept", "yes");
  self->callbacks
      ->upgraded (self, head, fd, (const guint8 *) early, strlen (early), self->user_data);
}
