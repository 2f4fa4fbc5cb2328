/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "base/weir-version.h"

G_BEGIN_DECLS

/* Values that nobody should read, and "***" in their place. Immutable and thread-safe once
 * made. */
typedef struct _WeirMask WeirMask;

#define WEIR_TYPE_MASK (weir_mask_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_mask_get_type (void) G_GNUC_CONST;
/* Values of less than three bytes are left out, so that not every "1" is masked. */
WEIR_AVAILABLE_IN_ALL
WeirMask *weir_mask_new (const char *const *values);
WEIR_AVAILABLE_IN_ALL
WeirMask *weir_mask_ref (WeirMask *self);
WEIR_AVAILABLE_IN_ALL
void weir_mask_unref (WeirMask *self);
/* The text with every value masked; the longest where several begin (transfer full). */
WEIR_AVAILABLE_IN_ALL
char *weir_mask_apply (WeirMask *self, const char *text);
/* Whether a variable of that name has something to hide: SECRET, KEY, TOKEN, PASSWORD,
 * CREDENTIAL, AUTH or PRIVATE is in it, in either case. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_mask_is_secret_name (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirMask, weir_mask_unref)

G_END_DECLS
