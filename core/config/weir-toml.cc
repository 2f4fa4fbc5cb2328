/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The only C++ of Weir: from the tree of toml++ to ours. No exception leaves this file. */

#include "config/weir-toml-private.h"

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "config/weir-config.h"

namespace
{

struct NodeDeleter
{
  void
  operator() (WeirNode *node) const
  {
    weir_node_free (node);
  }
};

using Node = std::unique_ptr<WeirNode, NodeDeleter>;

/* What the grammar allows and Weir does not. */
struct Refusal
{
  toml::source_position where;
  const char *why;
};

char *
to_string (std::string_view text, const toml::source_position &where)
{
  if (!g_utf8_validate_len (text.data (), text.size (), nullptr))
    throw Refusal{ where, "the string contains a NUL or is not valid UTF-8" };

  return g_strndup (text.data (), text.size ());
}

Node convert (const toml::node &from, unsigned depth);

Node
convert_table (const toml::table &from, unsigned depth)
{
  const toml::source_position &where = from.source ().begin;
  Node node (weir_node_new (WEIR_NODE_TABLE, where.line, where.column));

  for (auto &&[key, value] : from)
    {
      const toml::source_position &at = key.source ().begin;
      Node child = convert (value, depth + 1);

      child->key = to_string (key.str (), at);
      child->key_line = at.line;
      child->key_column = at.column;
      weir_node_append (node.get (), child.release ());
    }
  weir_node_sort (node.get ());

  return node;
}

Node
convert_array (const toml::array &from, unsigned depth)
{
  const toml::source_position &where = from.source ().begin;
  Node node (weir_node_new (WEIR_NODE_ARRAY, where.line, where.column));

  for (const toml::node &value : from)
    weir_node_append (node.get (), convert (value, depth + 1).release ());

  return node;
}

Node
convert_scalar (const toml::node &from)
{
  const toml::source_position &where = from.source ().begin;
  Node node (weir_node_new (WEIR_NODE_DATE, where.line, where.column));

  if (const auto *string = from.as_string ())
    {
      node->kind = WEIR_NODE_STRING;
      node->string = to_string (string->get (), where);
    }
  else if (const auto *integer = from.as_integer ())
    {
      node->kind = WEIR_NODE_INTEGER;
      node->integer = integer->get ();
    }
  else if (const auto *number = from.as_floating_point ())
    {
      node->kind = WEIR_NODE_DOUBLE;
      node->number = number->get ();
    }
  else if (const auto *boolean = from.as_boolean ())
    {
      node->kind = WEIR_NODE_BOOLEAN;
      node->boolean = boolean->get ();
    }
  else
    {
      node->string = g_strdup ("");
    }

  return node;
}

Node
convert (const toml::node &from, unsigned depth)
{
  if (depth > WEIR_NODE_MAX_DEPTH)
    throw Refusal{ from.source ().begin, "the tables are nested too deeply" };

  if (const toml::table *table = from.as_table ())
    return convert_table (*table, depth);
  if (const toml::array *array = from.as_array ())
    return convert_array (*array, depth);

  return convert_scalar (from);
}

/* toml++ limits the nesting of arrays and inline tables but not of dotted keys, and takes its
 * tree apart by recursion: a line of dots would run it out of stack. */
unsigned
find_deep_key (std::string_view text)
{
  unsigned line = 1, dots = 0;

  for (char c : text)
    {
      if (c == '.')
        dots++;
      else if (strchr ("\n=,[]{}", c) != nullptr)
        dots = 0;
      if (dots > 1000)
        return line;
      if (c == '\n')
        line++;
    }

  return 0;
}

/* "Error while parsing key-value pair: cannot …": the second half is the message. */
std::string
shorten (std::string_view description)
{
  const size_t colon = description.find (": ");

  if (colon != description.npos && description.substr (0, 12) == "Error while ")
    description.remove_prefix (colon + 2);

  return std::string (description);
}

} // namespace

extern "C" WeirNode *
weir_toml_parse (const char *text, gsize length, const char *name, GError **error)
{
  const std::string_view view (text, length);
  unsigned deep;

  if (memchr (text, '\0', length) != nullptr)
    {
      g_set_error (error,
                   WEIR_CONFIG_ERROR,
                   WEIR_CONFIG_ERROR_SYNTAX,
                   "%s:1:1: the file contains a NUL byte; it is not a text file",
                   name);
      return nullptr;
    }
  if ((deep = find_deep_key (view)) != 0)
    {
      g_set_error (error,
                   WEIR_CONFIG_ERROR,
                   WEIR_CONFIG_ERROR_SYNTAX,
                   "%s:%u:1: the tables are nested too deeply",
                   name,
                   deep);
      return nullptr;
    }

  try
    {
      toml::table table = toml::parse (view);

      return convert_table (table, 0).release ();
    }
  catch (const toml::parse_error &problem)
    {
      const std::string why = shorten (problem.description ());
      g_autofree char *valid = g_utf8_make_valid (why.c_str (), -1);

      g_set_error (error,
                   WEIR_CONFIG_ERROR,
                   WEIR_CONFIG_ERROR_SYNTAX,
                   "%s:%u:%u: %s",
                   name,
                   (unsigned) problem.source ().begin.line,
                   (unsigned) problem.source ().begin.column,
                   valid);
    }
  catch (const Refusal &refusal)
    {
      g_set_error (error,
                   WEIR_CONFIG_ERROR,
                   WEIR_CONFIG_ERROR_SYNTAX,
                   "%s:%u:%u: %s",
                   name,
                   (unsigned) refusal.where.line,
                   (unsigned) refusal.where.column,
                   refusal.why);
    }
  catch (const std::exception &problem)
    {
      g_set_error (error,
                   WEIR_CONFIG_ERROR,
                   WEIR_CONFIG_ERROR_SYNTAX,
                   "%s:1:1: %s",
                   name,
                   problem.what ());
    }

  return nullptr;
}
