/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "store/weir-function.h"

G_BEGIN_DECLS

/* All functions of this key are alike to the runtime; one of them stands for all. */
typedef struct
{
  char *name;
  WeirFunction *function;
  gint64 used;
  gboolean resting; /* not for a long time, or never */
  guint n_standbys;
} WeirStandbyKey;

/* Of keys, the one used last at the end. */
GPtrArray *weir_standby_keys_new (void);
WeirStandbyKey *weir_standby_keys_get (GPtrArray *keys, guint i);
/* NULL: there is none of this name. */
WeirStandbyKey *weir_standby_keys_find (GPtrArray *keys, const char *name);
WeirStandbyKey *
weir_standby_keys_use (GPtrArray *keys, const char *name, WeirFunction *function, gint64 now);
/* One that is not there yet, before all others. */
void weir_standby_keys_add_resting (GPtrArray *keys, const char *name, WeirFunction *function);

G_END_DECLS
