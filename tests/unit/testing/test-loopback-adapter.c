/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "testing/weir-loopback-adapter.h"
#include "http/weir-exchange-private.h"

#include <string.h>

/* Answers with the body it got; "/later" on the control thread, "/never" not at all. */
#define TEST_TYPE_ECHO (test_echo_get_type ())
G_DECLARE_FINAL_TYPE (TestEcho, test_echo, TEST, ECHO, GObject)

struct _TestEcho
{
  GObject parent_instance;

  GTask *kept;
  GByteArray *body;
  GThread *control;
};

static void
on_body (WeirExchange *exchange, const guint8 *data, gsize length, gpointer user_data)
{
  g_byte_array_append (user_data, data, length);
  weir_exchange_grant (exchange, length);
}

static void
on_body_end (WeirExchange *exchange, gpointer user_data)
{
  GByteArray *array = user_data;
  g_autoptr (GBytes) body = g_bytes_new (array->data, array->len);

  g_byte_array_set_size (array, 0);
  weir_exchange_set_response (exchange, 200, "text/plain", body);
  weir_exchange_send_response (exchange);
}

static void
on_nothing (WeirExchange *exchange, gpointer user_data)
{
}

static const WeirExchangeSink sink = { on_body, on_body_end, on_nothing, on_nothing };

static WeirStageResult
test_echo_process (WeirStage *stage, WeirExchange *exchange)
{
  TestEcho *self = TEST_ECHO (stage);

  g_assert_true (g_thread_self () != self->control);
  if (strcmp (weir_exchange_get_path (exchange), "/echo") != 0)
    return WEIR_STAGE_PENDING;
  weir_exchange_take (exchange);
  weir_exchange_set_sink (exchange, &sink, self->body);
  return WEIR_STAGE_RESPOND;
}

static void
test_echo_handle (WeirStage *stage, WeirExchange *exchange, GTask *task)
{
  TestEcho *self = TEST_ECHO (stage);
  g_autofree char *name = weir_head_dup (weir_exchange_get_request (exchange), "x-name");

  g_assert_true (g_thread_self () == self->control);
  if (strcmp (weir_exchange_get_path (exchange), "/later") != 0)
    {
      self->kept = g_object_ref (task);
      return;
    }
  weir_exchange_set_response_text (exchange, 201, "text/plain", name);
  weir_exchange_set_response_header (exchange, "x-one", "two");
  g_task_return_boolean (task, TRUE);
}

static void
test_echo_iface_init (WeirStageInterface *iface)
{
  iface->process = test_echo_process;
  iface->handle = test_echo_handle;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestEcho,
                               test_echo,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, test_echo_iface_init))

static void
test_echo_finalize (GObject *object)
{
  g_byte_array_unref (TEST_ECHO (object)->body);
  G_OBJECT_CLASS (test_echo_parent_class)->finalize (object);
}

static void
test_echo_class_init (TestEchoClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_echo_finalize;
}

static void
test_echo_init (TestEcho *self)
{
  self->body = g_byte_array_new ();
  self->control = g_thread_self ();
}

typedef struct
{
  WeirLoopbackAdapter *adapter;
  WeirPipeline *pipeline;
  TestEcho *stage;
  GAsyncResult *result;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->adapter = weir_loopback_adapter_new ();
  self->pipeline = weir_pipeline_new (NULL);
  self->stage = g_object_new (TEST_TYPE_ECHO, NULL);
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (self->stage));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->result);
  while (weir_pipeline_get_open (self->pipeline) > 0)
    g_main_context_iteration (NULL, FALSE);
  g_clear_object (&self->stage->kept);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (self->adapter);
  g_object_unref (self->stage);
  g_object_unref (self->pipeline);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ((Fixture *) user_data)->result = g_object_ref (result);
}

static void
send (Fixture *self,
      const char *method,
      const char *target,
      const char *const *headers,
      GBytes *body,
      GCancellable *cancellable)
{
  g_clear_object (&self->result);
  weir_loopback_adapter_send_async (self->adapter,
                                    self->pipeline,
                                    method,
                                    target,
                                    headers,
                                    body,
                                    cancellable,
                                    on_sent,
                                    self);
}

static WeirHead *
finish (Fixture *self, GBytes **body, GError **error)
{
  while (self->result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return weir_loopback_adapter_send_finish (self->adapter, self->result, body, error);
}

static void
test_echo (Fixture *self, gconstpointer data)
{
  g_autofree guint8 *bytes = g_malloc0 (1024 * 1024);
  g_autoptr (GBytes) sent = g_bytes_new (bytes, 1024 * 1024);
  g_autoptr (GBytes) got = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirHead) head = NULL;

  send (self, "POST", "/echo", NULL, sent, NULL);
  head = finish (self, &got, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (weir_head_get_status (head), ==, 200);
  g_assert_true (g_bytes_equal (sent, got));
}

static void
test_later (Fixture *self, gconstpointer data)
{
  const char *const headers[] = { "X-Name: me", NULL };
  g_autoptr (GBytes) got = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirHead) head = NULL;
  g_autofree char *value = NULL;

  send (self, "GET", "/later", headers, NULL, NULL);
  head = finish (self, &got, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (weir_head_get_status (head), ==, 201);
  g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), "me", 2);
  value = weir_head_dup (head, "x-one");
  g_assert_cmpstr (value, ==, "two");
}

static void
on_one_of_many (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirHead) head =
      weir_loopback_adapter_send_finish (WEIR_LOOPBACK_ADAPTER (source), result, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (weir_head_get_status (head), <, 300);
  ++*(guint *) user_data;
}

/* Two threads at it at once. */
static void
test_many (Fixture *self, gconstpointer data)
{
  const char *const headers[] = { "X-Name: me", NULL };
  guint n_done = 0;

  for (guint i = 0; i < 2000; i++)
    weir_loopback_adapter_send_async (self->adapter,
                                      self->pipeline,
                                      "GET",
                                      i % 3 == 0 ? "/echo" : "/later",
                                      headers,
                                      NULL,
                                      NULL,
                                      on_one_of_many,
                                      &n_done);
  while (n_done < 2000)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  send (self, "GET", "/never", NULL, NULL, cancellable);
  while (self->stage->kept == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (cancellable);
  g_assert_null (finish (self, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  while (!g_cancellable_is_cancelled (g_task_get_cancellable (self->stage->kept)))
    g_main_context_iteration (NULL, TRUE);
  g_task_return_boolean (self->stage->kept, FALSE);
}

static void
test_bad_header (Fixture *self, gconstpointer data)
{
  const char *const headers[] = { "nonsense", NULL };
  g_autoptr (GError) error = NULL;

  send (self, "GET", "/echo", headers, NULL, NULL);
  g_assert_null (finish (self, NULL, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT);
}

#define ADD(name, func)                                                                            \
  g_test_add ("/testing/loopback-adapter/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("echo", test_echo);
  ADD ("later", test_later);
  ADD ("many", test_many);
  ADD ("cancel", test_cancel);
  ADD ("bad-header", test_bad_header);
  return g_test_run ();
}
