/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

#define WEIR_TYPE_DENO_RUNTIME (weir_deno_runtime_get_type ())

G_DECLARE_FINAL_TYPE (WeirDenoRuntime, weir_deno_runtime, WEIR, DENO_RUNTIME, GObject)

G_END_DECLS
