/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* The word of known (NULL-terminated) that somebody who typed word may have meant, or
 * NULL when none is near. Case counts for nothing, and neither does "_" against "-". */
const char *weir_suggest (const char *word, const char *const *known);

/* The same as the end of an error message: "; did you mean “x”?", or "". */
char *weir_suggest_text (const char *word, const char *const *known);

G_END_DECLS
