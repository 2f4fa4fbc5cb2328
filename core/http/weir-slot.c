/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-slot-struct-private.h"

#include "http/weir-exchange-private.h"

/* After a no, for how long no more workers are asked for: under load that would be at every
 * request. */
#define DECLINED_US (250 * G_TIME_SPAN_MILLISECOND)
/* How many workers' ends are remembered, for calls that notice late. */
#define MAX_EXITS 8
#define MAX_STALE_LENGTH 200

typedef struct
{
  WeirGate *gate;
  GError *error;
} Exit;

static void
exit_free (gpointer data)
{
  Exit *end = data;

  weir_gate_unref (end->gate);
  g_error_free (end->error);
  g_free (end);
}

WeirSlot *
weir_slot_new_in_team (WeirSlotTeam *team,
                       guint index,
                       WeirEngine *engine,
                       const char *name,
                       void (*demand) (WeirSlot *slot, gboolean wanted, gpointer user_data),
                       gpointer user_data)
{
  WeirSlot *self = g_new0 (WeirSlot, 1);

  self->refs = 1;
  self->team = weir_slot_team_ref (team);
  self->index = index;
  self->is_alone = weir_slot_team_get_n_slots (team) == 1;
  self->engine = g_object_ref (engine);
  self->name = g_strdup (name);
  self->demand = demand;
  self->user_data = user_data;
  self->seats = g_array_new (FALSE, FALSE, sizeof (WeirSeat));
  self->options.max_workers = 1;
  self->options.queue_size = 1;
  weir_slot_team_set_slot (team, index, self);
  return self;
}

WeirSlot *
weir_slot_new (WeirEngine *engine,
               const char *name,
               void (*demand) (WeirSlot *slot, gboolean wanted, gpointer user_data),
               gpointer user_data)
{
  g_autoptr (WeirSlotTeam) team = weir_slot_team_new (1);

  return weir_slot_new_in_team (team, 0, engine, name, demand, user_data);
}

