/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config-schema-private.h"

G_BEGIN_DECLS

/* The value as the settings keep it: b, x, s, as or a{ss}; paths are taken as relative to
 * directory. On failure line and column are of what is wrong and message says how; code is
 * WEIR_CONFIG_ERROR_TYPE or WEIR_CONFIG_ERROR_RANGE. */
GVariant *weir_config_value_read (const WeirOption *option,
                                  WeirNode *node,
                                  const char *directory,
                                  guint *line,
                                  guint *column,
                                  int *code,
                                  char **message);
/* From one text, as an environment variable gives it: lists are separated by commas. */
WeirNode *weir_config_value_from_text (const WeirOption *option, const char *text);
/* From what a program gives; NULL if no option could have this type. */
WeirNode *weir_config_value_from_variant (GVariant *value);

G_END_DECLS
