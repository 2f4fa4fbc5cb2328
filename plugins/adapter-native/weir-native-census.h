/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How many connections there are, in all and from each address, on all data threads together.
 * Any thread. */
typedef struct _WeirNativeCensus WeirNativeCensus;

WeirNativeCensus *weir_native_census_new (void);
WeirNativeCensus *weir_native_census_ref (WeirNativeCensus *self);
void weir_native_census_unref (WeirNativeCensus *self);
/* FALSE: there are `most` already. */
gboolean weir_native_census_enter (WeirNativeCensus *self, guint most);
void weir_native_census_leave (WeirNativeCensus *self);
gboolean weir_native_census_enter_from (WeirNativeCensus *self, GInetAddress *peer, guint most);
void weir_native_census_leave_from (WeirNativeCensus *self, GInetAddress *peer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirNativeCensus, weir_native_census_unref)

G_END_DECLS
