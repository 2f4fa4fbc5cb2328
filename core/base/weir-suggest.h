/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "base/weir-version.h"

G_BEGIN_DECLS

/* The word of known (NULL-terminated) that somebody who typed word may have meant, or
 * NULL when none is near. Case counts for nothing, and neither does "_" against "-". */
WEIR_AVAILABLE_IN_ALL
const char *weir_suggest (const char *word, const char *const *known);

G_END_DECLS
