/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* SipHash-2-4 with 128 bits of output. */
void weir_limiter_hash (const guint64 secret[2], const char *data, gsize length, guint64 out[2]);

G_END_DECLS
