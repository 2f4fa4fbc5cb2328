/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

#include "weir-key-use.h"

G_BEGIN_DECLS

#define WEIR_KEY_DIGEST_LENGTH 32

/* One key as requests need it. */
typedef struct
{
  guint8 digest[WEIR_KEY_DIGEST_LENGTH];
  guint64 version; /* of the record */
  WeirApiKey *key;
  WeirIdentity *identity;
  WeirKeyUse *use;
} WeirKeyEntry;

/* All keys of a store at one time, found by their digests. It does not change. */
typedef struct _WeirKeyRing WeirKeyRing;

/* records: WeirRecord; those that are no keys are left out, with a warning. before: the ring
 * that this one takes the place of, for what is known about its keys, or NULL. */
WeirKeyRing *weir_key_ring_new (GPtrArray *records, WeirKeyRing *before);
void weir_key_ring_free (WeirKeyRing *self);
/* Takes as long for a near miss as for a far one. NULL: there is no such key. */
const WeirKeyEntry *weir_key_ring_find (const WeirKeyRing *self, const char *text, gsize length);
guint weir_key_ring_get_n_entries (const WeirKeyRing *self);
const WeirKeyEntry *weir_key_ring_get_entry (const WeirKeyRing *self, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirKeyRing, weir_key_ring_free)

G_END_DECLS
