/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of those that were lost with their worker brought it down, and that the others are
 * answered all the same. */

#include "http/weir-slot-struct-private.h"
#include "weir-fake-transport.h"
#include "weir-fake-upstream.h"

#define MAX_WORKERS 64
#define MAX_CLIENTS 8

typedef struct
{
  FakeTransport *fake; /* its engine is the slot's */
  WeirSlotTeam *team;
  WeirSlot *slot;
  guint demands;
  WeirUpstream *workers[MAX_WORKERS];
  guint n_workers;
  FakeTransport *clients[MAX_CLIENTS];
} Fixture;

static void
on_demand (WeirSlot *slot, gboolean wanted, gpointer user_data)
{
  ((Fixture *) user_data)->demands += wanted;
}

static void
on_activity (gpointer user_data)
{
}

static void
set_max_workers (WeirSlot *slot, guint n)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;
  g_autoptr (WeirFunction) function = NULL;

  g_hash_table_insert (values,
                       g_strdup ("max_workers"),
                       g_variant_ref_sink (g_variant_new_int64 (n)));
  g_hash_table_insert (origins, g_strdup ("max_workers"), g_strdup ("test"));
  settings = weir_settings_new (values, origins);
  function = g_object_new (WEIR_TYPE_FUNCTION, "name", "hello", "settings", settings, NULL);
  weir_slot_set_function (slot, function);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  *self = (Fixture){ 0 };
  self->fake = fake_transport_new ();
  self->team = weir_slot_team_new (2);
  self->slot = weir_slot_new_in_team (self->team, 0, self->fake->engine, "hello", on_demand, self);
  set_max_workers (self->slot, 1);
}

static WeirGate *
get_gate (Fixture *self, guint worker)
{
  return weir_upstream_get_gate (self->workers[worker]);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < MAX_CLIENTS; i++)
    if (self->clients[i] != NULL)
      {
        weir_exchange_disconnect (self->clients[i]->exchange, NULL);
        fake_transport_free (self->clients[i]);
      }
  fake_transport_turn (self->fake);
  weir_slot_clear (self->slot);
  fake_transport_turn (self->fake);
  for (guint i = 0; i < self->n_workers; i++)
    {
      g_assert_cmpuint (weir_gate_get_in_flight (get_gate (self, i)), ==, 0);
      g_assert_false (weir_gate_is_reserved (get_gate (self, i)));
      weir_upstream_unref (self->workers[i]);
    }
  weir_slot_unref (self->slot);
  weir_slot_team_unref (self->team);
  fake_transport_free (self->fake);
}

/* owner: (nullable) who has reserved it */
static guint
add_reserved_worker (Fixture *self, gpointer owner)
{
  WeirGate *gate = weir_gate_new (on_activity, NULL, NULL);

  g_assert_cmpuint (self->n_workers, <, MAX_WORKERS);
  if (owner != NULL)
    g_assert_true (weir_gate_reserve (gate, owner));
  self->workers[self->n_workers] = fake_upstream_new (gate);
  weir_gate_unref (gate);
  weir_slot_add_upstream (self->slot, self->workers[self->n_workers]);
  return self->n_workers++;
}

static guint
add_worker (Fixture *self)
{
  return add_reserved_worker (self, NULL);
}

static void
ask (Fixture *self, guint client)
{
  g_autofree char *target = g_strdup_printf ("/%u", client);

  self->clients[client] = fake_transport_new ();
  fake_transport_request (self->clients[client], "GET", target, NULL, 0, NULL);
  weir_slot_dispatch (self->slot, self->clients[client]->exchange);
}

/* The last call of that client to that worker, or NULL. */
static WeirUpstreamCall *
find_call (Fixture *self, guint worker, guint client)
{
  g_autofree char *end = g_strdup_printf ("/%u", client);

  for (guint n = fake_upstream_get_n_calls (self->workers[worker]); n > 0; n--)
    {
      WeirUpstreamCall *call = fake_upstream_get_call (self->workers[worker], n - 1);

      if (g_str_has_suffix (call->request, end) && call->state == FAKE_CALL_OPEN)
        return call;
    }
  return NULL;
}

