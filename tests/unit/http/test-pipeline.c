/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-fake-transport.h"

#include <string.h>

typedef enum
{
  PASS,
  RESPOND,
  PASS_LATER,
  RESPOND_LATER,
  FAIL_LATER,
  DROP,
  KEEP,
} Behaviour;

#define TEST_TYPE_STAGE (test_stage_get_type ())
G_DECLARE_FINAL_TYPE (TestStage, test_stage, TEST, STAGE, GObject)

struct _TestStage
{
  GObject parent_instance;

  Behaviour behaviour;
  WeirPhase phase;
  const char *word;
  GString *trace;
  GTask *kept;
  WeirExchange *exchange;
};

static WeirStageResult
test_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  TestStage *self = TEST_STAGE (stage);

  g_string_append_printf (self->trace, "%s ", self->word);
  if (self->behaviour == PASS)
    return WEIR_STAGE_CONTINUE;
  if (self->behaviour != RESPOND)
    return WEIR_STAGE_PENDING;
  weir_exchange_set_response_text (exchange, 200, "text/plain", self->word);
  return WEIR_STAGE_RESPOND;
}

static void
test_stage_handle (WeirStage *stage, WeirExchange *exchange, GTask *task)
{
  TestStage *self = TEST_STAGE (stage);

  if (self->behaviour == PASS_LATER)
    g_task_return_boolean (task, FALSE);
  else if (self->behaviour == RESPOND_LATER)
    {
      weir_exchange_set_response_text (exchange, 203, NULL, self->word);
      g_task_return_boolean (task, TRUE);
    }
  else if (self->behaviour == FAIL_LATER)
    g_task_return_new_error (task, WEIR_ERROR, WEIR_ERROR_FORBIDDEN, "Not you");
  else if (self->behaviour == KEEP)
    {
      self->kept = g_object_ref (task);
      self->exchange = g_object_ref (exchange);
    }
}

static WeirPhase
test_stage_get_phase (WeirStage *stage)
{
  return TEST_STAGE (stage)->phase;
}

static void
test_stage_iface_init (WeirStageInterface *iface)
{
  iface->process = test_stage_process;
  iface->handle = test_stage_handle;
  iface->get_phase = test_stage_get_phase;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestStage,
                               test_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, test_stage_iface_init))

static void
test_stage_class_init (TestStageClass *klass)
{
}

static void
test_stage_init (TestStage *self)
{
}

typedef struct
{
  FakeTransport *fake;
  GMainContext *control;
  WeirPipeline *pipeline;
  GString *trace;
  guint observed;
  guint observed_status;
} Fixture;

static void
on_observed (WeirExchange *exchange, gpointer user_data)
{
  Fixture *self = user_data;

  self->observed++;
  self->observed_status = weir_exchange_get_status (exchange);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->fake = fake_transport_new ();
  self->control = g_main_context_new ();
  self->pipeline = weir_pipeline_new (self->control);
  self->trace = g_string_new (NULL);
  weir_pipeline_add_observer (self->pipeline, on_observed, self);
}

static void
turn_control (Fixture *self)
{
  while (g_main_context_iteration (self->control, FALSE))
    ;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  turn_control (self);
  fake_transport_turn (self->fake);
  turn_control (self);
  g_assert_cmpuint (self->observed, ==, 1);
  g_assert_cmpuint (weir_pipeline_get_open (self->pipeline), ==, 0);
  fake_transport_free (self->fake);
  g_assert_finalize_object (self->pipeline);
  g_main_context_unref (self->control);
  g_string_free (self->trace, TRUE);
}

static TestStage *
add_stage (Fixture *self, Behaviour behaviour, WeirPhase phase, const char *word)
{
  TestStage *stage = g_object_new (TEST_TYPE_STAGE, NULL);

  stage->behaviour = behaviour;
  stage->phase = phase;
  stage->word = word;
  stage->trace = self->trace;
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (stage));
  g_object_unref (stage);
  return stage;
}

static WeirExchange *
begin (Fixture *self)
{
  WeirExchange *exchange = fake_transport_request (self->fake, "GET", "/x", NULL, 0, NULL);

  weir_pipeline_begin (self->pipeline, exchange);
  return exchange;
}

/* Both threads in one: control first, then what it posted to the data plane. */
static void
finish (Fixture *self)
{
  while (weir_exchange_get_state (self->fake->exchange) < WEIR_EXCHANGE_STATE_DONE)
    {
      turn_control (self);
      g_main_context_iteration (self->fake->context, TRUE);
    }
}

static void
test_order (Fixture *self, gconstpointer data)
{
  add_stage (self, RESPOND, WEIR_PHASE_CONTENT, "content");
  add_stage (self, PASS, WEIR_PHASE_AUTH, "auth");
  add_stage (self, PASS, WEIR_PHASE_REQUEST_ID, "id");
  add_stage (self, PASS, WEIR_PHASE_AUTH, "auth2");
  add_stage (self, PASS, WEIR_PHASE_CORS, "cors");
  begin (self);
  g_assert_cmpstr (self->trace->str, ==, "id cors auth auth2 content ");
  g_assert_cmpstr (self->fake->body->str, ==, "content");
}

