/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "testing/weir-conformance-private.h"

typedef struct
{
  WeirConformanceFixture *fixture;
  void (*func) (WeirConformanceFixture *fixture);
  GMutex mutex;
  GCond done;
  gboolean is_done;
} Call;

static gpointer
run_thread (gpointer user_data)
{
  WeirConformanceFixture *self = user_data;

  g_main_context_push_thread_default (self->context);
  while (!self->quit)
    g_main_context_iteration (self->context, TRUE);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static void
on_call (gpointer user_data)
{
  Call *call = user_data;

  call->func (call->fixture);
  g_mutex_lock (&call->mutex);
  call->is_done = TRUE;
  g_cond_signal (&call->done);
  g_mutex_unlock (&call->mutex);
}

void
weir_conformance_fixture_run (WeirConformanceFixture *self,
                              void (*func) (WeirConformanceFixture *self))
{
  Call call = { .fixture = self, .func = func };

  g_mutex_init (&call.mutex);
  g_cond_init (&call.done);
  weir_engine_invoke (self->engine, on_call, &call);
  g_mutex_lock (&call.mutex);
  while (!call.is_done)
    g_cond_wait (&call.done, &call.mutex);
  g_mutex_unlock (&call.mutex);
  g_mutex_clear (&call.mutex);
  g_cond_clear (&call.done);
}

static void
start (WeirConformanceFixture *self)
{
  g_autoptr (GError) error = NULL;

  weir_adapter_start (self->adapter, self->engine, self->pipeline, &self->socket, 1, &error);
  g_assert_no_error (error);
}

static void
drain (WeirConformanceFixture *self)
{
  weir_adapter_drain (self->adapter);
}

static void
stop (WeirConformanceFixture *self)
{
  weir_adapter_stop (self->adapter);
}

static void
quit (WeirConformanceFixture *self)
{
  self->quit = TRUE;
}

void
weir_conformance_fixture_drain (WeirConformanceFixture *self)
{
  weir_conformance_fixture_run (self, drain);
}

void
weir_conformance_fixture_stop (WeirConformanceFixture *self)
{
  weir_conformance_fixture_run (self, stop);
}

static void
listen_somewhere (WeirConformanceFixture *self)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  self->socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (self->socket, FALSE);
  g_socket_set_listen_backlog (self->socket, 4096);
  g_socket_bind (self->socket, any, TRUE, &error);
  g_assert_no_error (error);
  g_socket_listen (self->socket, &error);
  g_assert_no_error (error);
  address = g_socket_get_local_address (self->socket, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

WeirConformanceFixture *
weir_conformance_fixture_new (GObject *adapter)
{
  WeirConformanceFixture *self = g_new0 (WeirConformanceFixture, 1);
  g_autoptr (GError) error = NULL;

  self->adapter = WEIR_ADAPTER (adapter);
  self->context = g_main_context_new ();
  self->engine = weir_engine_new (self->context, &error);
  g_assert_no_error (error);
  self->pipeline = weir_pipeline_new (NULL);
  self->stage = weir_conformance_stage_new ();
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (self->stage));
  listen_somewhere (self);
  self->thread = g_thread_new ("weir-data", run_thread, self);
  weir_conformance_fixture_run (self, start);
  return self;
}

void
weir_conformance_fixture_free (WeirConformanceFixture *self)
{
  gpointer adapter = self->adapter;

  weir_conformance_fixture_stop (self);
  g_assert_cmpuint (weir_pipeline_get_open (self->pipeline), ==, 0);
  weir_conformance_fixture_run (self, quit);
  g_thread_join (self->thread);
  while (g_main_context_iteration (self->context, FALSE))
    ;

  g_object_add_weak_pointer (adapter, &adapter);
  g_object_unref (self->adapter);
  g_assert_null (adapter);
  g_assert_finalize_object (self->pipeline);
  g_assert_finalize_object (self->stage);
  g_assert_finalize_object (self->engine);
  g_assert_finalize_object (self->socket);
  g_main_context_unref (self->context);
  g_free (self);
}
