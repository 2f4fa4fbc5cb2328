/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef gboolean (*WeirSoupReadyFunc) (gpointer stream);

/* A source for a pollable stream that has no file descriptor: it asks the stream itself,
 * which costs the loop no system call. */
GSource *weir_soup_source_new (GObject *stream, WeirSoupReadyFunc is_ready);

G_END_DECLS
