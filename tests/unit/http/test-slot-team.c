/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "http/weir-exchange-private.h"
#include "http/weir-slot-team-private.h"
#include "weir-fake-transport.h"
#include "weir-fake-upstream.h"

/* As in the slot: so many may be served before one who came earlier on another thread. */
#define MOST_OVERTAKEN 32
#define MOST_SLOTS 4

/* A function with a worker that all data threads lease from. */
typedef struct
{
  WeirGate *gate;
  WeirSlotTeam *team;
  WeirSlot *slots[MOST_SLOTS];
  WeirUpstream *workers[MOST_SLOTS];
  FakeTransport *loops[MOST_SLOTS]; /* for the engines */
  guint n_slots;
} Team;

static void
on_demand (WeirSlot *slot, gboolean wanted, gpointer user_data)
{
}

static WeirFunction *
make_function (gint64 max_concurrency, gint64 queue_size)
{
  const char *const names[] = { "max_concurrency", "queue_size", "queue_timeout_ms" };
  const gint64 numbers[] = { max_concurrency, queue_size, 0 };
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_hash_table_insert (values,
                         g_strdup (names[i]),
                         g_variant_ref_sink (g_variant_new_int64 (numbers[i])));
  settings = weir_settings_new (values, origins);
  return g_object_new (WEIR_TYPE_FUNCTION, "name", "hello", "settings", settings, NULL);
}

static void
team_set_up (Team *self, guint n_slots, gint64 max_concurrency, gint64 queue_size)
{
  g_autoptr (WeirFunction) function = make_function (max_concurrency, queue_size);

  *self = (Team){ .n_slots = n_slots };
  self->gate = weir_gate_new (NULL, NULL, NULL);
  self->team = weir_slot_team_new (n_slots);
  for (guint i = 0; i < n_slots; i++)
    {
      self->loops[i] = fake_transport_new ();
      self->workers[i] = fake_upstream_new (self->gate);
      self->slots[i] =
          weir_slot_new_in_team (self->team, i, self->loops[i]->engine, "hello", on_demand, NULL);
      weir_slot_set_function (self->slots[i], function);
      weir_slot_add_upstream (self->slots[i], self->workers[i]);
    }
}

static void
team_tear_down (Team *self)
{
  g_assert_cmpuint (weir_gate_get_in_flight (self->gate), ==, 0);
  g_assert_cmpuint (weir_slot_team_get_n_waiting (self->team), ==, 0);
  for (guint i = 0; i < self->n_slots; i++)
    {
      weir_slot_clear (self->slots[i]);
      weir_slot_unref (self->slots[i]);
      weir_upstream_unref (self->workers[i]);
      fake_transport_free (self->loops[i]);
    }
  weir_slot_team_unref (self->team);
  weir_gate_unref (self->gate);
}

static FakeTransport *
send_target (Team *self, guint slot, const char *target)
{
  FakeTransport *client = fake_transport_new ();

  fake_transport_request (client, "GET", target, NULL, 0, NULL);
  weir_slot_dispatch (self->slots[slot], client->exchange);
  return client;
}

static FakeTransport *
send_to (Team *self, guint slot)
{
  return send_target (self, slot, "/hello");
}

static guint
get_n_calls (Team *self, guint slot)
{
  return fake_upstream_get_n_calls (self->workers[slot]);
}

static void
answer_nth (Team *self, guint slot, guint n)
{
  fake_call_answer (fake_upstream_get_call (self->workers[slot], n));
}

/* All threads that have something to do do it. */
static void
turn (Team *self)
{
  gboolean busy = TRUE;

  while (busy)
    {
      busy = FALSE;
      for (guint i = 0; i < self->n_slots; i++)
        while (g_main_context_iteration (self->loops[i]->context, FALSE))
          busy = TRUE;
    }
}

static void
assert_over (FakeTransport *client, guint status)
{
  g_assert_cmpuint (client->status, ==, status);
  fake_transport_free (client);
}

