/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-data-thread-private.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How long the thread wants the processor for at once, when others want it as well. Who asks for
 * less is given it sooner: in front of a worker that has just told that it is ready, for instance.
 */
#define SLICE_NS 100000

struct _WeirDataThread
{
  GMainContext *context;
  GMainLoop *loop;
  WeirEngine *engine;
  GThread *thread;
};

typedef struct
{
  WeirDataFunc func;
  gpointer user_data;
  GMutex mutex;
  GCond cond;
  gboolean done;
} Call;

/* The kernel's struct sched_attr, which the C library does not declare. */
typedef struct
{
  guint32 size;
  guint32 policy;
  guint64 flags;
  gint32 nice;
  guint32 priority;
  guint64 slice;
  guint64 deadline;
  guint64 period;
} SchedulingAttributes;

/* Linux knows this since 6.12, and passes over it before. Who runs us by another policy knows
 * better. */
static void
shorten_slice (void)
{
  SchedulingAttributes attributes = { .size = sizeof attributes };

  if (syscall (SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 ||
      attributes.policy != SCHED_OTHER)
    return;
  attributes.flags = 0;
  attributes.slice = SLICE_NS;
  if (syscall (SYS_sched_setattr, 0, &attributes, 0) != 0)
    g_debug ("Cannot ask for a short slice: %s", g_strerror (errno));
}

static gpointer
run (gpointer user_data)
{
  WeirDataThread *self = user_data;

  shorten_slice ();
  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

WeirDataThread *
weir_data_thread_new (const char *name, GError **error)
{
  g_autoptr (WeirDataThread) self = g_new0 (WeirDataThread, 1);

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->engine = weir_engine_new (self->context, error);
  if (self->engine == NULL)
    return NULL;

  self->thread = g_thread_try_new (name, run, self, error);
  if (self->thread == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

static void
quit (gpointer user_data)
{
  g_main_loop_quit (user_data);
}

void
weir_data_thread_free (WeirDataThread *self)
{
  if (self->thread != NULL)
    {
      weir_engine_invoke (self->engine, quit, self->loop);
      g_thread_join (self->thread);
    }
  g_clear_object (&self->engine);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

WeirEngine *
weir_data_thread_get_engine (WeirDataThread *self)
{
  return self->engine;
}

static void
on_call (gpointer user_data)
{
  Call *call = user_data;

  call->func (call->user_data);

  g_mutex_lock (&call->mutex);
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->mutex);
}

void
weir_data_thread_call (WeirDataThread *self, WeirDataFunc func, gpointer user_data)
{
  Call call = { .func = func, .user_data = user_data };

  g_mutex_init (&call.mutex);
  g_cond_init (&call.cond);
  weir_engine_invoke (self->engine, on_call, &call);

  g_mutex_lock (&call.mutex);
  while (!call.done)
    g_cond_wait (&call.cond, &call.mutex);
  g_mutex_unlock (&call.mutex);

  g_mutex_clear (&call.mutex);
  g_cond_clear (&call.cond);
}
