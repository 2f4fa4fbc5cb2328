/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-censor-private.h"

#include <string.h>

#include "base/weir-mask.h"

/* Beyond it the oldest are forgotten; they belong to workers that ended long ago. */
#define MAX_VALUES 4096

struct _WeirCensor
{
  GHashTable *known; /* value -> itself */
  GQueue values;     /* owns them, the oldest first */
  WeirMask *mask;    /* NULL when a value came in since it was made */
};

static void
wipe (gpointer data)
{
  explicit_bzero (data, strlen (data));
  g_free (data);
}

WeirCensor *
weir_censor_new (void)
{
  WeirCensor *self = g_rc_box_new0 (WeirCensor);

  self->known = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->values);

  return self;
}

WeirCensor *
weir_censor_ref (WeirCensor *self)
{
  return g_rc_box_acquire (self);
}

static void
weir_censor_clear (gpointer data)
{
  WeirCensor *self = data;

  g_hash_table_unref (self->known);
  g_queue_clear_full (&self->values, wipe);
  g_clear_pointer (&self->mask, weir_mask_unref);
}

void
weir_censor_unref (WeirCensor *self)
{
  g_rc_box_release_full (self, weir_censor_clear);
}

static void
add_value (WeirCensor *self, const char *value)
{
  char *own;

  if (g_hash_table_contains (self->known, value))
    return;

  own = g_strdup (value);
  g_queue_push_tail (&self->values, own);
  g_hash_table_add (self->known, own);
  g_clear_pointer (&self->mask, weir_mask_unref);
  while (self->values.length > MAX_VALUES)
    {
      char *oldest = g_queue_pop_head (&self->values);

      g_hash_table_remove (self->known, oldest);
      wipe (oldest);
    }
}

void
weir_censor_add_secrets (WeirCensor *self, const char *const *secrets)
{
  for (; *secrets != NULL; secrets++)
    {
      const char *equals = strchr (*secrets, '=');

      if (equals != NULL)
        add_value (self, equals + 1);
    }
}

void
weir_censor_add_environ (WeirCensor *self, const char *const *lines)
{
  for (; *lines != NULL; lines++)
    {
      const char *equals = strchr (*lines, '=');
      g_autofree char *name = NULL;

      if (equals == NULL)
        continue;
      name = g_strndup (*lines, equals - *lines);
      if (weir_mask_is_secret_name (name))
        add_value (self, equals + 1);
    }
}

static WeirMask *
ensure_mask (WeirCensor *self)
{
  g_autoptr (GPtrArray) values = NULL;

  if (self->mask != NULL)
    return self->mask;

  values = g_ptr_array_new ();
  for (GList *l = self->values.head; l != NULL; l = l->next)
    g_ptr_array_add (values, l->data);
  g_ptr_array_add (values, NULL);
  self->mask = weir_mask_new ((const char *const *) values->pdata);

  return self->mask;
}

char *
weir_censor_text (WeirCensor *self, const char *text)
{
  return text != NULL ? weir_mask_apply (ensure_mask (self), text) : NULL;
}

GError *
weir_censor_error (WeirCensor *self, const GError *error)
{
  g_autofree char *text = weir_censor_text (self, error->message);
  GError *copy = g_error_copy (error);

  g_free (copy->message);
  copy->message = g_steal_pointer (&text);

  return copy;
}