static void
answer (Fixture *self, guint worker, guint client)
{
  WeirUpstreamCall *call = find_call (self, worker, client);

  g_assert_nonnull (call);
  fake_call_head (call, 200, 0);
  fake_call_end (call);
  fake_transport_turn (self->fake);
}

/* Whom it has now, in the order of their names. */
static void
assert_has (Fixture *self, guint worker, const char *clients)
{
  g_autoptr (GString) has = g_string_new (NULL);

  for (guint i = 0; i < MAX_CLIENTS; i++)
    if (find_call (self, worker, i) != NULL)
      g_string_append_printf (has, "%u", i);
  g_assert_cmpstr (has->str, ==, clients);
}

static void
kill_worker (Fixture *self, guint worker, WeirBlame blame, guint unread)
{
  g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR, WEIR_ERROR_WORKER_LIMIT, "Too much");
  g_autoptr (WeirGate) gate = weir_gate_ref (get_gate (self, worker));

  weir_gate_condemn (gate, blame);
  for (guint i = 0; i < MAX_CLIENTS; i++)
    {
      WeirUpstreamCall *call = find_call (self, worker, i);

      if (call == NULL)
        continue;
      call->unread = (unread & (1 << i)) != 0;
      fake_call_fail (call, WEIR_ERROR_WORKER_FAILED, TRUE);
    }
  weir_slot_remove_upstream (self->slot, gate);
  weir_slot_set_exit_error (self->slot, gate, error);
  fake_transport_turn (self->fake);
}

static void
assert_status (Fixture *self, guint client, guint status)
{
  g_assert_cmpuint (self->clients[client]->status, ==, status);
}

static void
test_one_of_them (Fixture *self, gconstpointer data)
{
  guint worker = add_worker (self);

  for (guint i = 0; i < 3; i++)
    ask (self, i);
  kill_worker (self, worker, WEIR_BLAME_ONE, 1 << 2);
  ask (self, 3); /* has to wait until it is over */
  g_assert_cmpuint (self->demands, ==, 1);

  worker = add_worker (self);
  assert_has (self, worker, "2");
  answer (self, worker, 2);
  assert_has (self, worker, "1");
  kill_worker (self, worker, WEIR_BLAME_ONE, 0);
  assert_status (self, 1, 546);

  worker = add_worker (self);
  assert_has (self, worker, "0");
  answer (self, worker, 0);
  assert_has (self, worker, "3");
  answer (self, worker, 3);
  for (guint i = 0; i < 4; i++)
    assert_status (self, i, i == 1 ? 546 : 200);
}

/* Nobody else can have been it. */
static void
test_only_one_was_read (Fixture *self, gconstpointer data)
{
  guint worker = add_worker (self);

  ask (self, 0);
  ask (self, 1);
  kill_worker (self, worker, WEIR_BLAME_ONE, 1 << 1);
  assert_status (self, 0, 546);
  worker = add_worker (self);
  answer (self, worker, 1);
  assert_status (self, 1, 200);
}

static void
test_all_of_them (Fixture *self, gconstpointer data)
{
  guint worker = add_worker (self);

  ask (self, 0);
  ask (self, 1);
  kill_worker (self, worker, WEIR_BLAME_ALL, 0);
  assert_status (self, 0, 546);
  assert_status (self, 1, 546);
}

/* Those before may have left so much behind that the last one had too little. */
static void
test_whole_life (Fixture *self, gconstpointer data)
{
  guint worker = add_worker (self);

  ask (self, 0);
  answer (self, worker, 0);
  ask (self, 1);
  kill_worker (self, worker, WEIR_BLAME_LIFE, 0);
  assert_status (self, 1, 0);
  worker = add_worker (self);
  assert_has (self, worker, "1");
  kill_worker (self, worker, WEIR_BLAME_LIFE, 0);
  assert_status (self, 1, 546);

  worker = add_worker (self);
  ask (self, 2); /* its first */
  kill_worker (self, worker, WEIR_BLAME_LIFE, 0);
  assert_status (self, 2, 546);
}

