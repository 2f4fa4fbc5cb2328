/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "plugin/weir-extension-registry.h"

G_BEGIN_DECLS

void weir_extension_registry_remove (WeirExtensionRegistry *self, GType point, const char *name);
/* By the word that a manifest uses: the point WeirRateLimiter is "rate-limiter". */
gboolean weir_extension_registry_provides (WeirExtensionRegistry *self,
                                           const char *point_name,
                                           const char *name);

G_END_DECLS
