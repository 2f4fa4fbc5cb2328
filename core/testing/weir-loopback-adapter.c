/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "testing/weir-loopback-adapter.h"

#include <string.h>

/* A thread that runs an engine. It may be left by an adapter that is freed on it. */
typedef struct
{
  GThread *thread;
  GMainContext *context;
  WeirEngine *engine;
  int stopping; /* atomic */
} DataThread;

/**
 * WeirLoopbackAdapter:
 *
 * An adapter without a socket: a program puts requests in and gets responses back, for tests
 * of stages and of the plugins that bring them, in every language.
 *
 * It has a data thread of its own, so that a stage meets the same two threads as in a server.
 *
 * Since: 1.0
 */
struct _WeirLoopbackAdapter
{
  GObject parent_instance;

  DataThread *data;
};

G_DEFINE_FINAL_TYPE (WeirLoopbackAdapter, weir_loopback_adapter, G_TYPE_OBJECT)

typedef struct
{
  gatomicrefcount refs;
  GTask *task;
  WeirPipeline *pipeline;
  WeirEngine *engine;
  WeirHead *head;
  GBytes *body;
  gulong cancelled_id;

  /* data thread */
  WeirExchange *exchange;
  WeirHead *response;
  GByteArray *response_body;
  gsize position;
  gsize credit;
  gboolean pumping;
  gboolean over;
} Request;

typedef struct
{
  WeirHead *head;
  GBytes *body;
} Response;

static void
response_free (gpointer data)
{
  Response *response = data;

  g_clear_pointer (&response->head, weir_head_unref);
  g_clear_pointer (&response->body, g_bytes_unref);
  g_free (response);
}

static Request *
request_ref (Request *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
request_unref (gpointer data)
{
  Request *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_object (&self->task);
  g_clear_object (&self->pipeline);
  g_clear_object (&self->engine);
  g_clear_pointer (&self->head, weir_head_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->response, weir_head_unref);
  g_clear_pointer (&self->response_body, g_byte_array_unref);
  g_free (self);
}

/* Once: the task has its result, or an error that is taken over. */
static void
complete (Request *self, GError *error)
{
  GCancellable *cancellable = g_task_get_cancellable (self->task);

  self->over = TRUE;
  if (self->cancelled_id != 0)
    g_cancellable_disconnect (cancellable, self->cancelled_id);
  if (error != NULL)
    g_task_return_error (self->task, error);
  else
    {
      Response *response = g_new0 (Response, 1);

      response->head = g_steal_pointer (&self->response);
      response->body = g_byte_array_free_to_bytes (g_steal_pointer (&self->response_body));
      g_task_return_pointer (self->task, response, response_free);
    }
  g_clear_object (&self->task);
  g_clear_object (&self->exchange);
  request_unref (self);
}

static void
pump (Request *self)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (self->body, &length);

  if (self->pumping || self->over)
    return;

  self->pumping = TRUE;
  while (!self->over && self->credit > 0 && self->position < length)
    {
      gsize n = MIN (self->credit, length - self->position);

      self->credit -= n;
      self->position += n;
      weir_exchange_push_body (self->exchange, data + self->position - n, n);
    }
  self->pumping = FALSE;
  if (!self->over && self->position == length)
    weir_exchange_end_body (self->exchange);
}

static void
on_send_head (WeirExchange *exchange, gpointer transport, WeirHead *head, gint64 length)
{
  Request *self = transport;
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  self->response = weir_head_new ();
  weir_head_set_status (self->response, weir_head_get_status (head));
  for (guint i = 0; i < n_fields; i++)
    weir_head_add_borrowed (self->response,
                            fields[i].id,
                            fields[i].name,
                            fields[i].name_length,
                            fields[i].value,
                            fields[i].value_length);
  weir_head_retain (self->response);
}

static gsize
on_send_body (WeirExchange *exchange, gpointer transport, const guint8 *data, gsize length)
{
  Request *self = transport;

  g_byte_array_append (self->response_body, data, length);
  return 0;
}

