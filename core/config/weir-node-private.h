/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  WEIR_NODE_TABLE,
  WEIR_NODE_ARRAY,
  WEIR_NODE_STRING,
  WEIR_NODE_INTEGER,
  WEIR_NODE_DOUBLE,
  WEIR_NODE_BOOLEAN,
  WEIR_NODE_NULL,
  WEIR_NODE_DATE,
} WeirNodeKind;

/* Deeper than this is refused, so that nothing that walks a tree can run out of stack. */
#define WEIR_NODE_MAX_DEPTH 64

/* One value of a TOML or JSON file, which knows where it stands. Lines and columns count
 * from 1. Children are in the order of the file. */
typedef struct _WeirNode WeirNode;

struct _WeirNode
{
  WeirNodeKind kind;
  char *key; /* in a table, else NULL */
  guint key_line;
  guint key_column;
  guint line;
  guint column;
  char *string; /* valid UTF-8 */
  gint64 integer;
  double number;
  gboolean boolean;
  GPtrArray *children; /* WeirNode; of tables and arrays */
};

WeirNode *weir_node_new (WeirNodeKind kind, guint line, guint column);
void weir_node_free (WeirNode *self);
void weir_node_append (WeirNode *self, WeirNode *child);
/* For parsers that lose the order of the file. */
void weir_node_sort (WeirNode *self);
/* NULL if this is no table or has no such key. */
WeirNode *weir_node_find (WeirNode *self, const char *key);
/* "a string", for messages. */
const char *weir_node_describe (WeirNode *self);
/* Any value, as a plugin would want it: b, x, d, s, as, av, a{sv}. */
GVariant *weir_node_to_variant (WeirNode *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirNode, weir_node_free)

G_END_DECLS
