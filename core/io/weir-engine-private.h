/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <sys/epoll.h>
#include "io/weir-engine.h"
#include "io/weir-invoke-queue-private.h"
#include "io/weir-timer-wheel-private.h"

G_BEGIN_DECLS

/* What the engine's two files share: what others ask of it, and how it turns. The other rooms
 * use weir_engine_arm_at() of it. */

/* What a batch brings forth is sent at its end: in smaller ones those who wait for it get to
 * work sooner, in larger ones they have more to do at once. */
#define WEIR_ENGINE_BATCH 16
#define WEIR_ENGINE_INVOKES 1024

typedef struct
{
  GSource parent;
  WeirEngine *engine;
} WeirEngineSource;

struct _WeirEngine
{
  GObject parent_instance;

  GMainContext *context;
  GSource *source;
  GPollFD poll_fd; /* the epoll set, as the context sees it */
  int invoke_fd;
  int context_fd; /* the context's own wake-up, in our set as well; -1 until met */
  gboolean fetched;
  guint depth;
  gint64 now;

  struct epoll_event events[WEIR_ENGINE_BATCH];
  int n_events;
  int next_event;

  WeirTimerWheel timers;
  WeirFlush flushes; /* head of a ring */

  WeirInvokeQueue invocations;
};

static inline void
weir_flush_unlink (WeirFlush *flush)
{
  flush->prev->next = flush->next;
  flush->next->prev = flush->prev;
  flush->prev = flush->next = NULL;
}

/* As weir_engine_arm(), for those who know the moment: monotonic time in microseconds. */
void weir_engine_arm_at (WeirEngine *self, WeirTimer *timer, gint64 moment, WeirTimerFunc func);

extern GSourceFuncs weir_engine_source_funcs;

int weir_engine_poll (GPollFD *fds, guint n_fds, int timeout);
/* Before it goes: the thread must not poll for it any more. */
void weir_engine_forget (WeirEngine *self);

G_END_DECLS
