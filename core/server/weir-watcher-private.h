/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"

G_BEGIN_DECLS

/* Watches folders and says, once things are quiet for a moment, which files changed.
 * Control thread. Paths given and told are absolute; those told have no symbolic link in
 * their folder part, so compare them with what weir_watcher_resolve() makes of others. */
#define WEIR_TYPE_WATCHER (weir_watcher_get_type ())
G_DECLARE_FINAL_TYPE (WeirWatcher, weir_watcher, WEIR, WATCHER, GObject)

/* Signal "changed" (strv of paths). */
WeirWatcher *weir_watcher_new (WeirClock *clock);
/* A folder and all below it, new ones too, but for node_modules and hidden ones. */
void weir_watcher_add_tree (WeirWatcher *self, const char *directory);
/* The folder a file lies in, for this file and its neighbours only. */
void weir_watcher_add_file (WeirWatcher *self, const char *path);
/* The path with the symbolic links of its folder resolved, and its own: the file itself. */
char *weir_watcher_resolve (const char *path);

G_END_DECLS