/* The worker may still be busy with one whose client has gone: the other may not be it. */
static void
test_one_has_left (Fixture *self, gconstpointer data)
{
  guint worker = add_worker (self);

  ask (self, 0);
  ask (self, 1);
  weir_exchange_disconnect (self->clients[0]->exchange, NULL);
  kill_worker (self, worker, WEIR_BLAME_ONE, 0);
  assert_status (self, 1, 0);
  worker = add_worker (self);
  answer (self, worker, 1);
  assert_status (self, 1, 200);
}

/* That the connection was gone does not make it two. */
static void
test_reconnected (Fixture *self, gconstpointer data)
{
  guint worker = add_worker (self);

  ask (self, 0);
  fake_call_fail (find_call (self, worker, 0), WEIR_ERROR_WORKER_FAILED, TRUE);
  g_assert_nonnull (find_call (self, worker, 0));
  kill_worker (self, worker, WEIR_BLAME_ONE, 1 << 0);
  assert_status (self, 0, 546);
}

static void
test_nobody (Fixture *self, gconstpointer data)
{
  ask (self, 0);
  for (guint lives = 1; lives < 4; lives++)
    {
      guint worker = add_worker (self);

      assert_status (self, 0, 0);
      assert_has (self, worker, "0");
      kill_worker (self, worker, WEIR_BLAME_NOBODY, 0);
    }
  assert_status (self, 0, 546);
}

static void
wait_for_calls (Fixture *self, guint worker, guint n)
{
  while (fake_upstream_get_n_calls (self->workers[worker]) < n)
    g_main_context_iteration (self->fake->context, TRUE);
}

/* Those who take long are joined by more and more. */
static void
test_patience (Fixture *self, gconstpointer data)
{
  guint worker = add_worker (self);

  for (guint i = 0; i < 7; i++)
    ask (self, i);
  kill_worker (self, worker, WEIR_BLAME_ONE, 0);
  ask (self, 7);
  worker = add_worker (self);
  assert_has (self, worker, "6");
  wait_for_calls (self, worker, 3);
  assert_has (self, worker, "456");
  wait_for_calls (self, worker, 7);
  assert_has (self, worker, "0123456");
  wait_for_calls (self, worker, 8); /* who has not been on trial */
  for (guint i = 0; i < 8; i++)
    answer (self, worker, i);
}

static void
test_leaves_and_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, "Syntax");
  guint worker = add_worker (self);

  for (guint i = 0; i < 4; i++)
    ask (self, i);
  kill_worker (self, worker, WEIR_BLAME_ONE, 0);
  weir_exchange_disconnect (self->clients[2]->exchange, NULL);
  worker = add_worker (self);
  weir_exchange_disconnect (self->clients[3]->exchange, NULL); /* on trial */
  fake_transport_turn (self->fake);
  assert_has (self, worker, "1");
  weir_slot_remove_upstream (self->slot, get_gate (self, worker));
  weir_slot_fail (self->slot, error);
  fake_transport_turn (self->fake);
  assert_status (self, 0, 503);
  assert_status (self, 1, 0); /* drains there */
  ask (self, 4);
  worker = add_worker (self);
  answer (self, worker, 4);
}

/* What one data thread has reserved is nothing for another. */
static void
test_two_threads (Fixture *self, gconstpointer data)
{
  WeirSlot *other =
      weir_slot_new_in_team (self->team, 1, self->fake->engine, "hello", on_demand, self);
  guint worker = add_worker (self);

  ask (self, 0);
  ask (self, 1);
  kill_worker (self, worker, WEIR_BLAME_ONE, 0);
  worker = add_worker (self);
  set_max_workers (other, 1);
  weir_slot_add_upstream (other, self->workers[worker]);
  self->clients[2] = fake_transport_new ();
  fake_transport_request (self->clients[2], "GET", "/2", NULL, 0, NULL);
  weir_slot_dispatch (other, self->clients[2]->exchange);
  assert_has (self, worker, "1");
  answer (self, worker, 1);
  assert_has (self, worker, "0");
  answer (self, worker, 0);
  fake_transport_turn (self->fake);
  assert_has (self, worker, "2");
  answer (self, worker, 2);
  weir_slot_clear (other);
  fake_transport_turn (self->fake);
  weir_slot_unref (other);
}

/* Who waits for what another data thread has reserved, and leaves, leaves nothing behind: the slot
 * may go the next moment. */