static void
test_nobody_answers (Fixture *self, gconstpointer data)
{
  add_stage (self, PASS, WEIR_PHASE_AUTH, "auth");
  begin (self);
  g_assert_cmpuint (self->fake->status, ==, 404);
}

static void
test_pass_later (Fixture *self, gconstpointer data)
{
  add_stage (self, PASS_LATER, WEIR_PHASE_AUTH, "later");
  add_stage (self, RESPOND, WEIR_PHASE_CONTENT, "content");
  begin (self);
  g_assert_cmpstr (self->trace->str, ==, "later ");
  g_assert_cmpuint (weir_pipeline_get_open (self->pipeline), ==, 1);
  finish (self);
  g_assert_cmpstr (self->trace->str, ==, "later content ");
}

static void
test_respond_later (Fixture *self, gconstpointer data)
{
  add_stage (self, RESPOND_LATER, WEIR_PHASE_AUTH, "later");
  add_stage (self, RESPOND, WEIR_PHASE_CONTENT, "content");
  begin (self);
  finish (self);
  g_assert_cmpuint (self->fake->status, ==, 203);
  g_assert_cmpuint (self->observed_status, ==, 203);
}

static void
test_fail_later (Fixture *self, gconstpointer data)
{
  add_stage (self, FAIL_LATER, WEIR_PHASE_AUTH, "later");
  begin (self);
  finish (self);
  g_assert_cmpuint (self->fake->status, ==, 403);
  g_assert_nonnull (strstr (self->fake->body->str, "Not you"));
}

static void
test_dropped (Fixture *self, gconstpointer data)
{
  add_stage (self, DROP, WEIR_PHASE_AUTH, "drop");
  begin (self);
  finish (self);
  g_assert_cmpuint (self->fake->status, ==, 500);
}

static void
test_timed_out (Fixture *self, gconstpointer data)
{
  TestStage *stage = add_stage (self, KEEP, WEIR_PHASE_AUTH, "keep");

  weir_pipeline_set_stage_timeout (self->pipeline, 20);
  begin (self);
  finish (self);
  g_assert_cmpuint (self->fake->status, ==, 504);
  turn_control (self);
  g_assert_true (g_cancellable_is_cancelled (g_task_get_cancellable (stage->kept)));

  /* The answer comes too late to be one. */
  g_task_return_boolean (stage->kept, TRUE);
  g_clear_object (&stage->kept);
  g_clear_object (&stage->exchange);
  turn_control (self);
  g_assert_cmpstr (self->fake->trace->str, ==, "head body end");
}

static gpointer
prepare_elsewhere (gpointer exchange)
{
  weir_exchange_set_response_text (exchange, 200, NULL, "stolen");
  weir_exchange_set_response_header (exchange, "x-stolen", "yes");
  weir_exchange_set_request_id (exchange, "stolen");
  return NULL;
}

static void
test_client_gone (Fixture *self, gconstpointer data)
{
  TestStage *stage = add_stage (self, KEEP, WEIR_PHASE_AUTH, "keep");
  WeirExchange *exchange = begin (self);

  turn_control (self);
  g_assert_nonnull (stage->kept);
  weir_exchange_disconnect (exchange, NULL);
  g_assert_cmpuint (self->observed, ==, 1);
  turn_control (self);
  g_assert_true (g_cancellable_is_cancelled (g_task_get_cancellable (stage->kept)));

  /* What another thread still does to it has no effect. */
  g_thread_join (g_thread_new ("late", prepare_elsewhere, exchange));
  g_assert_false (weir_exchange_has_response (exchange));
  g_assert_null (weir_exchange_get_request_id (exchange));

  g_task_return_boolean (stage->kept, TRUE);
  g_clear_object (&stage->kept);
  g_clear_object (&stage->exchange);
  turn_control (self);
  g_assert_cmpstr (self->fake->trace->str, ==, "");
}

static void
test_gone_before_handle (Fixture *self, gconstpointer data)
{
  TestStage *stage = add_stage (self, KEEP, WEIR_PHASE_AUTH, "keep");
  WeirExchange *exchange = begin (self);

  weir_exchange_disconnect (exchange, NULL);
  turn_control (self);
  if (stage->kept != NULL)
    g_task_return_boolean (stage->kept, FALSE);
  g_clear_object (&stage->kept);
  g_clear_object (&stage->exchange);
}

#define ADD(name, func) g_test_add ("/http/pipeline/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("order", test_order);
  ADD ("nobody-answers", test_nobody_answers);
  ADD ("pass-later", test_pass_later);
  ADD ("respond-later", test_respond_later);
  ADD ("fail-later", test_fail_later);
  ADD ("dropped", test_dropped);
  ADD ("timed-out", test_timed_out);
  ADD ("client-gone", test_client_gone);
  ADD ("gone-before-handle", test_gone_before_handle);
  return g_test_run ();
}
