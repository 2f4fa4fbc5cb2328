/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-pipeline-private.h"

#include "base/weir-spares-private.h"
#include "http/weir-auth-stage-private.h"
#include "http/weir-concurrent.h"
#include "http/weir-credential-stage-private.h"
#include "http/weir-exchange-private.h"
#include "http/weir-guard-stage-private.h"
#include "http/weir-operation-private.h"

#define DEFAULT_STAGE_TIMEOUT_MS 10000

typedef struct
{
  WeirStage *stage;
  WeirStageResult (*process) (WeirStage *stage, WeirExchange *exchange);
  WeirPhase phase;
  gboolean has_turns;
} Step;

typedef struct
{
  WeirExchangeObserver func;
  gpointer user_data;
} Observer;

/**
 * WeirPipeline:
 *
 * The stages in the order of their phases, and what runs exchanges through them.
 *
 * It is put together on the control thread. From the first exchange on it does not change:
 * who wants another set of stages makes another pipeline.
 *
 * Since: 1.0
 */
struct _WeirPipeline
{
  GObject parent_instance;

  GMainContext *control;
  GArray *steps;
  GArray *observers;
  guint stage_timeout_ms;
  gboolean is_shared;
  GQueue upgraded; /* Run */
  int n_upgraded;  /* atomic: the same, for others */
  int open;        /* atomic, as the next one; counted by the data thread only */
  guint64 total;
};

G_DEFINE_FINAL_TYPE (WeirPipeline, weir_pipeline, G_TYPE_OBJECT)

/* Where one exchange is. It ends with the exchange, which may be during any call out; but not
 * before weir_pipeline_begin() does. */
typedef struct
{
  WeirPipeline *pipeline;
  WeirExchange *exchange;
  WeirOperation *operation;
  GList link; /* among the upgraded ones */
  guint next;
  gboolean uncounted;
  gboolean beginning;
  gboolean over;
} Run;

WEIR_DEFINE_SPARE_MEMORY (Run, run)

/* Of all stages that were not made for several data threads: what belongs together may share
 * more than one object. The same thread may come again, from within. */
static GRecMutex turn;

static void run_steps (Run *run);

static void
weir_pipeline_finalize (GObject *object)
{
  WeirPipeline *self = WEIR_PIPELINE (object);

  g_array_unref (self->steps);
  g_array_unref (self->observers);
  g_clear_pointer (&self->control, g_main_context_unref);

  G_OBJECT_CLASS (weir_pipeline_parent_class)->finalize (object);
}

static void
clear_step (gpointer data)
{
  g_object_unref (((Step *) data)->stage);
}

static void
weir_pipeline_class_init (WeirPipelineClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_pipeline_finalize;
}

static void
weir_pipeline_init (WeirPipeline *self)
{
  self->steps = g_array_new (FALSE, FALSE, sizeof (Step));
  g_array_set_clear_func (self->steps, clear_step);
  self->observers = g_array_new (FALSE, FALSE, sizeof (Observer));
  self->stage_timeout_ms = DEFAULT_STAGE_TIMEOUT_MS;
}

/**
 * weir_pipeline_new:
 * @control: (nullable): the context that operations of stages run on; %NULL for the default one
 *
 * Returns: (transfer full): a pipeline without stages
 *
 * Since: 1.0
 */
WeirPipeline *
weir_pipeline_new (GMainContext *control)
{
  WeirPipeline *self = g_object_new (WEIR_TYPE_PIPELINE, NULL);

  self->control = g_main_context_ref (control != NULL ? control : g_main_context_default ());
  return self;
}

/**
 * weir_pipeline_add_stage:
 * @self: a pipeline that has seen no exchange yet
 * @stage: a stage
 *
 * Puts a stage after those of its phase and of the phases before.
 *
 * Since: 1.0
 */
void
weir_pipeline_add_stage (WeirPipeline *self, WeirStage *stage)
{
  Step step;
  guint i;

  g_return_if_fail (WEIR_IS_PIPELINE (self));
  g_return_if_fail (WEIR_IS_STAGE (stage));

  step.stage = g_object_ref (stage);
  step.process = WEIR_STAGE_GET_IFACE (stage)->process;
  step.phase = weir_stage_get_phase (stage);
  step.has_turns = self->is_shared && !weir_concurrent_check (G_OBJECT (stage));
  for (i = self->steps->len; i > 0; i--)
    if (g_array_index (self->steps, Step, i - 1).phase <= step.phase)
      break;
  g_array_insert_val (self->steps, i, step);
}

