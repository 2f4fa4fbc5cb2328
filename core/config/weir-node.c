/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-node-private.h"

WeirNode *
weir_node_new (WeirNodeKind kind, guint line, guint column)
{
  WeirNode *self = g_new0 (WeirNode, 1);

  self->kind = kind;
  self->line = line;
  self->column = column;
  if (kind == WEIR_NODE_TABLE || kind == WEIR_NODE_ARRAY)
    self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_node_free);

  return self;
}

void
weir_node_free (WeirNode *self)
{
  g_free (self->key);
  g_free (self->string);
  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_free (self);
}

void
weir_node_append (WeirNode *self, WeirNode *child)
{
  g_ptr_array_add (self->children, child);
}

static int
compare_positions (gconstpointer a, gconstpointer b)
{
  const WeirNode *one = *(WeirNode *const *) a;
  const WeirNode *two = *(WeirNode *const *) b;

  if (one->key_line != two->key_line)
    return one->key_line < two->key_line ? -1 : 1;
  if (one->key_column != two->key_column)
    return one->key_column < two->key_column ? -1 : 1;

  return 0;
}

void
weir_node_sort (WeirNode *self)
{
  g_ptr_array_sort (self->children, compare_positions);
}

WeirNode *
weir_node_find (WeirNode *self, const char *key)
{
  guint i;

  if (self->kind != WEIR_NODE_TABLE)
    return NULL;

  for (i = 0; i < self->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (self->children, i);

      if (g_str_equal (child->key, key))
        return child;
    }

  return NULL;
}

const char *
weir_node_describe (WeirNode *self)
{
  switch (self->kind)
    {
    case WEIR_NODE_TABLE:
      return "a table";
    case WEIR_NODE_ARRAY:
      return "an array";
    case WEIR_NODE_STRING:
      return "a string";
    case WEIR_NODE_INTEGER:
      return "an integer";
    case WEIR_NODE_DOUBLE:
      return "a number with a fraction";
    case WEIR_NODE_BOOLEAN:
      return "a boolean";
    case WEIR_NODE_NULL:
      return "null";
    case WEIR_NODE_DATE:
      return "a date or time";
    }

  return "something else";
}

static gboolean
is_array_of_strings (WeirNode *self)
{
  guint i;

  for (i = 0; i < self->children->len; i++)
    {
      if (((WeirNode *) g_ptr_array_index (self->children, i))->kind != WEIR_NODE_STRING)
        return FALSE;
    }

  return TRUE;
}

static GVariant *
array_to_variant (WeirNode *self)
{
  gboolean strings = is_array_of_strings (self);
  GVariantBuilder builder;
  guint i;

  g_variant_builder_init (&builder, G_VARIANT_TYPE (strings ? "as" : "av"));
  for (i = 0; i < self->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (self->children, i);

      if (strings)
        g_variant_builder_add (&builder, "s", child->string);
      else
        g_variant_builder_add (&builder, "v", weir_node_to_variant (child));
    }

  return g_variant_builder_end (&builder);
}

static GVariant *
table_to_variant (WeirNode *self)
{
  GVariantBuilder builder;
  guint i;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (i = 0; i < self->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (self->children, i);

      g_variant_builder_add (&builder, "{sv}", child->key, weir_node_to_variant (child));
    }

  return g_variant_builder_end (&builder);
}

GVariant *
weir_node_to_variant (WeirNode *self)
{
  switch (self->kind)
    {
    case WEIR_NODE_TABLE:
      return table_to_variant (self);
    case WEIR_NODE_ARRAY:
      return array_to_variant (self);
    case WEIR_NODE_INTEGER:
      return g_variant_new_int64 (self->integer);
    case WEIR_NODE_DOUBLE:
      return g_variant_new_double (self->number);
    case WEIR_NODE_BOOLEAN:
      return g_variant_new_boolean (self->boolean);
    case WEIR_NODE_STRING:
    case WEIR_NODE_DATE:
      return g_variant_new_string (self->string);
    case WEIR_NODE_NULL:
      break;
    }

  return g_variant_new_string ("");
}
