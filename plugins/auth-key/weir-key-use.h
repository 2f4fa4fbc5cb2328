/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* When a key was last used: said on the data thread, asked on the control thread. It outlives
 * the ring that the key is in. */
typedef struct _WeirKeyUse WeirKeyUse;

WeirKeyUse *weir_key_use_new (void);
WeirKeyUse *weir_key_use_ref (WeirKeyUse *self);
void weir_key_use_unref (WeirKeyUse *self);
/* seconds: since 1970. FALSE when that was known already. */
gboolean weir_key_use_mark (WeirKeyUse *self, guint seconds);
/* 0: never. */
guint weir_key_use_get (WeirKeyUse *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirKeyUse, weir_key_use_unref)

G_END_DECLS
