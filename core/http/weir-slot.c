/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-dispatch-private.h"

#include "http/weir-exchange-private.h"

#define MAX_WAITERS 1024
/* How many workers' ends are remembered, for calls that notice late. */
#define MAX_EXITS 8
#define MAX_STALE_LENGTH 200

typedef struct
{
  WeirGate *gate;
  GError *error;
} Exit;

struct _WeirSlot
{
  gatomicrefcount refs;
  WeirEngine *engine;
  char *name;
  void (*demand) (WeirSlot *slot, gpointer user_data);
  gpointer user_data;

  /* data thread */
  WeirFunction *function;
  guint timeout_ms;
  WeirUpstream *upstream;
  char *stale;
  GQueue waiters;
  GQueue held;
  GQueue exits;
  gboolean demanded;
};

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
               void (*demand) (WeirSlot *slot, gpointer user_data),
               gpointer user_data)
{
  WeirSlot *self = g_new0 (WeirSlot, 1);

  g_atomic_ref_count_init (&self->refs);
  self->engine = g_object_ref (engine);
  self->name = g_strdup (name);
  self->demand = demand;
  self->user_data = user_data;
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

  g_clear_pointer (&self->upstream, weir_upstream_unref);
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
  if (self->upstream != NULL)
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
weir_slot_set_function (WeirSlot *self, WeirFunction *function)
{
  gint64 timeout =
      weir_settings_get_integer (weir_function_get_settings (function), "request_timeout_ms");

  g_set_object (&self->function, function);
  self->timeout_ms = CLAMP (timeout, 0, G_MAXINT);
}

static void
ask (WeirSlot *self)
{
  if (self->demanded)
    return;
  self->demanded = TRUE;
  self->demand (self, self->user_data);
}

static WeirDispatch *
pop_waiter (WeirSlot *self)
{
  GList *link = g_queue_pop_head_link (&self->waiters);

  return link != NULL ? link->data : NULL;
}

/* Those who are there now, once each: some may come back to the end of the queue. */
static void
wake_waiters (WeirSlot *self)
{
  WeirDispatch *dispatch;

  for (guint n = self->waiters.length; n > 0 && (dispatch = pop_waiter (self)) != NULL; n--)
    weir_dispatch_wake (dispatch);
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

void
weir_slot_set_upstream (WeirSlot *self, WeirUpstream *upstream)
{
  WeirUpstream *old = self->upstream;
  WeirDispatch *dispatch;

  weir_slot_ref (self);
  self->upstream = upstream != NULL ? weir_upstream_ref (upstream) : NULL;
  self->demanded = FALSE;
  weir_slot_set_stale (self, NULL);
  if (old != NULL)
    {
      if (old != upstream)
        weir_upstream_close (old);
      weir_upstream_unref (old);
    }

  if (upstream != NULL)
    wake_waiters (self);
  else if (!g_queue_is_empty (&self->waiters))
    ask (self);
  while ((dispatch = pop_held (self, NULL)) != NULL)
    weir_dispatch_wake (dispatch);
  weir_slot_unref (self);
}

void
weir_slot_fail (WeirSlot *self, const GError *error)
{
  WeirDispatch *dispatch;

  weir_slot_ref (self);
  self->demanded = FALSE;
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
  weir_dispatch_begin (self, exchange, self->timeout_ms);
}

WeirEngine *
weir_slot_get_engine (WeirSlot *self)
{
  return self->engine;
}

WeirUpstream *
weir_slot_get_upstream (WeirSlot *self)
{
  return self->upstream;
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

gboolean
weir_slot_enqueue (WeirSlot *self, GList *link)
{
  if (self->waiters.length >= MAX_WAITERS)
    return FALSE;
  g_queue_push_tail_link (&self->waiters, link);
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
}
