/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-dispatch-private.h"

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

typedef struct
{
  WeirUpstream *upstream;
  WeirGate *gate; /* the upstream's */
  guint upgrades; /* WebSockets, and leases that want to be one */
} Seat;

struct _WeirSlot
{
  gatomicrefcount refs;
  WeirEngine *engine;
  char *name;
  void (*demand) (WeirSlot *slot, gboolean wanted, gpointer user_data);
  gpointer user_data;
  WeirSocketBudget *budget;
  WeirFunctionCounters counters;

  /* data thread */
  WeirFunction *function;
  WeirPoolOptions options;
  GArray *seats; /* Seat, in the order they came */
  char *stale;
  GQueue waiters;
  GQueue held;
  GQueue exits;
  WeirFlush flush;
  gboolean flushing; /* with a reference of its own */
  gboolean demanded;
  gboolean crowded;
  gboolean no_secrets; /* the latest worker had no place for them */
  gint64 declined;     /* when; 0: long ago */
};

static Seat *
get_seat (WeirSlot *self, guint i)
{
  return &g_array_index (self->seats, Seat, i);
}

static void
exit_free (gpointer data)
{
  Exit *end = data;

  weir_gate_unref (end->gate);
  g_error_free (end->error);
  g_free (end);
}

WeirSlot *
weir_slot_new (WeirEngine *engine,
               const char *name,
               void (*demand) (WeirSlot *slot, gboolean wanted, gpointer user_data),
               gpointer user_data)
{
  WeirSlot *self = g_new0 (WeirSlot, 1);

  g_atomic_ref_count_init (&self->refs);
  self->engine = g_object_ref (engine);
  self->name = g_strdup (name);
  self->demand = demand;
  self->user_data = user_data;
  self->seats = g_array_new (FALSE, FALSE, sizeof (Seat));
  self->options.max_workers = 1;
  self->options.queue_size = 1;
  return self;
}

