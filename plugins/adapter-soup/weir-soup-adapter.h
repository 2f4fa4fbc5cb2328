/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

#define WEIR_SOUP_TYPE_ADAPTER (weir_soup_adapter_get_type ())

G_DECLARE_FINAL_TYPE (WeirSoupAdapter, weir_soup_adapter, WEIR_SOUP, ADAPTER, GObject)

G_END_DECLS
