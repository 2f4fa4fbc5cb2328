/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* flux.json: what Flux asks about a function, and any option that Weir has for one. */

#include "config/weir-config-data-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"
#include "config/weir-json-private.h"

typedef enum
{
  NAME,
  METHOD,
  ENTRY,
  AUTH,
  CHECKED,   /* right is all that it has to be */
  ASYNC,     /* no effect, unless it is false */
  NO_EFFECT, /* why is in "words" */
  OTHER,     /* of a file that has nothing but its name in common with this one */
} Meaning;

typedef struct
{
  const char *key;
  Meaning meaning;
  WeirOptionType type;
  const char *words;
} Key;

// clang-format off
static const Key keys[] = {
  { "name", NAME, WEIR_OPTION_NAME, NULL },
  { "runtime", CHECKED, WEIR_OPTION_WORD, "deno|node|javascript|typescript" },
  { "method", METHOD, WEIR_OPTION_WORD, "GET|POST|PUT|PATCH|DELETE" },
  { "entry", ENTRY, WEIR_OPTION_PATH, NULL },
  { "auth", AUTH, WEIR_OPTION_AUTH, NULL },
  { "description", CHECKED, WEIR_OPTION_STRING, NULL },
  { "async", ASYNC, WEIR_OPTION_BOOLEAN, ": callers wait for the answer" },
  { "build", NO_EFFECT, WEIR_OPTION_STRING, ": modules are taken as they are written" },
  { "input", NO_EFFECT, WEIR_OPTION_TABLE, ": give the schema to defineFunction" },
  { "output", NO_EFFECT, WEIR_OPTION_TABLE, ": give the schema to defineFunction" },
  { "middleware", NO_EFFECT, WEIR_OPTION_STRINGS, ": call it in the handler" },
  { "flux_version", OTHER, WEIR_OPTION_STRING, NULL },
  { "artifact", OTHER, WEIR_OPTION_STRING, NULL },
  { "project_id", OTHER, WEIR_OPTION_STRING, NULL },
};
// clang-format on

/* What Flux does where nobody says otherwise. */
static const struct
{
  const char *option;
  const char *value;
} usual[] = {
  { "dialect", "'flux'" },
  { "methods", "['POST']" },
  { "request_timeout_ms", "int64 30000" },
  { "request_size_limit", "int64 10485760" },
};

static const Key *
find_key (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i].key, name))
      return &keys[i];
  return NULL;
}

static const char *
suggest (const char *name)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  const char *found;

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].meaning != OTHER)
      g_ptr_array_add (words, (gpointer) keys[i].key);
  g_ptr_array_add (words, NULL);
  found = weir_suggest (name, (const char *const *) words->pdata);
  return found != NULL ? found : weir_config_suggest_spelled (name);
}

/* Its own words for it. */
static void
read_auth (WeirSource *source, GHashTable *layer, WeirNode *node)
{
  const char *word = node->kind == WEIR_NODE_STRING ? node->string : "";
  const char *meant = NULL;

  if (g_str_equal (word, "none"))
    meant = "public";
  else if (g_str_equal (word, "api_key") || g_str_equal (word, "jwt"))
    meant = "required";
  if (meant != NULL)
    {
      g_free (node->string);
      node->string = g_strdup (meant);
    }
  weir_config_read_spelled (source, layer, node);
}

static void
read_method (WeirSource *source, GHashTable *layer, const Key *key, WeirNode *node)
{
  const WeirOption *methods = weir_config_schema_find (WEIR_OPTION_FUNCTION, "methods");
  const WeirOption word = { .name = key->key, .type = key->type, .unit = key->words };
  g_autoptr (GHashTable) checked = weir_layer_new ();
  g_autoptr (WeirNode) list = NULL;
  WeirNode *only;

  weir_source_read (source, checked, &word, node);
  if (weir_layer_get (checked, key->key) == NULL)
    return;
  list = weir_node_new (WEIR_NODE_ARRAY, node->line, node->column);
  list->key_line = node->key_line;
  only = weir_node_new (WEIR_NODE_STRING, node->line, node->column);
  only->string = g_strdup (node->string);
  weir_node_append (list, only);
  weir_source_read (source, layer, methods, list);
}

