/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-auth-stage-private.h"
#include "http/weir-concurrent.h"
#include "http/weir-pipeline-private.h"
#include "weir-fake-transport.h"

#define N_THREADS 3
#define N_REQUESTS 400

/* A stage that two threads would upset. */
#define TEST_TYPE_COUNTER (test_counter_get_type ())
G_DECLARE_DERIVABLE_TYPE (TestCounter, test_counter, TEST, COUNTER, GObject)

struct _TestCounterClass
{
  GObjectClass parent_class;
};

static int n_inside;      /* atomic, as the next one */
static int most_inside;   /* of both kinds of stages together */
static guint n_processed; /* not atomic */

static void
enter (void)
{
  int inside = g_atomic_int_add (&n_inside, 1) + 1;

  if (inside > g_atomic_int_get (&most_inside))
    g_atomic_int_set (&most_inside, inside);
  n_processed++;
  g_thread_yield ();
  g_atomic_int_add (&n_inside, -1);
}

static WeirStageResult
test_counter_process (WeirStage *stage, WeirExchange *exchange)
{
  enter ();
  return WEIR_STAGE_CONTINUE;
}

static WeirAuthentication
test_counter_try (WeirAuthenticator *authenticator,
                  WeirExchange *exchange,
                  WeirIdentity **identity,
                  GError **error)
{
  enter ();
  return WEIR_AUTHENTICATION_NONE;
}

static void
test_counter_stage_init (WeirStageInterface *iface)
{
  iface->process = test_counter_process;
}

static void
test_counter_authenticator_init (WeirAuthenticatorInterface *iface)
{
  iface->try_authenticate = test_counter_try;
}

G_DEFINE_TYPE_WITH_CODE (TestCounter,
                         test_counter,
                         G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, test_counter_stage_init)
                             G_IMPLEMENT_INTERFACE (WEIR_TYPE_AUTHENTICATOR,
                                                    test_counter_authenticator_init))

static void
test_counter_class_init (TestCounterClass *klass)
{
}

static void
test_counter_init (TestCounter *self)
{
}

/* One that says that they would not. */
#define TEST_TYPE_CALM (test_calm_get_type ())
G_DECLARE_FINAL_TYPE (TestCalm, test_calm, TEST, CALM, TestCounter)

struct _TestCalm
{
  TestCounter parent_instance;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (TestCalm,
                               test_calm,
                               TEST_TYPE_COUNTER,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

static void
test_calm_class_init (TestCalmClass *klass)
{
}

static void
test_calm_init (TestCalm *self)
{
}

static void
test_says (void)
{
  g_autoptr (GObject) counter = g_object_new (TEST_TYPE_COUNTER, NULL);
  g_autoptr (GObject) calm = g_object_new (TEST_TYPE_CALM, NULL);
  g_autoptr (WeirAuthStage) of_counter =
      weir_auth_stage_new (WEIR_AUTHENTICATOR (counter), "counter");
  g_autoptr (WeirAuthStage) of_calm = weir_auth_stage_new (WEIR_AUTHENTICATOR (calm), "calm");

  g_assert_false (weir_concurrent_check (counter));
  g_assert_true (weir_concurrent_check (calm));
  g_assert_false (weir_concurrent_check (G_OBJECT (of_counter)));
  g_assert_true (weir_concurrent_check (G_OBJECT (of_calm)));
}

typedef struct
{
  GPtrArray *stages;
  int *n_ready; /* atomic */
} Lane;

/* As a data thread: a pipeline of its own, of stages that others have as well. */
static gpointer
run (gpointer user_data)
{
  Lane *lane = user_data;
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  g_autoptr (WeirPipeline) pipeline = weir_pipeline_new (fake->context);

  weir_pipeline_set_shared (pipeline, TRUE);
  for (guint i = 0; i < lane->stages->len; i++)
    weir_pipeline_add_stage (pipeline, lane->stages->pdata[i]);
  g_atomic_int_inc (lane->n_ready);
  while (g_atomic_int_get (lane->n_ready) < N_THREADS)
    g_thread_yield ();

  for (guint i = 0; i < N_REQUESTS; i++)
    {
      g_autoptr (FakeTransport) client = fake_transport_new ();

      fake_transport_request (client, "GET", "/", NULL, 0, NULL);
      weir_exchange_set_auth_policy (client->exchange, WEIR_AUTH_OPTIONAL);
      weir_pipeline_begin (pipeline, client->exchange);
      g_assert_cmpuint (client->status, ==, 404);
    }
  g_assert_cmpuint (weir_pipeline_get_total (pipeline), ==, N_REQUESTS);
  g_assert_cmpuint (weir_pipeline_get_open (pipeline), ==, 0);
  return NULL;
}

/* A stage and an authenticator that know nothing of threads: one call at a time, of both. */
static void
test_turns (void)
{
  g_autoptr (GObject) stage = g_object_new (TEST_TYPE_COUNTER, NULL);
  g_autoptr (GObject) authenticator = g_object_new (TEST_TYPE_COUNTER, NULL);
  g_autoptr (GPtrArray) stages = g_ptr_array_new_with_free_func (g_object_unref);
  GThread *threads[N_THREADS];
  int n_ready = 0;
  Lane lane = { stages, &n_ready };

  g_ptr_array_add (stages, g_object_ref (stage));
  g_ptr_array_add (stages, weir_auth_stage_new (WEIR_AUTHENTICATOR (authenticator), "counter"));
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("data", run, &lane);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (most_inside, ==, 1);
  g_assert_cmpuint (n_processed, ==, 2 * N_THREADS * N_REQUESTS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/concurrent/says", test_says);
  g_test_add_func ("/concurrent/turns", test_turns);
  return g_test_run ();
}
