/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

#define WEIR_TYPE_WINDOW_LIMITER (weir_window_limiter_get_type ())
G_DECLARE_FINAL_TYPE (WeirWindowLimiter, weir_window_limiter, WEIR, WINDOW_LIMITER, GObject)

G_END_DECLS