WeirSlot *
weir_slot_ref (WeirSlot *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
weir_slot_free (gpointer data)
{
  WeirSlot *self = data;

  for (guint i = 0; i < self->seats->len; i++)
    weir_upstream_unref (get_seat (self, i)->upstream);
  g_array_unref (self->seats);
  g_clear_pointer (&self->budget, weir_socket_budget_unref);
  g_queue_clear_full (&self->exits, exit_free);
  g_clear_object (&self->function);
  g_free (self->stale);
  g_free (self->name);
  g_object_unref (self->engine);
  g_free (self);
}

void
weir_slot_unref (WeirSlot *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  /* An upstream has sockets in the engine: only its own thread may close them. */
  if (self->seats->len > 0)
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

static void
ask (WeirSlot *self)
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
}

/* ---- which worker ---- */

/* Not behind its own back: closed gates are skipped, and a seat that is full. */
static Seat *
choose (WeirSlot *self, WeirUpstream *except, gboolean upgrade, guint *load)
{
  const WeirPoolOptions *options = &self->options;
  Seat *best = NULL;

  *load = options->max_concurrency > 0 ? options->max_concurrency : G_MAXUINT;
  for (guint i = 0; i < self->seats->len; i++)
    {
      Seat *seat = get_seat (self, i);
      guint in_flight = weir_gate_get_in_flight (seat->gate);

      if (*load == 0)
        break;
      if (in_flight >= *load || seat->upstream == except || weir_gate_is_closed (seat->gate))
        continue;
      if (upgrade && options->max_websockets > 0 && seat->upgrades >= options->max_websockets)
        continue;
      best = seat;
      *load = in_flight;
    }
  return best;
}

static gboolean
is_full (WeirSlot *self)
{
  return self->seats->len >= self->options.max_workers;
}

static void
grow (WeirSlot *self)
{
  gint64 now;

  if (self->demanded || is_full (self))
    return;
  now = weir_engine_get_now (self->engine);
  if (self->declined == 0 || now - self->declined >= DECLINED_US)
    ask (self);
}

WeirUpstream *
weir_slot_lease (WeirSlot *self, WeirUpstream *except, gboolean upgrade)
{
  Seat *seat;
  guint load;

  while ((seat = choose (self, except, upgrade, &load)) != NULL)
    {
      if (load > 0)
        grow (self);
      if (!weir_gate_lease (seat->gate)) /* closed since it was looked at */
        continue;
      seat->upgrades += upgrade;
      return seat->upstream;
    }
  return NULL;
}

static Seat *
find_seat (WeirSlot *self, WeirUpstream *upstream)
{
  for (guint i = 0; i < self->seats->len; i++)
    if (get_seat (self, i)->upstream == upstream)
      return get_seat (self, i);
  return NULL;
}

void
weir_slot_remove_socket (WeirSlot *self, WeirUpstream *upstream)
{
  Seat *seat = find_seat (self, upstream);

  if (seat != NULL)
    seat->upgrades--;
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
    n_full += get_seat (self, i)->upgrades >= self->options.max_websockets;
  return is_full (self) && self->options.max_websockets > 0 && n_full == self->seats->len;
}

gboolean
weir_slot_has_queue (WeirSlot *self)
{
  return self->options.max_concurrency > 0 && self->waiters.length > 0;
}

static gboolean
is_resting (WeirSlot *self)
{
  for (guint i = 0; i < self->seats->len; i++)
    if (weir_gate_get_in_flight (get_seat (self, i)->gate) > 0)
      return FALSE;
  return TRUE;
}

/* Who waited has gone away, or was told that it took too long. */
static void
relent (WeirSlot *self)
{
  if (!self->demanded || self->waiters.length > 0 || !is_resting (self))
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

/* ---- who waits ---- */

static WeirDispatch *
pop_waiter (WeirSlot *self)
{
  GList *link = g_queue_pop_head_link (&self->waiters);

  return link != NULL ? link->data : NULL;
}

/* Those who are there now, at most once each: some may come back to the end of the queue. */
static void
wake_waiters (WeirSlot *self)
{
  WeirDispatch *dispatch;
  guint load;

  weir_slot_ref (self);
  for (guint n = self->waiters.length; n > 0; n--)
    {
      if (choose (self, NULL, FALSE, &load) == NULL || (dispatch = pop_waiter (self)) == NULL)
        break;
      weir_dispatch_wake (dispatch);
    }
  weir_slot_unref (self);
}

static void
on_flush (WeirFlush *flush)
{
  WeirSlot *self = (WeirSlot *) ((char *) flush - G_STRUCT_OFFSET (WeirSlot, flush));

  self->flushing = FALSE;
  wake_waiters (self);
  weir_slot_unref (self);
}

/* Later: whoever releases is in the middle of something. */
void
weir_slot_release (WeirSlot *self, WeirUpstream *upstream)
{
  weir_gate_release (weir_upstream_get_gate (upstream));
  if (self->waiters.length == 0 || self->flushing)
    return;
  self->flushing = TRUE;
  weir_slot_ref (self);
  weir_engine_defer (self->engine, &self->flush, on_flush);
}

/* From the start each time: what is called may take others out. */
static WeirDispatch *
pop_held (WeirSlot *self, WeirGate *gate)
{
  for (GList *link = self->held.head; link != NULL; link = link->next)
    {
      WeirDispatch *dispatch = link->data;

      if (gate != NULL ? weir_dispatch_get_gate (dispatch) == gate
                       : weir_dispatch_can_move (dispatch))
        {
          g_queue_unlink (&self->held, link);
          return dispatch;
        }
    }
  return NULL;
}

static void
wake_held (WeirSlot *self)
{
  WeirDispatch *dispatch;

  while ((dispatch = pop_held (self, NULL)) != NULL)
    weir_dispatch_wake (dispatch);
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
  Seat seat = { weir_upstream_ref (upstream), weir_upstream_get_gate (upstream), 0 };

  weir_slot_ref (self);
  g_array_append_val (self->seats, seat);
  self->no_secrets = !weir_upstream_takes_secrets (upstream);
  hear (self);
  self->declined = 0;
  weir_slot_set_stale (self, NULL);
  wake_waiters (self);
  wake_held (self);
  weir_slot_unref (self);
}

static void
remove_seat (WeirSlot *self, guint i)
{
  WeirUpstream *upstream = get_seat (self, i)->upstream;

  g_array_remove_index (self->seats, i);
  weir_upstream_close (upstream);
  weir_upstream_unref (upstream);
}

static void
notice_loss (WeirSlot *self)
{
  hear (self);
  if (self->seats->len == 0 && !g_queue_is_empty (&self->waiters))
    ask (self);
  wake_held (self);
}

void
weir_slot_remove_upstream (WeirSlot *self, WeirGate *gate)
{
  guint i = 0;

  while (i < self->seats->len && get_seat (self, i)->gate != gate)
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
  WeirDispatch *dispatch;

  weir_slot_ref (self);
  hear (self);
  for (guint n = self->waiters.length; n > 0 && (dispatch = pop_waiter (self)) != NULL; n--)
    weir_dispatch_fail (dispatch, error);
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
  WeirDispatch *dispatch;

  weir_slot_ref (self);
  end->gate = weir_gate_ref (gate);
  end->error = g_error_copy (error);
  g_queue_push_head (&self->exits, end);
  if (self->exits.length > MAX_EXITS)
    exit_free (g_queue_pop_tail (&self->exits));

  while ((dispatch = pop_held (self, gate)) != NULL)
    weir_dispatch_learn (dispatch, error);
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

WeirFunctionStats *
weir_slot_dup_stats (WeirSlot *self, guint restarts)
{
  return weir_function_counters_dup_stats (&self->counters, restarts);
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

/* Without one the workers that are known here are about to go, and others are needed. */
static gboolean
has_open_seat (WeirSlot *self)
{
  for (guint i = 0; i < self->seats->len; i++)
    if (!weir_gate_is_closed (get_seat (self, i)->gate))
      return TRUE;
  return FALSE;
}

gboolean
weir_slot_enqueue (WeirSlot *self, GList *link)
{
  if (self->waiters.length >= self->options.queue_size)
    return FALSE;
  g_queue_push_tail_link (&self->waiters, link);
  if (has_open_seat (self))
    grow (self);
  else
    ask (self);
  return TRUE;
}

void
weir_slot_hold (WeirSlot *self, GList *link)
{
  g_queue_push_tail_link (&self->held, link);
}

void
weir_slot_remove (WeirSlot *self, GList *link)
{
  if (g_queue_link_index (&self->waiters, link) >= 0)
    g_queue_unlink (&self->waiters, link);
  else if (g_queue_link_index (&self->held, link) >= 0)
    g_queue_unlink (&self->held, link);
  relent (self);
}