static void
test_bound_of_leases (void)
{
  Team team;
  FakeTransport *clients[3];

  team_set_up (&team, 2, 2, 10);
  clients[0] = send_to (&team, 0);
  clients[1] = send_to (&team, 1);
  clients[2] = send_to (&team, 0);
  turn (&team);
  g_assert_cmpuint (get_n_calls (&team, 0), ==, 1);
  g_assert_cmpuint (get_n_calls (&team, 1), ==, 1);
  g_assert_cmpuint (weir_slot_team_get_n_waiting (team.team), ==, 1);

  answer_nth (&team, 1, 0); /* room that was made on the other thread */
  g_assert_cmpuint (get_n_calls (&team, 0), ==, 1);
  turn (&team);
  g_assert_cmpuint (get_n_calls (&team, 0), ==, 2);
  answer_nth (&team, 0, 0);
  answer_nth (&team, 0, 1);
  for (guint i = 0; i < 3; i++)
    assert_over (clients[i], 200);
  team_tear_down (&team);
}

static void
test_bound_of_queue (void)
{
  g_autoptr (GError) error = g_error_new (WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, "no");
  Team team;
  FakeTransport *clients[5];

  team_set_up (&team, 2, 1, 2);
  for (guint i = 0; i < 4; i++)
    clients[i] = send_to (&team, i % 2);
  g_assert_cmpuint (weir_slot_team_get_n_waiting (team.team), ==, 2);
  assert_over (clients[3], 503);

  /* A place that one leaves can be had from the other thread. */
  weir_exchange_disconnect (clients[1]->exchange, NULL);
  g_assert_cmpuint (weir_slot_team_get_n_waiting (team.team), ==, 1);
  clients[3] = send_to (&team, 0);
  clients[4] = send_to (&team, 1);
  assert_over (clients[4], 503);
  weir_slot_fail (team.slots[0], error);
  g_assert_cmpuint (weir_slot_team_get_n_waiting (team.team), ==, 0);
  assert_over (clients[1], 0);
  assert_over (clients[2], 503);
  assert_over (clients[3], 503);
  answer_nth (&team, 0, 0);
  assert_over (clients[0], 200);
  team_tear_down (&team);
}

/* Who comes while others wait, on whatever thread, comes after them. */
static void
test_no_way_past_the_queue (void)
{
  Team team;
  FakeTransport *clients[3];

  team_set_up (&team, 2, 1, 10);
  clients[0] = send_to (&team, 0);
  clients[1] = send_to (&team, 1);
  answer_nth (&team, 0, 0);
  clients[2] = send_to (&team, 0); /* there is room, for somebody else */
  g_assert_cmpuint (get_n_calls (&team, 0), ==, 1);
  turn (&team);
  g_assert_cmpuint (get_n_calls (&team, 0) + get_n_calls (&team, 1), ==, 2);
  g_assert_cmpuint (weir_gate_get_in_flight (team.gate), ==, 1);
  if (get_n_calls (&team, 1) == 1)
    answer_nth (&team, 1, 0);
  else
    answer_nth (&team, 0, 1);
  turn (&team);
  if (get_n_calls (&team, 1) == 1 && clients[1]->status == 0)
    answer_nth (&team, 1, 0);
  else
    answer_nth (&team, 0, 1);
  for (guint i = 0; i < 3; i++)
    assert_over (clients[i], 200);
  team_tear_down (&team);
}

