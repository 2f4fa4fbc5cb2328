/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* supabase/config.toml: what concerns functions. The rest is other products' business. */

#include "config/weir-config-supabase-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"
#include "config/weir-env-file.h"
#include "config/weir-toml-private.h"

static const char *const function_keys[] = { "enabled", "entrypoint", "import_map", "static_files",
                                             "env",     "verify_jwt", NULL };
static const char *const runtime_keys[] = { "enabled",      "policy",  "inspector_port",
                                            "deno_version", "secrets", NULL };

static char *
get_file (const char *supabase_directory)
{
  return g_build_filename (supabase_directory, "config.toml", NULL);
}

/* ---- env(NAME) ---- */

static char **
add_env_file (WeirSupabaseReader *self, char **known, const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  char **line;

  weir_config_data_add_file (self->data, path);
  lines = weir_env_file_load (path, NULL, &error);
  if (lines == NULL)
    {
      weir_report_warn (self->source.report, "%s; the file is not used", error->message);
      return known;
    }
  for (line = lines; *line != NULL; line++)
    {
      char *value = strchr (*line, '=');

      *value++ = '\0';
      known = g_environ_setenv (known, *line, value, FALSE);
    }

  return known;
}

/* The nearer file and the more special name win: what is there first stays. */
static void
read_project_env (WeirSupabaseReader *self)
{
  const char *stage = g_getenv ("SUPABASE_ENV");
  const char *const directories[] = { self->data->supabase_directory, self->data->directory, NULL };
  g_autofree char *special_local = NULL;
  g_autofree char *special = NULL;
  guint i, j;

  if (stage == NULL || *stage == '\0' || strchr (stage, '/') != NULL)
    stage = "development";
  special_local = g_strdup_printf (".env.%s.local", stage);
  special = g_strdup_printf (".env.%s", stage);
  self->project_env = g_get_environ ();

  for (i = 0; directories[i] != NULL; i++)
    {
      const char *const names[] = { special_local, ".env.local", special, ".env", NULL };

      for (j = 0; names[j] != NULL; j++)
        self->project_env = add_env_file (self, self->project_env, directories[i], names[j]);
    }
}

