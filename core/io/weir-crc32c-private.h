/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* The checksum of Castagnoli, of what came before (0: nothing) and of this. */
guint32 weir_crc32c (guint32 before, const guint8 *data, gsize length);

G_END_DECLS
