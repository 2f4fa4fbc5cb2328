/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-key-ring.h"

G_BEGIN_DECLS

/* The keys of a store as they are now, for any thread; and when they are used, for the store.
 * All but the functions marked so on the control thread. */
#define WEIR_TYPE_KEY_SOURCE (weir_key_source_get_type ())
G_DECLARE_FINAL_TYPE (WeirKeySource, weir_key_source, WEIR, KEY_SOURCE, GObject)

/* interval_ms: how often the store is told when keys were used. */
WeirKeySource *weir_key_source_new (WeirStore *store, guint interval_ms);
/* Writes what is not written yet, and waits for that; then nothing is read any more. */
void weir_key_source_close (WeirKeySource *self);

/* Any thread: the keys, which stay until weir_key_source_leave(). NULL while they are not read
 * yet, and weir_key_source_wait_async() tells when; leave all the same. */
const WeirKeyRing *weir_key_source_enter (WeirKeySource *self);
void weir_key_source_leave (WeirKeySource *self);
/* Any thread: somebody came with that key. */
void weir_key_source_use (WeirKeySource *self, const WeirKeyEntry *entry, gint64 now_us);

/* Any thread: whether it is worth a look at the store that a key is not known. So many in a second
 * are that who creates a key can use it at once, and who guesses keys keeps nobody busy. */
gboolean weir_key_source_may_look (WeirKeySource *self, gint64 now_us);

/* Reads the keys as they are now. Fails when they cannot be read; those before stay. */
void
weir_key_source_wait_async (WeirKeySource *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean weir_key_source_wait_finish (WeirKeySource *self, GAsyncResult *result, GError **error);

G_END_DECLS
