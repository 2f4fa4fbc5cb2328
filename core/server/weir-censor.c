/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-censor-private.h"

#include <string.h>

#include "base/weir-mask.h"

/* Beyond it the oldest are forgotten; they belong to workers that ended long ago. */
#define MAX_VALUES 4096

typedef struct
{
  GHashTable *known; /* value -> itself */
  GQueue values;     /* owns them, the oldest first */
} Values;

struct _WeirCensor
{
  Values common;
  Values users;   /* however many come by, the others stay */
  WeirMask *mask; /* NULL when a value came in since it was made */
};

static void
wipe (gpointer data)
{
  explicit_bzero (data, strlen (data));
  g_free (data);
}

static void
values_init (Values *self)
{
  self->known = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->values);
}

static void
values_clear (Values *self)
{
  g_hash_table_unref (self->known);
  g_queue_clear_full (&self->values, wipe);
}

WeirCensor *
weir_censor_new (void)
{
  WeirCensor *self = g_rc_box_new0 (WeirCensor);

  values_init (&self->common);
  values_init (&self->users);

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

  values_clear (&self->common);
  values_clear (&self->users);
  g_clear_pointer (&self->mask, weir_mask_unref);
}

void
weir_censor_unref (WeirCensor *self)
{
  g_rc_box_release_full (self, weir_censor_clear);
}

static void
add_value (WeirCensor *self, Values *values, const char *value)
{
  char *own;

  if (g_hash_table_contains (values->known, value))
    return;

  own = g_strdup (value);
  g_queue_push_tail (&values->values, own);
  g_hash_table_add (values->known, own);
  g_clear_pointer (&self->mask, weir_mask_unref);
  while (values->values.length > MAX_VALUES)
    {
      char *oldest = g_queue_pop_head (&values->values);

      g_hash_table_remove (values->known, oldest);
      wipe (oldest);
    }
}

void
weir_censor_add_user_secret (WeirCensor *self, const char *value)
{
  add_value (self, &self->users, value);
}

void
weir_censor_add_secrets (WeirCensor *self, const char *const *secrets)
{
  for (; *secrets != NULL; secrets++)
    {
      const char *equals = strchr (*secrets, '=');

      if (equals != NULL)
        add_value (self, &self->common, equals + 1);
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
        add_value (self, &self->common, equals + 1);
    }
}

static WeirMask *
ensure_mask (WeirCensor *self)
{
  g_autoptr (GPtrArray) values = NULL;

  if (self->mask != NULL)
    return self->mask;

  values = g_ptr_array_new ();
  for (GList *l = self->common.values.head; l != NULL; l = l->next)
    g_ptr_array_add (values, l->data);
  for (GList *l = self->users.values.head; l != NULL; l = l->next)
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