static void
read_checked (WeirSource *source, GHashTable *names, const Key *key, WeirNode *node)
{
  const WeirOption option = { .name = key->key, .type = key->type, .unit = key->words };

  weir_source_read (source, names, &option, node);
}

static void
read_entry (WeirSource *source, GHashTable *layer, WeirNode *node)
{
  weir_source_read (source,
                    layer,
                    weir_config_schema_find (WEIR_OPTION_FUNCTION, "entrypoint"),
                    node);
}

static void
read_key (WeirSource *source, GHashTable *layer, GHashTable *names, WeirNode *node)
{
  const Key *key = find_key (node->key);

  if (key == NULL)
    {
      if (!g_str_equal (node->key, "$schema") && !weir_config_read_spelled (source, layer, node))
        weir_source_fail_unknown (source, node, "", suggest (node->key));
      return;
    }
  switch (key->meaning)
    {
    case NAME:
    case CHECKED:
      read_checked (source, names, key, node);
      break;
    case METHOD:
      read_method (source, layer, key, node);
      break;
    case ENTRY:
      read_entry (source, layer, node);
      break;
    case AUTH:
      read_auth (source, layer, node);
      break;
    case ASYNC:
      read_checked (source, names, key, node);
      if (node->kind == WEIR_NODE_BOOLEAN && node->boolean)
        weir_source_warn_no_effect (source, node, key->words);
      break;
    case NO_EFFECT:
      weir_source_warn_no_effect (source, node, key->words);
      break;
    case OTHER:
      break;
    }
}

static gboolean
is_other_file (WeirSource *source, WeirNode *root)
{
  for (guint i = 0; i < root->children->len; i++)
    {
      WeirNode *node = g_ptr_array_index (root->children, i);
      const Key *key = find_key (node->key);

      if (key == NULL || key->meaning != OTHER)
        continue;
      weir_source_fail (source,
                        WEIR_CONFIG_ERROR_CONFLICT,
                        node->key_line,
                        node->key_column,
                        "%s belongs to a flux.json that is no function's, but of a project of "
                        "Flux 0.2 or later; write name, route and method of the function instead",
                        node->key);
      return TRUE;
    }
  return FALSE;
}

/* Its clients know it by this name, whatever its folder is called. */
static void
set_route_by_name (GHashTable *layer, GHashTable *names, const char *folder)
{
  WeirEntry *name = weir_layer_get (names, "name");
  g_autofree char *route = NULL;

  if (name == NULL || weir_layer_get (layer, "route") != NULL ||
      g_str_equal (g_variant_get_string (name->value, NULL), folder))
    return;
  route = g_strconcat ("/", g_variant_get_string (name->value, NULL), NULL);
  weir_layer_set (layer, "route", g_variant_new_string (route), name->origin, name->place);
}

void
weir_config_parse_flux_json (WeirSource *source,
                             GHashTable *layer,
                             const char *folder,
                             const char *text,
                             gsize length)
{
  g_autoptr (GHashTable) names = weir_layer_new ();
  g_autoptr (WeirNode) root = NULL;
  GError *error = NULL;

  root = weir_json_parse (text, length, source->name, &error);
  if (root == NULL)
    {
      weir_report_take_problem (source->report, error);
      return;
    }
  if (is_other_file (source, root))
    return;
  for (guint i = 0; i < root->children->len; i++)
    read_key (source, layer, names, g_ptr_array_index (root->children, i));
  set_route_by_name (layer, names, folder);
}

GHashTable *
weir_config_make_flux_usual (const char *origin)
{
  GHashTable *layer = weir_layer_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (usual); i++)
    weir_layer_set (layer, usual[i].option, g_variant_new_parsed (usual[i].value), origin, origin);
  return layer;
}