/**
 * weir_pipeline_add_authenticator:
 * @self: a pipeline that has seen no exchange yet
 * @authenticator: who finds out who calls
 * @name: what to call it
 *
 * Adds the stages that ask an authenticator and stop every request whose caller it does not
 * know. This is for the tests of an authenticator, and for pipelines without a server; a server
 * has these stages anyhow.
 *
 * Since: 1.0
 */
void
weir_pipeline_add_authenticator (WeirPipeline *self,
                                 WeirAuthenticator *authenticator,
                                 const char *name)
{
  g_autoptr (WeirCredentialStage) credential = NULL;
  g_autoptr (WeirAuthStage) auth = NULL;
  g_autoptr (WeirGuardStage) guard = NULL;

  g_return_if_fail (WEIR_IS_PIPELINE (self));
  g_return_if_fail (WEIR_IS_AUTHENTICATOR (authenticator));
  g_return_if_fail (name != NULL);

  credential = weir_credential_stage_new (WEIR_AUTH_REQUIRED, NULL);
  weir_credential_stage_set_everywhere (credential, TRUE);
  auth = weir_auth_stage_new (authenticator, name);
  guard = weir_guard_stage_new ();
  weir_pipeline_add_stage (self, WEIR_STAGE (credential));
  weir_pipeline_add_stage (self, WEIR_STAGE (auth));
  weir_pipeline_add_stage (self, WEIR_STAGE (guard));
}

/**
 * weir_pipeline_set_stage_timeout:
 * @self: a pipeline that has seen no exchange yet
 * @timeout_ms: milliseconds that one operation of a stage may take
 *
 * Since: 1.0
 */
void
weir_pipeline_set_stage_timeout (WeirPipeline *self, guint timeout_ms)
{
  g_return_if_fail (WEIR_IS_PIPELINE (self));

  self->stage_timeout_ms = timeout_ms;
}

void
weir_pipeline_set_shared (WeirPipeline *self, gboolean shared)
{
  self->is_shared = shared;
}

/**
 * WeirExchangeObserver: (skip)
 * @exchange: an exchange that is over
 * @user_data: what weir_pipeline_add_observer() was given
 *
 * Looks at what is left of an exchange, on its data thread. C only.
 *
 * Since: 1.0
 */

/**
 * weir_pipeline_add_observer: (skip)
 * @self: a pipeline that has seen no exchange yet
 * @observer: called on the data thread with each exchange that is over
 * @user_data: for @observer
 *
 * Since: 1.0
 */
void
weir_pipeline_add_observer (WeirPipeline *self, WeirExchangeObserver observer, gpointer user_data)
{
  Observer entry = { observer, user_data };

  g_return_if_fail (WEIR_IS_PIPELINE (self));
  g_return_if_fail (observer != NULL);

  g_array_append_val (self->observers, entry);
}

/**
 * weir_pipeline_get_open:
 * @self: a pipeline
 *
 * Connections that were upgraded, to a WebSocket for instance, are not counted. Any thread.
 *
 * Returns: how many exchanges were begun and are not finished
 *
 * Since: 1.0
 */
guint
weir_pipeline_get_open (WeirPipeline *self)
{
  g_return_val_if_fail (WEIR_IS_PIPELINE (self), 0);

  return g_atomic_int_get (&self->open);
}

guint
weir_pipeline_get_upgraded (WeirPipeline *self)
{
  return g_atomic_int_get (&self->n_upgraded);
}

void
weir_pipeline_cut (WeirPipeline *self)
{
  g_autoptr (GError) error =
      g_error_new_literal (WEIR_ERROR, WEIR_ERROR_OVERLOADED, "The server has ended");
  Run *run;

  while ((run = g_queue_peek_head (&self->upgraded)) != NULL)
    weir_exchange_cut (run->exchange, error);
}

guint64
weir_pipeline_get_total (WeirPipeline *self)
{
  return __atomic_load_n (&self->total, __ATOMIC_RELAXED);
}

static void
count_open (WeirPipeline *self, int change)
{
  g_atomic_int_set (&self->open, self->open + change);
}

static void
uncount (Run *run)
{
  if (run->uncounted)
    return;
  run->uncounted = TRUE;
  count_open (run->pipeline, -1);
}

/* It may stay for days: nobody who drains should wait for it. */
static void
on_upgraded (WeirExchange *exchange, gpointer user_data)
{
  Run *run = user_data;

  uncount (run);
  run->link.data = run;
  g_queue_push_tail_link (&run->pipeline->upgraded, &run->link);
  g_atomic_int_inc (&run->pipeline->n_upgraded);
}

