/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-key-use.h"

struct _WeirKeyUse
{
  gint seconds; /* atomic */
};

WeirKeyUse *
weir_key_use_new (void)
{
  return g_atomic_rc_box_new0 (WeirKeyUse);
}

WeirKeyUse *
weir_key_use_ref (WeirKeyUse *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
weir_key_use_unref (WeirKeyUse *self)
{
  g_atomic_rc_box_release (self);
}

gboolean
weir_key_use_mark (WeirKeyUse *self, guint seconds)
{
  if (weir_key_use_get (self) == seconds)
    return FALSE;
  g_atomic_int_set (&self->seconds, (gint) seconds);
  return TRUE;
}

guint
weir_key_use_get (WeirKeyUse *self)
{
  return (guint) g_atomic_int_get (&self->seconds);
}
