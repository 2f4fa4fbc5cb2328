/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "worker/weir-capacity-private.h"
#include "worker/weir-pool-options-private.h"
#include "worker/weir-worker-pool-private.h"

G_BEGIN_DECLS

/* Failures that follow one another faster than this make the pool wait between them. */
#define WEIR_WORKER_POOL_FAILURE_WINDOW_US G_TIME_SPAN_SECOND

typedef struct
{
  WeirWorker *worker; /* in the pool's workers */
  gint64 since;
} WeirServing;

/* The inside of WeirWorkerPool, for its files only: weir-worker-pool.c is the object,
 * weir-worker-pool-serving.c what becomes of its workers, and weir-worker-attempt.c how it
 * gets a new one.
 *
 * At any time the pool has at most one *attempt*: the newest revision is being prepared,
 * or its worker boots, or the pool waits until it may try again, or until there is room for
 * it. An attempt is there because somebody asked (`demanded`), because a newer revision
 * should take over from workers that serve (`reloading`), or because there are fewer workers
 * than there should always be (`refilling`); weir_worker_pool_pursue() alone takes its next
 * step. Workers are started one after the other: several that boot at once take the
 * processor from the one that somebody waits for. */
struct _WeirWorkerPool
{
  GObject parent_instance;

  WeirFunction *function;
  WeirRuntime *runtime;
  WeirClock *clock;
  char *socket_directory;
  WeirProcessFactory factory;
  gpointer factory_data;
  WeirStandbyPool *standbys; /* nullable */
  WeirCapacity *capacity;    /* nullable */

  WeirPoolOptions options;

  GPtrArray *workers;
  GArray *serving;    /* WeirServing: those that take leases, the oldest first */
  gint64 late_demand; /* somebody waited although there were workers */
  guint restarts;
  gboolean warm; /* "warm" was told, "cold" not yet */

  gboolean roused; /* somebody has asked for a worker before */
  gboolean demanded;
  gboolean reloading;
  gboolean refilling; /* if there are too few */
  gboolean stale;     /* the newest revision would not start; an older one serves */
  GCancellable *preparing;
  gboolean prepared;        /* this revision */
  gboolean needs_preparing; /* it would not load without */
  gboolean without_standby; /* this attempt: one was of no use */
  GError *load_error;       /* why it would not load unprepared */
  GCancellable *collecting; /* files of a revision that serves already */
  guint64 collector;
  char **files;
  WeirWorker *booting; /* in workers */
  guint64 retry;
  gboolean granted; /* just now, by the capacity */
  gboolean crowded; /* the capacity was asked, and said no */

  gint64 last_failure; /* 0: none to speak of */
  guint backoff_ms;
  guint boot_crashes; /* of this attempt */
  gboolean backoff_said;
  gboolean shut_down;
};

enum
{
  WEIR_WORKER_POOL_SIGNAL_WORKER_ADDED,
  WEIR_WORKER_POOL_SIGNAL_READY,
  WEIR_WORKER_POOL_SIGNAL_GONE,
  WEIR_WORKER_POOL_SIGNAL_FAILED,
  WEIR_WORKER_POOL_SIGNAL_STALE,
  WEIR_WORKER_POOL_SIGNAL_DECLINED,
  WEIR_WORKER_POOL_SIGNAL_CROWDED,
  WEIR_WORKER_POOL_SIGNAL_WARM,
  WEIR_WORKER_POOL_SIGNAL_COLD,
  WEIR_WORKER_POOL_SIGNAL_PROGRESS,
  WEIR_WORKER_POOL_SIGNAL_FILES_CHANGED,
  WEIR_WORKER_POOL_SIGNAL_LOG,
  WEIR_WORKER_POOL_SIGNAL_FAILURE,
  WEIR_WORKER_POOL_N_SIGNALS
};

extern guint weir_worker_pool_signals[WEIR_WORKER_POOL_N_SIGNALS];

/* Takes the attempt's next step, if there is a reason for one and nothing is under way. */
void weir_worker_pool_pursue (WeirWorkerPool *self);
/* The attempt, if there is one, is for nothing. */
void weir_worker_pool_abandon_attempt (WeirWorkerPool *self);
/* The same, without a word to any worker: the pool is being disposed. */
void weir_worker_pool_forget_attempt (WeirWorkerPool *self);
/* The attempt is over. Whoever waits is told; the next demand makes a new one. */
void weir_worker_pool_fail_attempt (WeirWorkerPool *self, const GError *error, WeirWorker *worker);
/* One failure may be tried again at once; the next one soon after it has to wait. */
void weir_worker_pool_note_failure (WeirWorkerPool *self);
/* Forgets that anything went wrong before. */
void weir_worker_pool_forgive (WeirWorkerPool *self);
/* Puts a worker into the list and listens to it. */
void weir_worker_pool_add_worker (WeirWorkerPool *self, WeirWorker *worker);
/* One of those that serve has given an answer. */
gboolean weir_worker_pool_is_proven (WeirWorkerPool *self);
/* Somebody still waits for what the attempt is to bring. */
gboolean weir_worker_pool_is_wanting (WeirWorkerPool *self);
/* The capacity is not asked any more. */
void weir_worker_pool_leave_crowd (WeirWorkerPool *self);
/* No more of what is asked for can be started: an older revision serves, or they are as many
 * as there may be. */
gboolean weir_worker_pool_is_full (WeirWorkerPool *self);
void weir_worker_pool_emit (WeirWorkerPool *self, guint signal); /* one without arguments */

G_END_DECLS
