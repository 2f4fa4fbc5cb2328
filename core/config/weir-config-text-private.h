/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config-schema-private.h"

G_BEGIN_DECLS

/* What is wrong with a text that has rules of its own, in words that go on after it; NULL when it
 * is good. */
const char *weir_config_text_explain_route (const char *text);
/* One of an array. */
const char *weir_config_text_explain_item (WeirOptionType type, const char *text);

G_END_DECLS