/* One who came first on a thread that makes no room itself. */
static void
test_few_are_faster (void)
{
  Team team;
  FakeTransport *first;
  FakeTransport *clients[3 * MOST_OVERTAKEN];
  guint n = G_N_ELEMENTS (clients);
  guint n_before = 0;

  team_set_up (&team, 2, 1, 1000);
  clients[0] = send_to (&team, 0);
  first = send_to (&team, 1);
  for (guint i = 1; i < n; i++)
    clients[i] = send_to (&team, 0);
  while (get_n_calls (&team, 1) == 0)
    {
      answer_nth (&team, 0, n_before++);
      g_assert_cmpuint (n_before, <=, MOST_OVERTAKEN + 1);
      turn (&team);
    }
  g_assert_cmpuint (n_before, >, 1); /* or each hand-over would cost a turn of two loops */
  answer_nth (&team, 1, 0);
  assert_over (first, 200);
  for (guint i = n_before; i < n; i++)
    {
      turn (&team);
      answer_nth (&team, 0, i);
    }
  for (guint i = 0; i < n; i++)
    assert_over (clients[i], 200);
  team_tear_down (&team);
}

/* What is called when nobody is there any more gives the room to the next. */
static void
test_called_in_vain (void)
{
  Team team;
  FakeTransport *clients[4];

  team_set_up (&team, 3, 1, 10);
  for (guint i = 0; i < 4; i++)
    clients[i] = send_to (&team, MIN (i, 2));
  answer_nth (&team, 0, 0);
  while (g_main_context_iteration (team.loops[0]->context, FALSE))
    ; /* the second slot is called */
  weir_exchange_disconnect (clients[1]->exchange, NULL);
  assert_over (clients[1], 0);
  turn (&team);
  g_assert_cmpuint (get_n_calls (&team, 1), ==, 0);
  g_assert_cmpuint (get_n_calls (&team, 2), ==, 1);
  answer_nth (&team, 2, 0);
  turn (&team);
  answer_nth (&team, 2, 1);
  assert_over (clients[0], 200);
  assert_over (clients[2], 200);
  assert_over (clients[3], 200);
  team_tear_down (&team);
}

/* A slot can go while others in its team stay. */
static void
test_gone (void)
{
  g_autoptr (WeirSlotTeam) team = weir_slot_team_new (2);
  g_autoptr (FakeTransport) loop = fake_transport_new ();
  WeirSlot *slots[2];
  WeirSlot *held;

  for (guint i = 0; i < 2; i++)
    slots[i] = weir_slot_new_in_team (team, i, loop->engine, "hello", on_demand, NULL);
  held = weir_slot_team_ref_slot (team, 1);
  g_assert_true (held == slots[1]);
  weir_slot_unref (held);
  weir_slot_unref (slots[1]);
  g_assert_null (weir_slot_team_ref_slot (team, 1));
  weir_slot_unref (slots[0]);
}

/* ---- with threads ---- */

#define MOST_LEASES 2
#define MANY 48
#define N_REQUESTS 1500

typedef struct _Crowd Crowd;

typedef struct
{
  Crowd *crowd;
  guint index;
  guint n_clients;          /* at one time */
  GPtrArray *clients;       /* FakeTransport */
  guint64 came[N_REQUESTS]; /* how many leases there had been when it began to wait */
  guint n_sent;
  guint n_answered;
  guint most_ahead; /* leases that others got while one waited here */
} Thread;

struct _Crowd
{
  Team team;
  Thread threads[MOST_SLOTS];
  int n_left; /* atomic: threads that are not done */
};

static void
send_all (Thread *self)
{
  Team *team = &self->crowd->team;

  while (self->clients->len < self->n_clients && self->n_sent < N_REQUESTS)
    {
      g_autofree char *target = g_strdup_printf ("/%u", self->n_sent);

      g_ptr_array_add (self->clients, send_target (team, self->index, target));
      self->came[self->n_sent++] = weir_gate_get_total (team->gate);
    }
}

static void
note_ahead (Thread *self, const WeirUpstreamCall *call)
{
  guint64 n = g_ascii_strtoull (strrchr (call->request, '/') + 1, NULL, 10);
  guint64 came = self->came[n];

  if (call->n_leases > came)
    self->most_ahead = MAX (self->most_ahead, (guint) (call->n_leases - came - 1));
}

