/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-gate-private.h"

static void
on_activity (gpointer user_data)
{
  g_atomic_int_inc ((int *) user_data);
}

static void
test_lease (void)
{
  g_autoptr (WeirGate) gate = weir_gate_new (NULL, NULL, NULL);

  g_assert_true (weir_gate_lease (gate, G_MAXUINT));
  g_assert_true (weir_gate_lease (gate, G_MAXUINT));
  g_assert_cmpuint (weir_gate_get_in_flight (gate), ==, 2);
  g_assert_false (weir_gate_close_if_idle (gate));
  g_assert_false (weir_gate_is_closed (gate));
  weir_gate_release (gate);
  weir_gate_release (gate);
  g_assert_cmpuint (weir_gate_get_in_flight (gate), ==, 0);
  g_assert_true (weir_gate_close_if_idle (gate));
  g_assert_true (weir_gate_close_if_idle (gate));
  g_assert_true (weir_gate_is_closed (gate));
  g_assert_false (weir_gate_lease (gate, G_MAXUINT));
  g_assert_cmpuint (weir_gate_get_total (gate), ==, 2);
}

static void
test_close (void)
{
  g_autoptr (WeirGate) gate = weir_gate_new (NULL, NULL, NULL);

  weir_gate_lease (gate, G_MAXUINT);
  weir_gate_lease (gate, G_MAXUINT);
  g_assert_cmpuint (weir_gate_close (gate), ==, 2);
  g_assert_false (weir_gate_lease (gate, G_MAXUINT));
  weir_gate_release (gate);
  g_assert_cmpuint (weir_gate_close (gate), ==, 1);
  weir_gate_release (gate);
  g_assert_cmpuint (weir_gate_get_in_flight (gate), ==, 0);
}

static void
test_watch (void)
{
  int calls = 0;
  g_autoptr (WeirGate) gate = weir_gate_new (on_activity, &calls, NULL);

  weir_gate_lease (gate, G_MAXUINT);
  weir_gate_release (gate);
  g_assert_cmpint (calls, ==, 0);

  weir_gate_watch (gate);
  weir_gate_watch (gate);
  g_assert_cmpint (calls, ==, 0);
  weir_gate_lease (gate, G_MAXUINT);
  g_assert_cmpint (calls, ==, 1);
  weir_gate_lease (gate, G_MAXUINT);
  g_assert_cmpint (calls, ==, 1); /* one shot */
  weir_gate_watch (gate);
  g_assert_cmpint (calls, ==, 2); /* it is there already */

  weir_gate_close (gate);
  weir_gate_watch (gate);
  weir_gate_release (gate);
  g_assert_cmpint (calls, ==, 2);
  weir_gate_release (gate);
  g_assert_cmpint (calls, ==, 3);
  weir_gate_watch (gate);
  g_assert_cmpint (calls, ==, 4);
}

static void
test_watch_ends (void)
{
  int calls = 0;
  g_autoptr (WeirGate) idle = weir_gate_new (on_activity, &calls, NULL);
  g_autoptr (WeirGate) closed = weir_gate_new (on_activity, &calls, NULL);

  weir_gate_watch (idle);
  g_assert_true (weir_gate_close_if_idle (idle));
  weir_gate_watch (closed);
  g_assert_cmpuint (weir_gate_close (closed), ==, 0);
  g_assert_cmpint (calls, ==, 0);
}

static void
test_destroy (void)
{
  int calls = 0;
  WeirGate *gate = weir_gate_new (NULL, &calls, on_activity);

  weir_gate_ref (gate);
  weir_gate_unref (gate);
  g_assert_cmpint (calls, ==, 0);
  weir_gate_unref (gate);
  g_assert_cmpint (calls, ==, 1);
}

/* As many as there is time for: with one processor a round takes a slice of each thread. */
#define ROUNDS 20000
#define FEWEST 200
#define ENOUGH_US (5 * G_TIME_SPAN_SECOND)

typedef struct
{
  WeirGate *gates[ROUNDS];
  int calls[ROUNDS];
  int round; /* how far the control plane has come */
  int over;
  int late; /* leases that came after a closing that said idle */
  int closed_idle[ROUNDS];
} Stress;

static gpointer
lease_and_release (gpointer user_data)
{
  Stress *stress = user_data;

  for (int i = 0; i < ROUNDS; i++)
    {
      while (g_atomic_int_get (&stress->round) < i)
        {
          if (g_atomic_int_get (&stress->over))
            return NULL;
          g_thread_yield ();
        }
      while (TRUE)
        {
          gboolean gone = g_atomic_int_get (&stress->closed_idle[i]);

          if (!weir_gate_lease (stress->gates[i], G_MAXUINT))
            break;
          if (gone || g_atomic_int_get (&stress->closed_idle[i]))
            g_atomic_int_inc (&stress->late);
          weir_gate_release (stress->gates[i]);
        }
    }
  return NULL;
}

