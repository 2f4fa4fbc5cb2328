/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-socket-budget-private.h"

struct _WeirSocketBudget
{
  gatomicrefcount refs;
  guint maximum; /* atomic, as the next one */
  guint taken;
};

WeirSocketBudget *
weir_socket_budget_new (guint maximum)
{
  WeirSocketBudget *self = g_new0 (WeirSocketBudget, 1);

  g_atomic_ref_count_init (&self->refs);
  self->maximum = maximum;
  return self;
}

WeirSocketBudget *
weir_socket_budget_ref (WeirSocketBudget *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
weir_socket_budget_unref (WeirSocketBudget *self)
{
  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

void
weir_socket_budget_set_maximum (WeirSocketBudget *self, guint maximum)
{
  g_atomic_int_set (&self->maximum, maximum);
}

gboolean
weir_socket_budget_take (WeirSocketBudget *self)
{
  guint maximum = g_atomic_int_get (&self->maximum);
  guint taken;

  /* Never one too many, not even for a moment: somebody else would be refused for it. */
  do
    {
      taken = g_atomic_int_get (&self->taken);
      if (maximum > 0 && taken >= maximum)
        return FALSE;
    }
  while (!g_atomic_int_compare_and_exchange (&self->taken, taken, taken + 1));
  return TRUE;
}

void
weir_socket_budget_give (WeirSocketBudget *self)
{
  g_atomic_int_add (&self->taken, -1);
}
