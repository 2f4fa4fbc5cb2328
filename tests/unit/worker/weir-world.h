/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-fake-clock.h"
#include "weir-fake-process.h"
#include "weir-fake-runtime.h"
#include "weir-fake-usage.h"
#include "worker/weir-capacity-private.h"
#include "worker/weir-gate-private.h"
#include "worker/weir-supervisor-private.h"

G_BEGIN_DECLS

#define WEIR_WORLD_N_POOLS 5

/* Some functions with a pool each, under one capacity, with fake processes and a fake clock. */
typedef struct
{
  WeirFakeClock *clock;
  WeirFakeRuntime *runtime;
  WeirCapacity *capacity;
  GPtrArray *processes;
  WeirWorkerPool *pools[WEIR_WORLD_N_POOLS];
  gboolean waiting[WEIR_WORLD_N_POOLS];
  GString *trace;
  guint64 memory; /* of each worker */
  GPid heavy;     /* but of this one */
  guint64 heavy_memory;
  guint n_notices;
  WeirSupervisor *supervisor;
  WeirFakeUsage *usage;
  gboolean supervised; /* set before weir_world_set_up() */
  guint min_workers;
  guint max_workers;
} WeirWorld;

void weir_world_set_up (WeirWorld *self, gconstpointer data);
void weir_world_tear_down (WeirWorld *self, gconstpointer data);

void weir_world_turn (void);
WeirFunction *weir_world_make_function (WeirWorld *self, guint i, guint64 revision);
WeirFakeProcess *weir_world_process (WeirWorld *self, guint i);
WeirGate *weir_world_gate (WeirWorld *self, guint i);
/* What has happened since the last check, in words. */
void weir_world_check (WeirWorld *self, const char *trace);

void weir_world_demand (WeirWorld *self, guint i);
void weir_world_withdraw (WeirWorld *self, guint i);
/* As it should be: what was started is ready, what was told to end has ended. */
void weir_world_behave (WeirWorld *self);
/* One request, and the time after which it is known to be over. */
void weir_world_use (WeirWorld *self, guint i);
/* All three. */
void weir_world_serve (WeirWorld *self, guint i);

G_END_DECLS