/* The worker's part: answers all that it was asked so far. */
static gboolean
answer_all (Thread *self)
{
  Team *team = &self->crowd->team;
  guint before = self->n_answered;

  g_assert_cmpuint (weir_gate_get_in_flight (team->gate), <=, MOST_LEASES);
  while (self->n_answered < get_n_calls (team, self->index))
    {
      WeirUpstreamCall *call =
          fake_upstream_get_call (team->workers[self->index], self->n_answered++);

      note_ahead (self, call);
      fake_call_answer (call);
    }
  return self->n_answered > before;
}

static void
reap (Thread *self)
{
  for (guint i = self->clients->len; i > 0; i--)
    {
      FakeTransport *client = self->clients->pdata[i - 1];

      if (client->status == 0)
        continue;
      assert_over (client, 200);
      g_ptr_array_remove_index_fast (self->clients, i - 1);
    }
}

/* Sleeps when there is nothing to do: if somebody who makes room forgot this thread, for ever. */
static gpointer
run (gpointer user_data)
{
  Thread *self = user_data;
  GMainContext *context = self->crowd->team.loops[self->index]->context;

  while (self->n_answered < N_REQUESTS)
    {
      gboolean progress;

      send_all (self);
      progress = answer_all (self);
      reap (self);
      g_main_context_iteration (context, !progress);
    }
  reap (self);
  g_assert_cmpuint (self->clients->len, ==, 0);
  g_atomic_int_add (&self->crowd->n_left, -1);
  while (g_atomic_int_get (&self->crowd->n_left) > 0)
    if (!g_main_context_iteration (context, FALSE))
      g_thread_yield ();
  return NULL;
}

/* One thread has a crowd, the others have a few clients each, who must not starve: before one who
 * waits come those who were there before, few of those who came later, and whoever the threads
 * were busy with meanwhile. */
static void
test_nobody_starves (void)
{
  g_autofree Crowd *crowd = g_new0 (Crowd, 1);
  const guint n_clients[] = { MANY, 1, 3 };
  const guint n_threads = G_N_ELEMENTS (n_clients);
  guint most = MOST_OVERTAKEN + 2 * MOST_LEASES + n_threads;
  GThread *threads[MOST_SLOTS];

  team_set_up (&crowd->team, n_threads, MOST_LEASES, 1000);
  crowd->n_left = n_threads;
  for (guint i = 0; i < n_threads; i++)
    {
      crowd->threads[i].crowd = crowd;
      crowd->threads[i].index = i;
      crowd->threads[i].n_clients = n_clients[i];
      crowd->threads[i].clients = g_ptr_array_new ();
      most += n_clients[i];
    }
  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("data", run, &crowd->threads[i]);
  for (guint i = 0; i < n_threads; i++)
    {
      g_thread_join (threads[i]);
      g_test_message ("thread %u: %u ahead", i, crowd->threads[i].most_ahead);
    }
  for (guint i = 0; i < n_threads; i++)
    {
      g_assert_cmpuint (crowd->threads[i].n_answered, ==, N_REQUESTS);
      g_assert_cmpuint (crowd->threads[i].most_ahead, <=, most);
      g_ptr_array_unref (crowd->threads[i].clients);
    }
  g_assert_cmpuint (weir_gate_get_total (crowd->team.gate), ==, n_threads * N_REQUESTS);
  team_tear_down (&crowd->team);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/slot-team/bound-of-leases", test_bound_of_leases);
  g_test_add_func ("/slot-team/bound-of-queue", test_bound_of_queue);
  g_test_add_func ("/slot-team/no-way-past-the-queue", test_no_way_past_the_queue);
  g_test_add_func ("/slot-team/few-are-faster", test_few_are_faster);
  g_test_add_func ("/slot-team/called-in-vain", test_called_in_vain);
  g_test_add_func ("/slot-team/gone", test_gone);
  g_test_add_func ("/slot-team/nobody-starves", test_nobody_starves);
  return g_test_run ();
}