static void
forget_upgraded (Run *run)
{
  if (run->link.data == NULL)
    return;
  g_queue_unlink (&run->pipeline->upgraded, &run->link);
  g_atomic_int_add (&run->pipeline->n_upgraded, -1);
}

static void
run_end (Run *run)
{
  g_object_unref (run->exchange);
  g_object_unref (run->pipeline);
  run_free (run);
}

static void
on_finished (WeirExchange *exchange, gpointer user_data)
{
  Run *run = user_data;
  WeirPipeline *self = run->pipeline;

  if (run->operation != NULL)
    weir_operation_abandon (g_steal_pointer (&run->operation));
  for (guint i = 0; i < self->observers->len; i++)
    {
      Observer *observer = &g_array_index (self->observers, Observer, i);

      observer->func (exchange, observer->user_data);
    }

  uncount (run);
  forget_upgraded (run);
  run->over = TRUE;
  if (!run->beginning)
    run_end (run);
}

static void
on_operation (WeirExchange *exchange, gboolean responded, const GError *error, gpointer user_data)
{
  Run *run = user_data;

  g_object_ref (exchange);
  run->operation = NULL;
  if (error != NULL)
    weir_exchange_set_response_error (exchange, error);
  if (error != NULL || responded)
    weir_exchange_send_response (exchange);
  else
    run_steps (run);
  g_object_unref (exchange);
}

/* No stage took it. One may have prepared what to say in that case. */
static void
respond_not_found (WeirExchange *exchange)
{
  if (!weir_exchange_has_response (exchange))
    {
      g_autoptr (GError) error = g_error_new (WEIR_ERROR,
                                              WEIR_ERROR_NOT_FOUND,
                                              "Nothing answers at %s",
                                              weir_exchange_get_path (exchange));

      weir_exchange_set_response_error (exchange, error);
    }
  weir_exchange_send_response (exchange);
}

static void
start_operation (Run *run, WeirStage *stage)
{
  WeirPipeline *self = run->pipeline;

  run->operation = weir_operation_start (stage,
                                         run->exchange,
                                         self->control,
                                         self->stage_timeout_ms,
                                         on_operation,
                                         run);
}

static WeirStageResult
process_in_turn (Step *step, WeirExchange *exchange)
{
  WeirStageResult result;

  g_rec_mutex_lock (&turn);
  result = step->process (step->stage, exchange);
  g_rec_mutex_unlock (&turn);
  return result;
}

static WeirStageResult
process (Step *step, WeirExchange *exchange)
{
  if (step->process == NULL)
    return WEIR_STAGE_PENDING;
  return step->has_turns ? process_in_turn (step, exchange) : step->process (step->stage, exchange);
}

/* The caller holds the exchange: the run may end with it. */
static void
run_steps (Run *run)
{
  WeirExchange *exchange = run->exchange;
  WeirPipeline *self = run->pipeline;

  while (run->next < self->steps->len)
    {
      Step *step = &g_array_index (self->steps, Step, run->next++);
      WeirStageResult result = process (step, exchange);

      /* Who takes it answers it, and may have done so: run can be gone. */
      if (!weir_exchange_is_free (exchange))
        return;

      switch (result)
        {
        case WEIR_STAGE_CONTINUE:
          break;
        case WEIR_STAGE_RESPOND:
          weir_exchange_send_response (exchange);
          return;
        case WEIR_STAGE_PENDING:
          start_operation (run, step->stage);
          return;
        }
    }

  respond_not_found (exchange);
}

/**
 * weir_pipeline_begin: (skip)
 * @self: a pipeline
 * @exchange: a new exchange
 *
 * Runs an exchange through the stages. Takes a reference of its own until the exchange is
 * over, which it may be before this returns. Data thread.
 *
 * Since: 1.0
 */
void
weir_pipeline_begin (WeirPipeline *self, WeirExchange *exchange)
{
  Run *run;

  g_return_if_fail (WEIR_IS_PIPELINE (self));
  g_return_if_fail (WEIR_IS_EXCHANGE (exchange));

  run = run_new ();
  *run = (Run){
    .pipeline = g_object_ref (self),
    .exchange = g_object_ref (exchange),
    .beginning = TRUE,
  };
  count_open (self, 1);
  __atomic_store_n (&self->total, self->total + 1, __ATOMIC_RELAXED);
  weir_exchange_set_finished (exchange, on_finished, run);
  weir_exchange_set_upgraded (exchange, on_upgraded);
  run_steps (run);

  run->beginning = FALSE;
  if (run->over)
    run_end (run);
  else /* what the adapter lent ends with this call */
    weir_head_retain (weir_exchange_get_request (exchange));
}
