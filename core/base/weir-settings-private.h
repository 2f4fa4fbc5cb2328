/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-settings.h"

G_BEGIN_DECLS

/* What each request asks of its function, and is told without a search for the name. */
typedef enum
{
  WEIR_SETTING_AUTH,
  WEIR_SETTING_CORS_CREDENTIALS,
  WEIR_SETTING_CORS_ORIGINS,
  WEIR_SETTING_RATE_LIMIT,
  WEIR_SETTING_RATE_LIMIT_SHARED,
  WEIR_N_FREQUENT_SETTINGS,
} WeirFrequentSetting;

/* As the functions that take a name do. */
const char *weir_settings_peek_string (WeirSettings *self, WeirFrequentSetting setting);
const char *const *weir_settings_peek_strv (WeirSettings *self, WeirFrequentSetting setting);
/* fallback: for settings without that one. */
gboolean
weir_settings_peek_boolean (WeirSettings *self, WeirFrequentSetting setting, gboolean fallback);

G_END_DECLS