/* A socket is no lease: the gate closes while it is open. */
static void
test_sockets (void)
{
  g_autoptr (WeirGate) gate = weir_gate_new (NULL, NULL, NULL);

  g_assert_true (weir_gate_lease (gate, G_MAXUINT));
  weir_gate_add_socket (gate);
  weir_gate_release (gate);
  g_assert_cmpuint (weir_gate_get_sockets (gate), ==, 1);
  g_assert_cmpuint (weir_gate_get_in_flight (gate), ==, 0);
  g_assert_cmpint (weir_gate_get_blame (gate), ==, WEIR_BLAME_NOBODY);
  weir_gate_condemn (gate, WEIR_BLAME_ALL);
  weir_gate_condemn (gate, WEIR_BLAME_ONE); /* not any more */
  g_assert_cmpint (weir_gate_get_blame (gate), ==, WEIR_BLAME_ALL);
  g_assert_false (weir_gate_lease (gate, G_MAXUINT));
  weir_gate_remove_socket (gate);
  g_assert_cmpuint (weir_gate_get_sockets (gate), ==, 0);
}

static void
count (gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_most_leases (void)
{
  guint told = 0;
  g_autoptr (WeirGate) gate = weir_gate_new (count, &told, NULL);

  weir_gate_set_most_leases (gate, 3);
  g_assert_true (weir_gate_lease (gate, 1));
  g_assert_false (weir_gate_lease (gate, 1)); /* does not count */
  weir_gate_release (gate);
  g_assert_true (weir_gate_lease (gate, G_MAXUINT));
  g_assert_false (weir_gate_is_spent (gate));
  g_assert_cmpuint (told, ==, 0);
  g_assert_true (weir_gate_lease (gate, G_MAXUINT));
  g_assert_true (weir_gate_is_spent (gate));
  g_assert_true (weir_gate_is_closed (gate));
  g_assert_cmpuint (told, ==, 1);
  g_assert_false (weir_gate_lease (gate, G_MAXUINT));
  g_assert_cmpuint (weir_gate_get_total (gate), ==, 3);
  weir_gate_release (gate);
  weir_gate_release (gate);
}

static void
test_most (void)
{
  g_autoptr (WeirGate) gate = weir_gate_new (NULL, NULL, NULL);

  g_assert_true (weir_gate_lease (gate, 2));
  g_assert_true (weir_gate_lease (gate, 2));
  g_assert_false (weir_gate_lease (gate, 2));
  g_assert_cmpuint (weir_gate_get_total (gate), ==, 2);
  weir_gate_release (gate);
  g_assert_true (weir_gate_lease (gate, 2));
  weir_gate_release (gate);
  weir_gate_release (gate);

  g_assert_true (weir_gate_book_socket (gate, 1));
  g_assert_false (weir_gate_book_socket (gate, 1));
  g_assert_cmpuint (weir_gate_get_booked (gate), ==, 1);
  weir_gate_unbook_socket (gate);
  g_assert_true (weir_gate_book_socket (gate, 1));
  weir_gate_unbook_socket (gate);
}

#define N_THREADS 4
#define MOST 3
#define TURNS 20000

typedef struct
{
  WeirGate *gate;
  int in; /* atomic, as the next ones */
  int in_sockets;
  int too_many;
} Crowd;

static void
note (int *in, Crowd *crowd)
{
  if (g_atomic_int_add (in, 1) >= MOST)
    g_atomic_int_inc (&crowd->too_many);
}

static gpointer
come_and_go (gpointer user_data)
{
  Crowd *crowd = user_data;

  for (int i = 0; i < TURNS; i++)
    {
      if (weir_gate_lease (crowd->gate, MOST))
        {
          note (&crowd->in, crowd);
          g_atomic_int_add (&crowd->in, -1);
          weir_gate_release (crowd->gate);
        }
      if (weir_gate_book_socket (crowd->gate, MOST))
        {
          note (&crowd->in_sockets, crowd);
          g_atomic_int_add (&crowd->in_sockets, -1);
          weir_gate_unbook_socket (crowd->gate);
        }
    }
  return NULL;
}

/* Several data threads at once never take more than there may be. */
static void
test_most_of_all_threads (void)
{
  g_autoptr (WeirGate) gate = weir_gate_new (NULL, NULL, NULL);
  Crowd crowd = { .gate = gate };
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("data", come_and_go, &crowd);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (crowd.too_many, ==, 0);
  g_assert_cmpuint (weir_gate_get_in_flight (gate), ==, 0);
  g_assert_cmpuint (weir_gate_get_booked (gate), ==, 0);
  g_assert_cmpuint (weir_gate_get_total (gate), >, 0);
}

/* To spin for a while makes them meet; where there is one processor, only to yield helps. */
#define SPINS 1000

typedef struct
{
  WeirGate *gates[TURNS];
  int told[TURNS];
  int n_come; /* atomic */
} Race;

static void
meet (Race *race, int turn)
{
  g_atomic_int_inc (&race->n_come);
  for (guint i = 0; g_atomic_int_get (&race->n_come) < 2 * (turn + 1); i++)
    if (i >= SPINS)
      g_thread_yield ();
}

static gpointer
take_one_of_each (gpointer user_data)
{
  Race *race = user_data;

  for (int i = 0; i < TURNS; i++)
    {
      meet (race, i);
      weir_gate_lease (race->gates[i], G_MAXUINT);
    }
  return NULL;
}

/* Two data threads want the last two leases at the same moment. Whatever comes of it, a gate that
 * has closed by itself says why: nobody else would ever end its worker. */
static void
test_last_of_two_threads (void)
{
  g_autofree Race *race = g_new0 (Race, 1);
  GThread *thread;

  for (int i = 0; i < TURNS; i++)
    {
      race->gates[i] = weir_gate_new (on_activity, &race->told[i], NULL);
      weir_gate_set_most_leases (race->gates[i], 2);
    }
  thread = g_thread_new ("data", take_one_of_each, race);
  take_one_of_each (race);
  g_thread_join (thread);
  for (int i = 0; i < TURNS; i++)
    {
      WeirGate *gate = race->gates[i];

      g_assert_cmpuint (weir_gate_get_in_flight (gate), >, 0);
      g_assert_true (weir_gate_is_closed (gate));
      g_assert_true (weir_gate_is_spent (gate));
      g_assert_cmpint (race->told[i], ==, 1);
      weir_gate_unref (gate);
    }
}

/* The data plane takes leases as fast as it can while the control plane closes the gate,
 * in both ways, with a watch that must be answered in each case. */
static void
test_stress (void)
{
  g_autofree Stress *stress = g_new0 (Stress, 1);
  gint64 end = g_get_monotonic_time () + ENOUGH_US;
  GThread *thread;
  int rounds = 0;

  for (int i = 0; i < ROUNDS; i++)
    stress->gates[i] = weir_gate_new (on_activity, &stress->calls[i], NULL);
  thread = g_thread_new ("data", lease_and_release, stress);

  for (int i = 0; i < ROUNDS && (i < FEWEST || g_get_monotonic_time () < end); i++, rounds++)
    {
      WeirGate *gate = stress->gates[i];

      g_atomic_int_set (&stress->round, i);
      weir_gate_watch (gate);
      while (g_atomic_int_get (&stress->calls[i]) == 0) /* the first lease is told */
        g_thread_yield ();
      g_assert_cmpint (g_atomic_int_get (&stress->calls[i]), ==, 1);

      if (i % 2 == 0)
        {
          while (!weir_gate_close_if_idle (gate))
            ;
          g_atomic_int_set (&stress->closed_idle[i], TRUE);
          g_assert_cmpuint (weir_gate_get_in_flight (gate), ==, 0);
        }
      else
        {
          weir_gate_close (gate);
          weir_gate_watch (gate);
          while (g_atomic_int_get (&stress->calls[i]) == 1) /* and the last release */
            g_thread_yield ();
          g_assert_cmpuint (weir_gate_get_in_flight (gate), ==, 0);
        }
    }
  g_atomic_int_set (&stress->over, TRUE);
  g_thread_join (thread);
  g_test_message ("%d rounds", rounds);
  g_assert_cmpint (stress->late, ==, 0);
  for (int i = 0; i < rounds; i++)
    g_assert_cmpint (stress->calls[i], ==, i % 2 == 0 ? 1 : 2);
  for (int i = 0; i < ROUNDS; i++)
    weir_gate_unref (stress->gates[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/gate/lease", test_lease);
  g_test_add_func ("/gate/close", test_close);
  g_test_add_func ("/gate/watch", test_watch);
  g_test_add_func ("/gate/watch-ends", test_watch_ends);
  g_test_add_func ("/gate/destroy", test_destroy);
  g_test_add_func ("/gate/sockets", test_sockets);
  g_test_add_func ("/gate/most", test_most);
  g_test_add_func ("/gate/most-leases", test_most_leases);
  g_test_add_func ("/gate/most-of-all-threads", test_most_of_all_threads);
  g_test_add_func ("/gate/last-of-two-threads", test_last_of_two_threads);
  g_test_add_func ("/gate/stress", test_stress);
  return g_test_run ();
}
