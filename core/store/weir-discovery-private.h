/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a folder holds: one candidate per function, and what is wrong with the rest. */
typedef struct
{
  char *name;
  char *directory;  /* absolute */
  char *entrypoint; /* absolute */
} WeirCandidate;

typedef struct
{
  char *functions_directory; /* absolute */
  gboolean has_prefix;
  GPtrArray *candidates; /* WeirCandidate, sorted by name */
  GPtrArray *problems;   /* char *, "path: message" with what to do */
} WeirDiscovery;

/* Scans a functions folder: NAME/index.{ts,tsx,js,mjs,jsx} and flat NAME.{ts,js}
 * (which wins, and is said when both exist); folders and files that start with "_" or
 * "." are not functions, nor are *.test.ts, *.d.ts, tests/ and node_modules.
 * has_prefix: clients call them by /functions/v1/NAME, where any name will do.
 * Fails only when the folder cannot be read. */
WeirDiscovery *
weir_discovery_scan (const char *functions_directory, gboolean has_prefix, GError **error);
void weir_discovery_free (WeirDiscovery *self);
/* NULL when fine, else what is wrong with the name (transfer full). */
char *weir_discovery_check_name (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirDiscovery, weir_discovery_free)

G_END_DECLS