static void
on_end (WeirExchange *exchange, gpointer transport)
{
  g_object_ref (exchange);
  complete (transport, NULL);
  weir_exchange_sent (exchange);
  g_object_unref (exchange);
}

static void
on_abort (WeirExchange *exchange, gpointer transport)
{
  complete (transport,
            g_error_new_literal (WEIR_ERROR, WEIR_ERROR_FAILED, "The response was cut off"));
}

static void
on_grant (WeirExchange *exchange, gpointer transport, gsize bytes)
{
  Request *self = transport;

  self->credit += bytes;
  if (self->exchange != NULL)
    pump (self);
}

static const WeirTransport transport_vtable = {
  .struct_size = sizeof (WeirTransport),
  .send_head = on_send_head,
  .send_body = on_send_body,
  .end = on_end,
  .abort = on_abort,
  .grant = on_grant,
};

static void
on_cancel (gpointer user_data)
{
  Request *self = user_data;

  if (!self->over)
    {
      g_autoptr (GError) error =
          g_error_new_literal (WEIR_ERROR, WEIR_ERROR_CANCELLED, "The client went away");
      g_autoptr (WeirExchange) exchange = g_object_ref (self->exchange);

      complete (
          self,
          g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The request was cancelled"));
      weir_exchange_disconnect (exchange, error);
    }
  request_unref (self);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Request *self = user_data;

  weir_engine_invoke (self->engine, on_cancel, request_ref (self));
}

static void
on_begin (gpointer user_data)
{
  Request *self = request_ref (user_data);
  GCancellable *cancellable = g_task_get_cancellable (self->task);
  g_autoptr (GInetAddress) peer = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);

  self->response_body = g_byte_array_new ();
  self->credit = WEIR_EXCHANGE_FIRST_CREDIT;
  self->exchange = weir_exchange_new (self->engine,
                                      &transport_vtable,
                                      self,
                                      g_steal_pointer (&self->head),
                                      g_bytes_get_size (self->body),
                                      NULL,
                                      peer,
                                      0);
  if (cancellable != NULL)
    self->cancelled_id = g_cancellable_connect (cancellable,
                                                G_CALLBACK (on_cancelled),
                                                request_ref (self),
                                                request_unref);
  self->pumping = TRUE; /* not before the pipeline has it */
  weir_pipeline_begin (self->pipeline, self->exchange);
  self->pumping = FALSE;
  pump (self);
  request_unref (self);
}

static gpointer
run_data_thread (gpointer user_data)
{
  DataThread *self = user_data;

  g_main_context_push_thread_default (self->context);
  while (!g_atomic_int_get (&self->stopping))
    g_main_context_iteration (self->context, TRUE);
  g_main_context_pop_thread_default (self->context);

  g_object_unref (self->engine);
  g_main_context_unref (self->context);
  g_free (self);
  return NULL;
}

static void
data_thread_stop (DataThread *self)
{
  GThread *thread = self->thread;
  g_autoptr (GMainContext) context = g_main_context_ref (self->context);

  g_atomic_int_set (&self->stopping, TRUE);
  g_main_context_wakeup (context);
  if (thread == g_thread_self ())
    g_thread_unref (thread);
  else
    g_thread_join (thread);
}

static gboolean
ensure_data_thread (WeirLoopbackAdapter *self, GError **error)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (WeirEngine) engine = NULL;

  if (self->data != NULL)
    return TRUE;

  context = g_main_context_new ();
  engine = weir_engine_new (context, error);
  if (engine == NULL)
    return FALSE;

  self->data = g_new0 (DataThread, 1);
  self->data->context = g_steal_pointer (&context);
  self->data->engine = g_steal_pointer (&engine);
  self->data->thread = g_thread_new ("weir-loopback", run_data_thread, self->data);
  return TRUE;
}

static void
weir_loopback_adapter_dispose (GObject *object)
{
  WeirLoopbackAdapter *self = WEIR_LOOPBACK_ADAPTER (object);

  g_clear_pointer (&self->data, data_thread_stop);

  G_OBJECT_CLASS (weir_loopback_adapter_parent_class)->dispose (object);
}

