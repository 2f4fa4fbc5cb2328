/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "cli-private.h"

/* What the commands about stored things share. */

/* For one answer: give cli_on_answer and the address of a NULL pointer to a call, then wait. */
void cli_on_answer (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *cli_wait (GAsyncResult **result);

/* A server of that project that does not run. NULL: it was said why, *status says how to exit. */
WeirServer *cli_make_server (const char *directory, GVariant *overrides, CliExit *status);
/* The records of a kind, or NULL with an error. */
GPtrArray *cli_list_records (WeirStore *store, const char *kind, GError **error);
gboolean cli_apply (WeirStore *store, WeirChangeAction action, WeirRecord *record, GError **error);

/* "2 hours ago", from milliseconds since 1970. */
char *cli_ago (gint64 time);
