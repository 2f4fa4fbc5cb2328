/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "worker/weir-launch.h"
#include "worker/weir-process-private.h"

G_BEGIN_DECLS

/* One process that boots and then waits for its function, from its launch until it is handed
 * out or not wanted any more. Control thread. */
typedef struct _WeirStandby WeirStandby;

/* Each comes once at the most, and neither from within weir_standby_new(). */
typedef struct
{
  void (*ready) (WeirStandby *standby, gpointer user_data);
  void (*lost) (WeirStandby *standby, const char *what, gpointer user_data);
} WeirStandbyCallbacks;

WeirStandby *weir_standby_new (WeirProcess *process,
                               WeirLaunch *launch,
                               const WeirStandbyCallbacks *callbacks,
                               gpointer user_data);
/* Ends it. */
void weir_standby_free (WeirStandby *self);
/* Its process, which lives on without it (transfer full); frees what is left. */
WeirProcess *weir_standby_release (WeirStandby *self);
/* Before it is given a load command: by the time that is made, it has the processor, and has read
 * something. */
void weir_standby_rouse (WeirStandby *self);
/* Gives it the load command, before there is a worker that it belongs to: it need not wait for
 * that. */
void weir_standby_load (WeirStandby *self, WeirLaunch *launch);
WeirLaunch *weir_standby_get_launch (WeirStandby *self);
/* A load command can be given to it, though it may still boot. */
gboolean weir_standby_is_spawned (WeirStandby *self);
gboolean weir_standby_is_ready (WeirStandby *self);
/* It accepts requests, which it will hold until it serves a function. */
gboolean weir_standby_is_listening (WeirStandby *self);

G_END_DECLS
