/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "worker/weir-process-private.h"

G_BEGIN_DECLS

/* A process that does what it is told by the test, and writes down what it is told by the
 * worker: "spawn term kill". */
#define WEIR_TYPE_FAKE_PROCESS (weir_fake_process_get_type ())
G_DECLARE_FINAL_TYPE (WeirFakeProcess, weir_fake_process, WEIR, FAKE_PROCESS, GObject)

WeirFakeProcess *weir_fake_process_new (void);
/* Makes one as a pool wants it, and puts it into a list of all. */
WeirProcess *weir_fake_process_factory (gpointer processes);
const char *weir_fake_process_get_trace (WeirFakeProcess *self);
/* The last line that was written to it, or NULL. */
const char *weir_fake_process_get_line (WeirFakeProcess *self);

/* "spawned"; nothing if it was not asked for, or was answered. TRUE if it did. */
gboolean weir_fake_process_answer (WeirFakeProcess *self);
gboolean weir_fake_process_refuse (WeirFakeProcess *self, const char *message);
void weir_fake_process_say (WeirFakeProcess *self, const char *line);
void weir_fake_process_say_error (WeirFakeProcess *self, const char *line);
/* "exited", if it runs. */
gboolean weir_fake_process_exit (WeirFakeProcess *self, int wait_status);
gboolean weir_fake_process_is_running (WeirFakeProcess *self);
gboolean weir_fake_process_was_killed (WeirFakeProcess *self);

G_END_DECLS
