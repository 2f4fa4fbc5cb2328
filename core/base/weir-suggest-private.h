/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-suggest.h"

G_BEGIN_DECLS

/* What weir_suggest() finds as the end of an error message: "; did you mean “x”?", or "". */
char *weir_suggest_text (const char *word, const char *const *known);

G_END_DECLS