WeirSlot *
weir_slot_ref (WeirSlot *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

gboolean
weir_slot_try_ref (WeirSlot *self)
{
  gint refs;

  do
    {
      refs = g_atomic_int_get (&self->refs);
      if (refs == 0)
        return FALSE;
    }
  while (!g_atomic_int_compare_and_exchange (&self->refs, refs, refs + 1));
  return TRUE;
}

gboolean
weir_slot_is_held (WeirSlot *self)
{
  return g_atomic_int_get (&self->refs) > 1;
}

static void
weir_slot_free (gpointer data)
{
  WeirSlot *self = data;

  for (guint i = 0; i < self->seats->len; i++)
    weir_upstream_unref (weir_slot_get_seat (self, i)->upstream);
  g_array_unref (self->seats);
  g_clear_pointer (&self->early, weir_upstream_unref);
  g_clear_pointer (&self->budget, weir_socket_budget_unref);
  g_queue_clear_full (&self->exits, exit_free);
  g_clear_pointer (&self->court, weir_gate_unref);
  g_clear_object (&self->function);
  g_free (self->stale);
  g_free (self->name);
  weir_slot_team_unref (self->team);
  g_object_unref (self->engine);
  g_free (self);
}

void
weir_slot_unref (WeirSlot *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  weir_slot_team_set_slot (self->team, self->index, NULL);

  /* An upstream has sockets in the engine: only its own thread may close them. */
  if (self->seats->len > 0 || self->early != NULL)
    weir_engine_invoke (self->engine, weir_slot_free, self);
  else
    weir_slot_free (self);
}

const char *
weir_slot_get_name (WeirSlot *self)
{
  return self->name;
}

WeirFunction *
weir_slot_get_function (WeirSlot *self)
{
  return self->function;
}

void
weir_slot_set_socket_budget (WeirSlot *self, WeirSocketBudget *budget)
{
  g_clear_pointer (&self->budget, weir_socket_budget_unref);
  self->budget = budget != NULL ? weir_socket_budget_ref (budget) : NULL;
}

void
weir_slot_set_function (WeirSlot *self, WeirFunction *function)
{
  g_set_object (&self->function, function);
  weir_pool_options_read (&self->options, function);
}

void
weir_slot_ask (WeirSlot *self)
{
  if (self->demanded)
    return;
  self->demanded = TRUE;
  self->demand (self, TRUE, self->user_data);
}

/* The question is answered. */
static void
hear (WeirSlot *self)
{
  self->demanded = FALSE;
  self->crowded = FALSE;
  weir_slot_recall_early (self);
}

/* ---- which worker ---- */

guint
weir_slot_get_most_leases (WeirSlot *self)
{
  return self->options.max_concurrency > 0 ? self->options.max_concurrency : G_MAXUINT;
}

static guint
get_most_sockets (WeirSlot *self)
{
  return self->options.max_websockets > 0 ? self->options.max_websockets : G_MAXUINT;
}

/* Not behind its own back: closed gates are skipped, and a seat that is full. */
WeirSeat *
weir_slot_choose (WeirSlot *self, WeirUpstream *except, gboolean upgrade, guint *load)
{
  WeirSeat *best = NULL;

  *load = weir_slot_get_most_leases (self);
  for (guint i = 0; i < self->seats->len; i++)
    {
      WeirSeat *seat = weir_slot_get_seat (self, i);
      guint in_flight = weir_gate_get_in_flight (seat->gate);

      if (*load == 0)
        break;
      if (in_flight >= *load || seat->upstream == except || weir_gate_is_closed (seat->gate) ||
          weir_gate_is_reserved (seat->gate))
        continue;
      if (upgrade && weir_gate_get_booked (seat->gate) >= get_most_sockets (self))
        continue;
      best = seat;
      *load = in_flight;
    }
  return best;
}

/* Without one the workers that are known here are about to go, and others are needed. */
gboolean
weir_slot_has_open_seat (WeirSlot *self)
{
  for (guint i = 0; i < self->seats->len; i++)
    if (!weir_gate_is_closed (weir_slot_get_seat (self, i)->gate))
      return TRUE;
  return FALSE;
}

static gboolean
is_full (WeirSlot *self)
{
  return self->seats->len >= self->options.max_workers;
}

void
weir_slot_grow (WeirSlot *self)
{
  gint64 now;

  if (self->demanded || is_full (self))
    return;
  now = weir_engine_get_now (self->engine);
  if (self->declined == 0 || now - self->declined >= DECLINED_US)
    weir_slot_ask (self);
}

gboolean
weir_slot_take (WeirSlot *self, WeirSeat *seat, gboolean upgrade)
{
  if (upgrade && !weir_gate_book_socket (seat->gate, get_most_sockets (self)))
    return FALSE;
  if (weir_gate_lease (seat->gate, weir_slot_get_most_leases (self)))
    return TRUE;
  if (upgrade)
    weir_gate_unbook_socket (seat->gate);
  return FALSE;
}

WeirUpstream *
weir_slot_lease (WeirSlot *self, WeirUpstream *except, gboolean upgrade)
{
  WeirSeat *seat;
  guint load;

  while ((seat = weir_slot_choose (self, except, upgrade, &load)) != NULL)
    {
      if (load > 0)
        weir_slot_grow (self);
      if (weir_slot_take (self, seat, upgrade))
        return seat->upstream;
    }
  return NULL;
}

static WeirSeat *
find_seat (WeirSlot *self, WeirUpstream *upstream)
{
  for (guint i = 0; i < self->seats->len; i++)
    if (weir_slot_get_seat (self, i)->upstream == upstream)
      return weir_slot_get_seat (self, i);
  return NULL;
}

gboolean
weir_slot_has_upstream (WeirSlot *self, WeirUpstream *upstream)
{
  return find_seat (self, upstream) != NULL &&
         !weir_gate_is_closed (weir_upstream_get_gate (upstream));
}

gboolean
weir_slot_has_room_but_for_sockets (WeirSlot *self)
{
  guint n_full = 0;

  for (guint i = 0; i < self->seats->len; i++)
    n_full +=
        weir_gate_get_booked (weir_slot_get_seat (self, i)->gate) >= self->options.max_websockets;
  return is_full (self) && self->options.max_websockets > 0 && n_full == self->seats->len;
}

static gboolean
is_resting (WeirSlot *self)
{
  if (weir_slot_is_early_busy (self))
    return FALSE;
  for (guint i = 0; i < self->seats->len; i++)
    if (weir_gate_get_in_flight (weir_slot_get_seat (self, i)->gate) > 0)
      return FALSE;
  return TRUE;
}

void
weir_slot_relent (WeirSlot *self)
{
  if (!self->demanded || self->waiters.length > 0 || self->suspects.length > 0 ||
      !is_resting (self))
    return;
  hear (self);
  self->demand (self, FALSE, self->user_data);
}

gboolean
weir_slot_is_cold (WeirSlot *self)
{
  return self->seats->len == 0;
}

gboolean
weir_slot_is_starting (WeirSlot *self)
{
  return self->seats->len == 0 && self->demanded && !self->crowded;
}

/* ---- what the control thread says ---- */

gboolean
weir_slot_may_take_secrets (WeirSlot *self)
{
  return !self->no_secrets;
}

void
weir_slot_add_upstream (WeirSlot *self, WeirUpstream *upstream)
{
  WeirSeat seat = { weir_upstream_ref (upstream), weir_upstream_get_gate (upstream) };

  weir_slot_ref (self);
  g_array_append_val (self->seats, seat);
  self->no_secrets = !weir_upstream_takes_secrets (upstream);
  hear (self);
  self->declined = 0;
  weir_slot_set_stale (self, NULL);
  weir_slot_try_suspects (self);
  weir_slot_wake_waiters (self);
  weir_slot_wake_held (self, NULL);
  weir_slot_unref (self);
}

static void
remove_seat (WeirSlot *self, guint i)
{
  WeirUpstream *upstream = weir_slot_get_seat (self, i)->upstream;

  g_array_remove_index (self->seats, i);
  weir_upstream_close (upstream);
  weir_upstream_unref (upstream);
}

static void
notice_loss (WeirSlot *self)
{
  hear (self);
  if (self->seats->len == 0 && self->waiters.length + self->suspects.length > 0)
    weir_slot_ask (self);
  weir_slot_wake_held (self, NULL);
}

void
weir_slot_remove_upstream (WeirSlot *self, WeirGate *gate)
{
  guint i = 0;

  while (i < self->seats->len && weir_slot_get_seat (self, i)->gate != gate)
    i++;
  if (i == self->seats->len)
    return;

  weir_slot_ref (self);
  remove_seat (self, i);
  notice_loss (self);
  weir_slot_unref (self);
}

void
weir_slot_clear (WeirSlot *self)
{
  weir_slot_ref (self);
  while (self->seats->len > 0)
    remove_seat (self, self->seats->len - 1);
  notice_loss (self);
  weir_slot_unref (self);
}

void
weir_slot_decline (WeirSlot *self)
{
  hear (self);
  self->declined = weir_engine_get_now (self->engine);
}

void
weir_slot_set_crowded (WeirSlot *self)
{
  self->crowded = self->demanded;
}

void
weir_slot_fail (WeirSlot *self, const GError *error)
{
  weir_slot_ref (self);
  hear (self);
  weir_slot_fail_waiters (self, error);
  weir_slot_fail_suspects (self, error);
  weir_slot_unref (self);
}

void
weir_slot_set_stale (WeirSlot *self, const char *text)
{
  g_clear_pointer (&self->stale, g_free);
  if (text == NULL)
    return;

  /* One line that a header may hold. */
  self->stale = g_strndup (text, MAX_STALE_LENGTH);
  for (char *p = self->stale; *p != '\0'; p++)
    if (!g_ascii_isprint (*p))
      *p = g_ascii_isspace (*p) ? ' ' : '?';
}

void
weir_slot_set_exit_error (WeirSlot *self, WeirGate *gate, const GError *error)
{
  Exit *end = g_new (Exit, 1);

  weir_slot_ref (self);
  end->gate = weir_gate_ref (gate);
  end->error = g_error_copy (error);
  g_queue_push_head (&self->exits, end);
  if (self->exits.length > MAX_EXITS)
    exit_free (g_queue_pop_tail (&self->exits));

  weir_slot_wake_held (self, gate);
  weir_slot_judge_held (self);
  weir_slot_try_suspects (self);
  weir_slot_unref (self);
}

void
weir_slot_dispatch (WeirSlot *self, WeirExchange *exchange)
{
  if (self->function != NULL && weir_exchange_get_function (exchange) == NULL)
    weir_exchange_set_function (exchange, self->function);
  weir_dispatch_begin (self, exchange);
}

WeirEngine *
weir_slot_get_engine (WeirSlot *self)
{
  return self->engine;
}

WeirFunctionCounters *
weir_slot_get_counters (WeirSlot *self)
{
  return &self->counters;
}

void
weir_slot_add_stats (WeirSlot *self, WeirFunctionStats *stats)
{
  weir_function_stats_add (stats, &self->counters);
}

const WeirPoolOptions *
weir_slot_get_options (WeirSlot *self)
{
  return &self->options;
}

WeirSocketBudget *
weir_slot_get_socket_budget (WeirSlot *self)
{
  return self->budget;
}

const char *
weir_slot_get_stale (WeirSlot *self)
{
  return self->stale;
}

guint64
weir_slot_draw_serial (WeirSlot *self)
{
  return ++self->last_serial;
}

const GError *
weir_slot_get_exit_error (WeirSlot *self, WeirGate *gate)
{
  for (GList *link = self->exits.head; link != NULL; link = link->next)
    {
      Exit *end = link->data;

      if (end->gate == gate)
        return end->error;
    }
  return NULL;
}
