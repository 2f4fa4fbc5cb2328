/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "worker/weir-resource-usage-private.h"
#include "worker/weir-worker-private.h"

G_BEGIN_DECLS

/* What the supervisor knows of one worker. */
typedef struct _WeirSupervision WeirSupervision;

/* A worker is to be replaced, and why: text for a person. */
typedef void (*WeirSupervisionNotice) (WeirWorker *worker, const char *text, gpointer user_data);

WeirSupervision *weir_supervision_new (WeirClock *clock,
                                       WeirResourceUsage *usage,
                                       WeirWorker *worker,
                                       WeirSupervisionNotice notice,
                                       gpointer user_data);
WeirSupervision *weir_supervision_ref (WeirSupervision *self);
void weir_supervision_unref (WeirSupervision *self);
/* The worker has loaded its function: what it uses beyond this moment counts. */
void weir_supervision_begin (WeirSupervision *self);
/* It takes no more requests; only its limits are watched from now on. */
void weir_supervision_leave (WeirSupervision *self);
/* It is gone: no timer is left. */
void weir_supervision_end (WeirSupervision *self);
/* Does it do anything that may use resources? */
gboolean weir_supervision_is_active (WeirSupervision *self);
/* Looks at what it used since the last time, and acts on it. It may be gone after that. */
void weir_supervision_sample (WeirSupervision *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSupervision, weir_supervision_unref)

G_END_DECLS