static void
test_leaves_before_a_court (Fixture *self, gconstpointer data)
{
  guint worker = add_worker (self);

  ask (self, 0);
  ask (self, 1);
  kill_worker (self, worker, WEIR_BLAME_ONE, 0);
  worker = add_reserved_worker (self, self->team);
  g_assert_true (weir_engine_is_armed (self->fake->engine, &self->slot->patience));
  for (guint i = 0; i < 2; i++)
    weir_exchange_disconnect (self->clients[i]->exchange, NULL);
  fake_transport_turn (self->fake);
  g_assert_false (weir_engine_is_armed (self->fake->engine, &self->slot->patience));
  weir_gate_unreserve (get_gate (self, worker), self->team);
}

/* ---- whatever workers do ---- */

typedef struct
{
  gboolean guilty[MAX_CLIENTS];
  guint read[MAX_CLIENTS]; /* the worker that did, and 1 more; 0: none */
  guint stuck[2];          /* likewise: by whom */
  guint seats[2];
} Model;

static void
renew (Fixture *self, Model *model, guint seat)
{
  guint unread = 0;

  for (guint i = 0; i < MAX_CLIENTS; i++)
    if (model->read[i] != model->seats[seat] + 1)
      unread |= 1 << i;
  kill_worker (self, model->seats[seat], WEIR_BLAME_ONE, unread);
  model->stuck[seat] = 0;
  model->seats[seat] = add_worker (self);
}

/* One of its requests is read, or answered. */
static void
work (Fixture *self, Model *model, guint seat)
{
  guint worker = model->seats[seat];
  guint i = g_test_rand_int_range (0, MAX_CLIENTS);

  if (find_call (self, worker, i) == NULL || model->stuck[seat] != 0)
    return;
  if (model->read[i] != worker + 1)
    {
      model->read[i] = worker + 1;
      model->stuck[seat] = model->guilty[i];
    }
  else
    answer (self, worker, i);
}

static gboolean
is_over (Fixture *self)
{
  for (guint i = 0; i < MAX_CLIENTS; i++)
    if (self->clients[i] == NULL || self->clients[i]->status == 0)
      return FALSE;
  return TRUE;
}

/* Some requests bring down every worker that reads them, at once or when others wait for it as
 * well; those and only those fail. */
static void
test_walks (void)
{
  for (guint walk = 0; walk < (g_test_thorough () ? 20000 : 1000); walk++)
    {
      Fixture self;
      Model model = { 0 };
      guint n_seats = g_test_rand_int_range (1, 3);
      guint n_asked = 0;

      set_up (&self, NULL);
      set_max_workers (self.slot, n_seats);
      for (guint i = 0; i < MAX_CLIENTS; i++)
        model.guilty[i] = g_test_rand_int_range (0, 4) == 0;
      for (guint i = 0; i < n_seats; i++)
        model.seats[i] = add_worker (&self);
      while (!is_over (&self))
        {
          guint seat = g_test_rand_int_range (0, n_seats);

          if (n_asked < MAX_CLIENTS && g_test_rand_int_range (0, 4) == 0)
            ask (&self, n_asked++);
          else if (model.stuck[seat] != 0 && g_test_rand_int_range (0, 6) == 0)
            renew (&self, &model, seat);
          else
            work (&self, &model, seat);
        }
      for (guint i = 0; i < MAX_CLIENTS; i++)
        assert_status (&self, i, model.guilty[i] ? 546 : 200);
      tear_down (&self, NULL);
    }
}

#define ADD(name, func)                                                                            \
  g_test_add ("/http/slot-trial/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("one-of-them", test_one_of_them);
  ADD ("only-one-was-read", test_only_one_was_read);
  ADD ("all-of-them", test_all_of_them);
  ADD ("whole-life", test_whole_life);
  ADD ("one-has-left", test_one_has_left);
  ADD ("reconnected", test_reconnected);
  ADD ("nobody", test_nobody);
  ADD ("patience", test_patience);
  ADD ("leaves-and-fails", test_leaves_and_fails);
  ADD ("two-threads", test_two_threads);
  ADD ("leaves-before-a-court", test_leaves_before_a_court);
  g_test_add_func ("/http/slot-trial/walks", test_walks);
  return g_test_run ();
}
