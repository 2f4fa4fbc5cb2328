/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-head.h"

#include <string.h>

/* Reading a head by name and with copies: for bindings and slow paths. */

static gboolean
is_named (const WeirField *field, WeirFieldId id, const char *name, gsize length)
{
  if (field->id != id)
    return FALSE;
  return id != WEIR_FIELD_OTHER ||
         (field->name_length == length && g_ascii_strncasecmp (field->name, name, length) == 0);
}

/**
 * weir_head_dup:
 * @self: a head
 * @name: the name of a field
 *
 * Joins all values of a name, in their order, by ", ".
 *
 * Returns: (transfer full) (nullable): the value, or %NULL without such a field
 *
 * Since: 1.0
 */
char *
weir_head_dup (WeirHead *self, const char *name)
{
  g_auto (GStrv) values = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  values = weir_head_dup_all (self, name);
  return values[0] != NULL ? g_strjoinv (", ", values) : NULL;
}

/**
 * weir_head_dup_all:
 * @self: a head
 * @name: the name of a field
 *
 * Lists the values of a name, in their order.
 *
 * Returns: (transfer full) (array zero-terminated=1): the values
 *
 * Since: 1.0
 */
char **
weir_head_dup_all (WeirHead *self, const char *name)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  const WeirField *fields;
  guint n_fields;
  WeirFieldId id;
  gsize length;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  length = strlen (name);
  id = weir_field_id_lookup (name, length);
  fields = weir_head_get_fields (self, &n_fields);
  for (guint i = 0; i < n_fields; i++)
    {
      const WeirField *field = &fields[i];

      if (is_named (field, id, name, length))
        g_ptr_array_add (values, g_strndup (field->value, field->value_length));
    }
  g_ptr_array_add (values, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&values), FALSE);
}

/**
 * weir_head_has:
 * @self: a head
 * @name: the name of a field
 *
 * Returns: whether there is a field of that name
 *
 * Since: 1.0
 */
gboolean
weir_head_has (WeirHead *self, const char *name)
{
  const WeirField *fields;
  guint n_fields;
  WeirFieldId id;
  gsize length;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  length = strlen (name);
  id = weir_field_id_lookup (name, length);
  fields = weir_head_get_fields (self, &n_fields);
  for (guint i = 0; i < n_fields; i++)
    {
      if (is_named (&fields[i], id, name, length))
        return TRUE;
    }
  return FALSE;
}

/**
 * weir_head_dup_names:
 * @self: a head
 *
 * Lists the names of the fields, in their order and spelling. A name that was
 * sent twice is there twice.
 *
 * Returns: (transfer full) (array zero-terminated=1): the names
 *
 * Since: 1.0
 */
char **
weir_head_dup_names (WeirHead *self)
{
  const WeirField *fields;
  guint n_fields;
  char **names;

  g_return_val_if_fail (self != NULL, NULL);

  fields = weir_head_get_fields (self, &n_fields);
  names = g_new0 (char *, n_fields + 1);
  for (guint i = 0; i < n_fields; i++)
    names[i] = g_strndup (fields[i].name, fields[i].name_length);
  return names;
}
