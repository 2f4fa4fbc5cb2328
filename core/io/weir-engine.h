/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* The loop of one data-plane thread: one epoll set wrapped in a single GSource of a
 * GMainContext, a wheel of timers and a list of things to do at the end of a batch.
 * It belongs to one thread, the one that runs its context; only weir_engine_invoke()
 * may be called from another. */
#define WEIR_TYPE_ENGINE (weir_engine_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirEngine, weir_engine, WEIR, ENGINE, GObject)

/* A watched file descriptor, a timer, and a deferred call are fields of whoever
 * wants them; they are set to zero before use and are never allocated by the engine.
 * `events` are EPOLL* bits. EPOLLET is added by the engine: read until EAGAIN. */
typedef struct _WeirWatch WeirWatch;
typedef struct _WeirTimer WeirTimer;
typedef struct _WeirFlush WeirFlush;

typedef void (*WeirWatchFunc) (WeirWatch *watch, guint events);
typedef void (*WeirTimerFunc) (WeirTimer *timer);
typedef void (*WeirFlushFunc) (WeirFlush *flush);
typedef void (*WeirInvokeFunc) (gpointer user_data);

struct _WeirWatch
{
  WeirWatchFunc func;
  int fd;
  guint events;
  /*< private >*/
  gpointer reserved[2];
};

struct _WeirTimer
{
  WeirTimerFunc func;
  /*< private >*/
  WeirTimer *prev;
  WeirTimer *next;
  gint64 due;
  gpointer reserved;
};

struct _WeirFlush
{
  WeirFlushFunc func;
  /*< private >*/
  WeirFlush *prev;
  WeirFlush *next;
};

WEIR_AVAILABLE_IN_ALL
WeirEngine *weir_engine_new (GMainContext *context, GError **error);
WEIR_AVAILABLE_IN_ALL
GMainContext *weir_engine_get_context (WeirEngine *self);
/* Monotonic microseconds, read once a batch. */
WEIR_AVAILABLE_IN_ALL
gint64 weir_engine_get_now (WeirEngine *self);

/* fd stays the caller's. After unwatch() the func is not called again, not even for
 * an event of the same batch. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_engine_watch (WeirEngine *self,
                            WeirWatch *watch,
                            int fd,
                            guint events,
                            WeirWatchFunc func,
                            GError **error);
WEIR_AVAILABLE_IN_ALL
void weir_engine_modify (WeirEngine *self, WeirWatch *watch, guint events);
WEIR_AVAILABLE_IN_ALL
void weir_engine_unwatch (WeirEngine *self, WeirWatch *watch);

/* A timer fires once, never early, at most 20 ms late on an idle machine. Arming an
 * armed timer moves it; disarming an idle one does nothing. */
WEIR_AVAILABLE_IN_ALL
void weir_engine_arm (WeirEngine *self, WeirTimer *timer, guint delay_ms, WeirTimerFunc func);
WEIR_AVAILABLE_IN_ALL
void weir_engine_disarm (WeirEngine *self, WeirTimer *timer);
WEIR_AVAILABLE_IN_ALL
gboolean weir_engine_is_armed (WeirEngine *self, WeirTimer *timer);

/* Calls func when the events of this batch are done, before the loop sleeps again;
 * what is deferred from a deferred call runs in the same round. Queuing twice is once. */
WEIR_AVAILABLE_IN_ALL
void weir_engine_defer (WeirEngine *self, WeirFlush *flush, WeirFlushFunc func);
WEIR_AVAILABLE_IN_ALL
void weir_engine_undefer (WeirEngine *self, WeirFlush *flush);

/* From any thread: runs func on the engine's, in the order of the calls. Never at once,
 * not even when called from the engine's own thread. */
WEIR_AVAILABLE_IN_ALL
void weir_engine_invoke (WeirEngine *self, WeirInvokeFunc func, gpointer user_data);

G_END_DECLS
