/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "worker/weir-resource-usage-private.h"

G_BEGIN_DECLS

/* Counters that the test moves, the same for every process. */
#define WEIR_TYPE_FAKE_USAGE (weir_fake_usage_get_type ())
G_DECLARE_FINAL_TYPE (WeirFakeUsage, weir_fake_usage, WEIR, FAKE_USAGE, WeirResourceUsage)

WeirFakeUsage *weir_fake_usage_new (void);
/* What the next reading gives; the test changes it in place. */
WeirResourceSample *weir_fake_usage_get_sample (WeirFakeUsage *self);
guint weir_fake_usage_get_n_read (WeirFakeUsage *self);
/* What was asked for last; 0: never. */
gint64 weir_fake_usage_get_memory_limit (WeirFakeUsage *self);
gint64 weir_fake_usage_get_cpu_limit (WeirFakeUsage *self);
gboolean weir_fake_usage_is_patient (WeirFakeUsage *self);
void weir_fake_usage_set_running (WeirFakeUsage *self, gboolean running);

G_END_DECLS