/* The NAME of "env(NAME)", or NULL. */
static char *
get_reference (const char *text)
{
  gsize length = strlen (text);
  g_autofree char *name = NULL;

  if (!g_str_has_prefix (text, "env(") || text[length - 1] != ')')
    return NULL;
  name = g_strndup (text + 4, length - 5);
  if (*name == '\0' || name[strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_")] != '\0')
    return NULL;

  return g_steal_pointer (&name);
}

WeirResolution
weir_supabase_resolve (WeirSupabaseReader *self, WeirNode *node)
{
  g_autofree char *name = NULL;
  const char *value;

  if (node->kind != WEIR_NODE_STRING || (name = get_reference (node->string)) == NULL)
    return WEIR_RESOLUTION_PLAIN;
  if (self->project_env == NULL)
    read_project_env (self);

  value = g_environ_getenv (self->project_env, name);
  if (value == NULL || *value == '\0' || !g_utf8_validate (value, -1, NULL))
    {
      weir_report_warn (self->source.report,
                        "%s:%u: %s: the environment has no %s; the value is left out",
                        self->source.name,
                        node->line,
                        node->key != NULL ? node->key : "env()",
                        name);
      return WEIR_RESOLUTION_UNSET;
    }
  g_free (node->string);
  node->string = g_strdup (value);

  return WEIR_RESOLUTION_RESOLVED;
}

/* Children that are not set go. */
static void
resolve_children (WeirSupabaseReader *self, WeirNode *node)
{
  guint i = 0;

  while (node->children != NULL && i < node->children->len)
    {
      if (weir_supabase_resolve (self, g_ptr_array_index (node->children, i)) ==
          WEIR_RESOLUTION_UNSET)
        g_ptr_array_remove_index (node->children, i);
      else
        i++;
    }
}

/* A value from the environment is text; the option may want a boolean. */
static void
read_option (WeirSupabaseReader *self, GHashTable *layer, const WeirOption *option, WeirNode *node)
{
  WeirResolution resolution = weir_supabase_resolve (self, node);

  if (resolution == WEIR_RESOLUTION_UNSET)
    return;
  if (resolution == WEIR_RESOLUTION_RESOLVED &&
      (option->type == WEIR_OPTION_BOOLEAN || option->type == WEIR_OPTION_AUTH))
    {
      g_autoptr (WeirNode) typed = weir_config_value_from_text (option, node->string);

      typed->key = g_strdup (node->key);
      typed->key_line = node->key_line;
      typed->line = node->line;
      typed->column = node->column;
      weir_source_read (&self->source, layer, option, typed);
      return;
    }
  resolve_children (self, node);
  weir_source_read (&self->source, layer, option, node);
}

/* ---- [functions.*] ---- */

/* Their word for it, and their values only. */
static void
read_verify_jwt (WeirSupabaseReader *self, GHashTable *layer, WeirNode *node)
{
  g_autofree char *reference = node->kind == WEIR_NODE_STRING ? get_reference (node->string) : NULL;

  if (node->kind != WEIR_NODE_BOOLEAN && reference == NULL)
    {
      weir_source_fail (&self->source,
                        WEIR_CONFIG_ERROR_TYPE,
                        node->line,
                        node->column,
                        "verify_jwt must be true or false, not %s",
                        weir_node_describe (node));
      return;
    }
  read_option (self, layer, weir_config_schema_find (WEIR_OPTION_FUNCTION, "auth"), node);
}

static void
read_function_key (WeirSupabaseReader *self, GHashTable *layer, WeirNode *node, const char *section)
{
  if (g_str_equal (node->key, "verify_jwt"))
    read_verify_jwt (self, layer, node);
  else if (g_strv_contains (function_keys, node->key))
    read_option (self, layer, weir_config_schema_find (WEIR_OPTION_FUNCTION, node->key), node);
  else if (weir_config_schema_find (WEIR_OPTION_FUNCTION, node->key) != NULL)
    weir_source_fail (&self->source,
                      WEIR_CONFIG_ERROR_UNKNOWN_KEY,
                      node->key_line,
                      node->key_column,
                      "%s is an option of Weir alone; write it in weir.toml or function.json",
                      node->key);
  else
    weir_source_fail_unknown (&self->source,
                              node,
                              section,
                              weir_suggest (node->key, function_keys));
}

static void
read_functions (WeirSupabaseReader *self, WeirNode *table)
{
  guint i, j;

  if (!weir_source_want_table (&self->source, table, "functions"))
    return;

  for (i = 0; i < table->children->len; i++)
    {
      WeirNode *function = g_ptr_array_index (table->children, i);
      g_autofree char *name = g_strconcat ("functions.", function->key, NULL);
      g_autofree char *section = g_strdup_printf (" in [%s]", name);
      GHashTable *layer;

      if (!weir_source_check_function_name (&self->source, function) ||
          !weir_source_want_table (&self->source, function, name))
        continue;
      layer = weir_config_data_ensure_layer (self->data->supabase_functions, function->key);
      for (j = 0; j < function->children->len; j++)
        read_function_key (self, layer, g_ptr_array_index (function->children, j), section);
    }
}

/* ---- [edge_runtime] ---- */

static void
read_secret (WeirSupabaseReader *self, WeirNode *node)
{
  g_autofree char *name = g_ascii_strup (node->key, -1);

  if (node->kind != WEIR_NODE_STRING)
    {
      weir_source_fail (&self->source,
                        WEIR_CONFIG_ERROR_TYPE,
                        node->line,
                        node->column,
                        "a secret must be a string, not %s",
                        weir_node_describe (node));
      return;
    }
  if (*name == '\0' || g_ascii_isdigit (*name) ||
      name[strspn (name, G_CSET_A_2_Z G_CSET_DIGITS "_")] != '\0')
    {
      weir_source_fail (&self->source,
                        WEIR_CONFIG_ERROR_RANGE,
                        node->key_line,
                        node->key_column,
                        "the key of a secret must be the name of a variable");
      return;
    }
  if (g_str_has_prefix (node->string, "encrypted:"))
    {
      weir_source_warn_no_effect (&self->source,
                                  node,
                                  ": this version of Weir does not decrypt secrets");
      return;
    }
  if (g_str_has_prefix (node->key, "SUPABASE_"))
    {
      weir_report_warn (self->source.report,
                        "%s:%u: Env name cannot start with SUPABASE_, skipping: %s",
                        self->source.name,
                        node->key_line,
                        node->key);
      return;
    }
  if (weir_supabase_resolve (self, node) != WEIR_RESOLUTION_UNSET)
    self->data->secrets = g_environ_setenv (self->data->secrets, name, node->string, TRUE);
}

static void
read_secrets (WeirSupabaseReader *self, WeirNode *table)
{
  guint i;

  if (!weir_source_want_table (&self->source, table, "edge_runtime.secrets"))
    return;
  for (i = 0; i < table->children->len; i++)
    read_secret (self, g_ptr_array_index (table->children, i));
}

static void
read_policy (WeirSupabaseReader *self, WeirNode *node)
{
  g_autofree char *place = g_strdup_printf ("%s:%u", self->source.name, node->key_line);
  gboolean known = node->kind == WEIR_NODE_STRING && (g_str_equal (node->string, "oneshot") ||
                                                      g_str_equal (node->string, "per_worker"));

  if (!known)
    weir_source_fail (&self->source,
                      WEIR_CONFIG_ERROR_RANGE,
                      node->line,
                      node->column,
                      "policy must be “per_worker” or “oneshot”");
  else if (g_str_equal (node->string, "oneshot"))
    weir_layer_set (self->data->supabase_defaults,
                    "max_requests",
                    g_variant_new_int64 (1),
                    place,
                    place);
}

static void
read_runtime_key (WeirSupabaseReader *self, WeirNode *node)
{
  if (g_str_equal (node->key, "secrets"))
    read_secrets (self, node);
  else if (g_str_equal (node->key, "policy"))
    read_policy (self, node);
  else if (g_str_equal (node->key, "inspector_port"))
    weir_source_warn_no_effect (&self->source, node, ": this version of Weir has no inspector");
  else if (g_str_equal (node->key, "deno_version"))
    {
      if (node->kind == WEIR_NODE_INTEGER && node->integer == 1)
        weir_source_warn_no_effect (&self->source, node, ": Weir runs Deno 2");
    }
  else if (g_str_equal (node->key, "enabled"))
    {
      if (node->kind == WEIR_NODE_BOOLEAN && !node->boolean)
        weir_source_warn_no_effect (&self->source, node, ": Weir always serves functions");
    }
  else
    weir_source_fail_unknown (&self->source,
                              node,
                              " in [edge_runtime]",
                              weir_suggest (node->key, runtime_keys));
}

static void
read_runtime (WeirSupabaseReader *self, WeirNode *table)
{
  guint i;

  if (!weir_source_want_table (&self->source, table, "edge_runtime"))
    return;
  for (i = 0; i < table->children->len; i++)
    read_runtime_key (self, g_ptr_array_index (table->children, i));
}

void
weir_config_read_supabase (WeirConfigData *self)
{
  g_autofree char *path = NULL;
  g_autofree char *shown = NULL;
  g_autoptr (WeirNode) root = NULL;
  WeirSupabaseReader reader = { self, { self->report, NULL, self->supabase_directory }, NULL };
  guint i;

  if (self->supabase_directory == NULL)
    return;
  path = get_file (self->supabase_directory);
  shown = weir_config_data_dup_shown (self, path);
  reader.source.name = shown;
  root = weir_config_data_read_toml (self, path, shown);

  for (i = 0; root != NULL && i < root->children->len; i++)
    {
      WeirNode *node = g_ptr_array_index (root->children, i);

      if (g_str_equal (node->key, "functions"))
        read_functions (&reader, node);
      else if (g_str_equal (node->key, "edge_runtime"))
        read_runtime (&reader, node);
      else if (g_str_equal (node->key, "auth"))
        weir_supabase_read_auth (&reader, node);
    }
  g_strfreev (reader.project_env);
}

gboolean
weir_config_has_supabase_functions (const char *supabase_directory)
{
  g_autofree char *path = get_file (supabase_directory);
  g_autofree char *text = NULL;
  g_autoptr (WeirReport) report = weir_report_new ();
  g_autoptr (WeirNode) root = NULL;
  WeirNode *functions;
  gsize length;

  if (!weir_config_data_read_text (report, path, path, &text, &length))
    return FALSE;
  root = weir_toml_parse (text, length, path, NULL);
  functions = root != NULL ? weir_node_find (root, "functions") : NULL;

  return functions != NULL && functions->kind == WEIR_NODE_TABLE && functions->children->len > 0;
}