static void
weir_loopback_adapter_class_init (WeirLoopbackAdapterClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = weir_loopback_adapter_dispose;
}

static void
weir_loopback_adapter_init (WeirLoopbackAdapter *self)
{
}

/**
 * weir_loopback_adapter_new:
 *
 * Returns: (transfer full): a new adapter
 *
 * Since: 1.0
 */
WeirLoopbackAdapter *
weir_loopback_adapter_new (void)
{
  return g_object_new (WEIR_TYPE_LOOPBACK_ADAPTER, NULL);
}

static gboolean
add_header (WeirHead *head, const char *line, GError **error)
{
  const char *colon = strchr (line, ':');
  g_autofree char *name = NULL;
  g_autofree char *value = NULL;

  if (colon == NULL || colon == line)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_INVALID_ARGUMENT,
                   "\"%s\" is not of the form \"Name: value\"",
                   line);
      return FALSE;
    }
  name = g_strndup (line, colon - line);
  value = g_strstrip (g_strdup (colon + 1));
  weir_head_add (head, name, value);
  return TRUE;
}

static WeirHead *
make_head (const char *method, const char *target, const char *const *headers, GError **error)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  g_autofree char *authority = NULL;

  for (gsize i = 0; headers != NULL && headers[i] != NULL; i++)
    if (!add_header (head, headers[i], error))
      return NULL;

  authority = weir_head_dup (head, "host");
  if (authority == NULL)
    weir_head_add (head, "host", "localhost");
  weir_head_set_request (head, method, "http", authority != NULL ? authority : "localhost", target);
  return g_steal_pointer (&head);
}

/**
 * weir_loopback_adapter_send_async:
 * @self: an adapter
 * @pipeline: what answers
 * @method: the request's method, `GET`
 * @target: the request's target, `/hello?name=you`
 * @headers: (nullable) (array zero-terminated=1): `Name: value` lines
 * @body: (nullable): the request's body
 * @cancellable: (nullable): to go away, as a client does that closes its connection
 * @callback: (scope async): called with the response
 * @user_data: for @callback
 *
 * Runs one request through a pipeline. The thread-default main context must run, and so must
 * the one that the pipeline was made with.
 *
 * Since: 1.0
 */
void
weir_loopback_adapter_send_async (WeirLoopbackAdapter *self,
                                  WeirPipeline *pipeline,
                                  const char *method,
                                  const char *target,
                                  const char *const *headers,
                                  GBytes *body,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (WeirHead) head = NULL;
  GError *error = NULL;
  Request *request;

  g_return_if_fail (WEIR_IS_LOOPBACK_ADAPTER (self));
  g_return_if_fail (WEIR_IS_PIPELINE (pipeline));
  g_return_if_fail (method != NULL && target != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, weir_loopback_adapter_send_async);
  head = make_head (method, target, headers, &error);
  if (head == NULL || !ensure_data_thread (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  request = g_new0 (Request, 1);
  g_atomic_ref_count_init (&request->refs);
  request->task = g_steal_pointer (&task);
  request->pipeline = g_object_ref (pipeline);
  request->engine = g_object_ref (self->data->engine);
  request->head = g_steal_pointer (&head);
  request->body = body != NULL ? g_bytes_ref (body) : g_bytes_new_static ("", 0);
  weir_engine_invoke (self->data->engine, on_begin, request);
}

/**
 * weir_loopback_adapter_send_finish:
 * @self: an adapter
 * @result: what the callback was given
 * @body: (out) (optional) (transfer full): the response's body
 * @error: why there is no response
 *
 * Returns: (transfer full): the response's head
 *
 * Since: 1.0
 */
WeirHead *
weir_loopback_adapter_send_finish (WeirLoopbackAdapter *self,
                                   GAsyncResult *result,
                                   GBytes **body,
                                   GError **error)
{
  Response *response;
  WeirHead *head;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  response = g_task_propagate_pointer (G_TASK (result), error);
  if (response == NULL)
    return NULL;

  head = g_steal_pointer (&response->head);
  if (body != NULL)
    *body = g_steal_pointer (&response->body);
  response_free (response);
  return head;
}
