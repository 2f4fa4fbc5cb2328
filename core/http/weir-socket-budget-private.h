/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* How many upgraded connections there may be in the whole server. Any thread. */
typedef struct _WeirSocketBudget WeirSocketBudget;

WeirSocketBudget *weir_socket_budget_new (guint maximum); /* 0: no bound */
WeirSocketBudget *weir_socket_budget_ref (WeirSocketBudget *self);
void weir_socket_budget_unref (WeirSocketBudget *self);
void weir_socket_budget_set_maximum (WeirSocketBudget *self, guint maximum);
gboolean weir_socket_budget_take (WeirSocketBudget *self); /* FALSE: there are enough */
void weir_socket_budget_give (WeirSocketBudget *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSocketBudget, weir_socket_budget_unref)

G_END_DECLS
