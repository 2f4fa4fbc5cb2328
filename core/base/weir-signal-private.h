/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib-object.h>

G_BEGIN_DECLS

/* A signal that tells a fact: nobody answers it, and the class has no say. What follows are the
 * GTypes of what it comes with. */
guint weir_signal_new (GType type, const char *name, guint n_params, ...);

G_END_DECLS
