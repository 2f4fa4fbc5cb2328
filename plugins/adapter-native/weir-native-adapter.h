/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

#define WEIR_NATIVE_TYPE_ADAPTER (weir_native_adapter_get_type ())

G_DECLARE_FINAL_TYPE (WeirNativeAdapter, weir_native_adapter, WEIR_NATIVE, ADAPTER, GObject)

G_END_DECLS
