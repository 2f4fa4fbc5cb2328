/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-invoke-queue-private.h"

typedef struct
{
  WeirInvokeFunc func;
  gpointer user_data;
} Invocation;

void
weir_invoke_queue_init (WeirInvokeQueue *self)
{
  g_mutex_init (&self->lock);
  self->waiting = g_array_new (FALSE, FALSE, sizeof (Invocation));
  self->running = g_array_new (FALSE, FALSE, sizeof (Invocation));
  self->pending = FALSE;
  self->next = 0;
}

void
weir_invoke_queue_clear (WeirInvokeQueue *self)
{
  g_array_unref (self->waiting);
  g_array_unref (self->running);
  g_mutex_clear (&self->lock);
}

gboolean
weir_invoke_queue_push (WeirInvokeQueue *self, WeirInvokeFunc func, gpointer user_data)
{
  Invocation call = { func, user_data };
  gboolean first;

  g_mutex_lock (&self->lock);
  first = self->waiting->len == 0;
  g_array_append_val (self->waiting, call);
  g_atomic_int_set (&self->pending, TRUE);
  g_mutex_unlock (&self->lock);
  return first;
}

gboolean
weir_invoke_queue_has_work (WeirInvokeQueue *self)
{
  return self->next < self->running->len || g_atomic_int_get (&self->pending);
}

/* Swaps the two arrays, so that the lock is held for no longer than that. */
static void
weir_invoke_queue_take (WeirInvokeQueue *self)
{
  GArray *spent = self->running;

  g_array_set_size (spent, 0);
  self->next = 0;
  g_mutex_lock (&self->lock);
  self->running = self->waiting;
  self->waiting = spent;
  g_atomic_int_set (&self->pending, FALSE);
  g_mutex_unlock (&self->lock);
}

void
weir_invoke_queue_run (WeirInvokeQueue *self, guint most)
{
  if (!weir_invoke_queue_has_work (self))
    return;
  if (self->next >= self->running->len)
    weir_invoke_queue_take (self);
  for (guint i = 0; i < most && self->next < self->running->len; i++)
    {
      Invocation call = g_array_index (self->running, Invocation, self->next++);

      call.func (call.user_data);
    }
}
