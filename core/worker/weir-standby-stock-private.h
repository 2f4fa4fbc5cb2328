/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "worker/weir-capacity-private.h"
#include "worker/weir-standby-key-private.h"
#include "worker/weir-standby-pool-private.h"
#include "worker/weir-standby-private.h"

G_BEGIN_DECLS

/* The inside of WeirStandbyPool, for its files only: weir-standby-pool.c is the object and what
 * functions want of it, weir-standby-stock.c sees to it that there are as many of each key as
 * there should be. */
typedef struct
{
  WeirStandbyPool *pool;
  WeirStandbyKey *key;
  WeirStandby *standby; /* NULL while it is being handed out */
} WeirStandbyEntry;

struct _WeirStandbyPool
{
  GObject parent_instance;

  WeirRuntime *runtime;
  WeirClock *clock;
  char *socket_directory;
  WeirStandbyFactory factory;
  gpointer factory_data;
  guint per_key;
  guint maximum;
  WeirCapacity *capacity; /* nullable */

  GPtrArray *keys;    /* WeirStandbyKey, the one used last at the end */
  GPtrArray *entries; /* WeirStandbyEntry, the oldest first */
  guint serial;
  guint failures; /* since the last claim */
  guint64 pause;  /* until the next boot */
  guint64 boot_deadline;
  guint64 expiry;
  gboolean shut_down;
};

GPtrArray *weir_standby_stock_new (void); /* of entries */
/* Boots the next one that is missing, if now is the time for it. */
void weir_standby_stock_pursue (WeirStandbyPool *self);
/* Somebody wants the processor for himself. */
void weir_standby_stock_rest (WeirStandbyPool *self);
/* The one to hand out for a key, or NULL: those that have booted first. */
WeirStandbyEntry *weir_standby_stock_choose (WeirStandbyPool *self, WeirStandbyKey *key);
/* Its process, which is no longer ours (transfer full); frees the entry. */
WeirProcess *weir_standby_stock_take (WeirStandbyPool *self, WeirStandbyEntry *entry);
/* Ends those of a key that are more than `keep`, and all that are more than there may be. */
void weir_standby_stock_trim_key (WeirStandbyPool *self, WeirStandbyKey *key, guint keep);
void weir_standby_stock_trim (WeirStandbyPool *self);
/* Failures before this were somebody else's. */
void weir_standby_stock_forgive (WeirStandbyPool *self);
void weir_standby_stock_clear (WeirStandbyPool *self);

G_END_DECLS
