/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From a key to a few words of state, of which a new key has zeros. */
typedef struct _WeirLimiterTable WeirLimiterTable;

/* From what moment on a state is as good as zeros, in the microseconds of lookup(). */
typedef gint64 (*WeirLimiterTableWhole) (const guint64 *state);

/* The memory is taken page by page as keys come, up to 2 * max_keys slots. */
WeirLimiterTable *
weir_limiter_table_new (guint max_keys, guint n_words, WeirLimiterTableWhole whole_at);
void weir_limiter_table_free (WeirLimiterTable *self);
guint weir_limiter_table_get_n_keys (WeirLimiterTable *self);
/* Valid until the next lookup. A new key takes the place of one that is whole again, or of
 * the one that is nearest to it, when there are max_keys already. */
guint64 *weir_limiter_table_lookup (WeirLimiterTable *self, const char *key, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirLimiterTable, weir_limiter_table_free)

G_END_DECLS
