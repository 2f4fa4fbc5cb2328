/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "worker/weir-runtime.h"

G_BEGIN_DECLS

/* A runtime whose preparations end when the test says so. */
#define WEIR_TYPE_FAKE_RUNTIME (weir_fake_runtime_get_type ())
G_DECLARE_FINAL_TYPE (WeirFakeRuntime, weir_fake_runtime, WEIR, FAKE_RUNTIME, GObject)

WeirFakeRuntime *weir_fake_runtime_new (void);
/* How many preparations were ever begun, and how many of them wait. */
guint weir_fake_runtime_get_begun (WeirFakeRuntime *self);
guint weir_fake_runtime_get_waiting (WeirFakeRuntime *self);
/* Ends the oldest one that waits: with one file named after the revision, or with an
 * error. A cancelled one ends as cancelled. The answer needs a turn of the loop. */
gboolean weir_fake_runtime_finish (WeirFakeRuntime *self, const char *error);
/* From now on launch() fails with this; NULL: it works again. */
void weir_fake_runtime_refuse_launch (WeirFakeRuntime *self, const char *error);
/* The standby key of every function from now on; NULL, as at first: no standby is of use. */
void weir_fake_runtime_set_key (WeirFakeRuntime *self, const char *key);

G_END_DECLS
