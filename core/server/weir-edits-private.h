/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "config/weir-config.h"

G_BEGIN_DECLS

/* The edits of a project while it is served. Control thread.
 *
 * Signal "edited" (gboolean anew, strv of paths): anew when the configuration or the set of
 * functions may be another one; paths as weir_watcher_resolve() makes them. */
#define WEIR_TYPE_EDITS (weir_edits_get_type ())
G_DECLARE_FINAL_TYPE (WeirEdits, weir_edits, WEIR, EDITS, GObject)

WeirEdits *weir_edits_new (WeirClock *clock, WeirConfig *config);
/* What counts as configuration from now on. */
void weir_edits_set_config (WeirEdits *self, WeirConfig *config);
/* A file that may lie outside of the project. */
void weir_edits_add_file (WeirEdits *self, const char *path);

G_END_DECLS
