/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <weir.h>

G_BEGIN_DECLS

/* When this thread, which supervises workers and writes the log, lets those go first who serve. Of
 * two processors one may be the data thread's and the other a worker's: each time that this thread
 * wakes up it would take one from somebody whom clients wait for. It gets no less time then, only
 * not at once. Otherwise a first request waits for this thread most of all. */
typedef struct _CliPatience CliPatience;

CliPatience *cli_patience_new (WeirServer *server);
void cli_patience_free (CliPatience *self);
/* Requests come faster than they can be told one by one. */
void cli_patience_set_rush (CliPatience *self, gboolean rush);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliPatience, cli_patience_free)

G_END_DECLS
