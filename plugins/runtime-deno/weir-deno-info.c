/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-info.h"

#include <json-glib/json-glib.h>
#include <weir.h>

static void
package_free (gpointer data)
{
  WeirDenoPackage *package = data;

  g_free (package->name);
  g_free (package->version);
  g_free (package->folder);
  g_free (package);
}

void
weir_deno_info_free (WeirDenoInfo *self)
{
  g_strfreev (self->files);
  g_strfreev (self->imports);
  g_clear_pointer (&self->packages, g_ptr_array_unref);
  g_free (self);
}

static JsonObject *
get_object (JsonObject *json, const char *name)
{
  JsonNode *node = json_object_get_member (json, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static const char *
get_string (JsonObject *json, const char *name)
{
  JsonNode *node = json_object_get_member (json, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
                 json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

static JsonArray *
get_array (JsonObject *json, const char *name)
{
  JsonNode *node = json_object_get_member (json, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static JsonObject *
get_element (JsonArray *array, guint index)
{
  JsonNode *node = json_array_get_element (array, index);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static gboolean
is_true (JsonObject *json, const char *name)
{
  JsonNode *node = json_object_get_member (json, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_boolean (node);
}

static gboolean
contains_string (JsonArray *array, const char *string)
{
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (node) && g_strcmp0 (json_node_get_string (node), string) == 0)
        return TRUE;
    }
  return FALSE;
}

static char *
to_path (const char *specifier)
{
  g_autofree char *path = NULL;

  if (g_str_has_prefix (specifier, "file:"))
    path = g_filename_from_uri (specifier, NULL, NULL);
  return path != NULL ? g_steal_pointer (&path) : g_strdup (specifier);
}

/* "file:line:column" of an import; Deno counts from zero. */
static char *
format_place (const char *importer, JsonObject *resolved)
{
  g_autofree char *path = to_path (importer);
  JsonObject *span = get_object (resolved, "span");
  JsonObject *start = span != NULL ? get_object (span, "start") : NULL;

  if (start == NULL)
    return g_steal_pointer (&path);
  return g_strdup_printf ("%s:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT,
                          path,
                          json_object_get_int_member_with_default (start, "line", 0) + 1,
                          json_object_get_int_member_with_default (start, "character", 0) + 1);
}

typedef struct
{
  const char *importer;
  const char *specifier; /* as it is written */
  JsonObject *resolved;
  gboolean is_dynamic;
} Import;

typedef gboolean (*ImportFunc) (const Import *import, gpointer user_data);

/* Stops at the first import for which func returns TRUE. */
static gboolean
foreach_import (JsonArray *modules, ImportFunc func, gpointer user_data)
{
  for (guint i = 0; i < json_array_get_length (modules); i++)
    {
      JsonObject *module = get_element (modules, i);
      JsonArray *dependencies = module != NULL ? get_array (module, "dependencies") : NULL;

      for (guint j = 0; dependencies != NULL && j < json_array_get_length (dependencies); j++)
        {
          JsonObject *dependency = get_element (dependencies, j);
          Import import = { 0 };

          if (dependency == NULL)
            continue;
          import.importer = get_string (module, "specifier");
          import.specifier = get_string (dependency, "specifier");
          import.resolved = get_object (dependency, "code");
          import.is_dynamic = is_true (dependency, "isDynamic");
          if (import.importer != NULL && import.specifier != NULL && import.resolved != NULL &&
              func (&import, user_data))
            return TRUE;
        }
    }
  return FALSE;
}

typedef struct
{
  const char *target;
  Import found;
} Search;

static gboolean
imports_target (const Import *import, gpointer user_data)
{
  Search *search = user_data;

  if (g_strcmp0 (get_string (import->resolved, "specifier"), search->target) != 0)
    return FALSE;
  search->found = *import;
  /* A static import breaks the module, a dynamic one only whoever comes to it. */
  return !import->is_dynamic;
}

/* Types are not there any more when a function runs; only Deno's look at the modules wants them. */
static gboolean
is_for_types (JsonArray *modules, const char *target)
{
  for (guint i = 0; i < json_array_get_length (modules); i++)
    {
      JsonObject *module = get_element (modules, i);
      JsonArray *dependencies = module != NULL ? get_array (module, "dependencies") : NULL;

      for (guint j = 0; dependencies != NULL && j < json_array_get_length (dependencies); j++)
        {
          JsonObject *dependency = get_element (dependencies, j);
          JsonObject *type = dependency != NULL ? get_object (dependency, "type") : NULL;

          if (type != NULL && g_strcmp0 (get_string (type, "specifier"), target) == 0)
            return TRUE;
        }
    }
  return FALSE;
}

static gboolean
fail_unresolved (const Import *import, gpointer user_data)
{
  GError **error = user_data;
  const char *message = get_string (import->resolved, "error");
  g_autofree char *place = NULL;

  if (message == NULL || import->is_dynamic)
    return FALSE;
  place = format_place (import->importer, import->resolved);
  if (strstr (message, "not a dependency") != NULL)
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_BOOT_FAILED,
                 "%s: \"%s\" is not a dependency: import \"npm:%s\", or add it to the "
                 "\"imports\" of deno.json beside the function",
                 place,
                 import->specifier,
                 import->specifier);
  else
    g_set_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, "%s: %s", place, message);
  return TRUE;
}

/* "SyntaxError: What\n  |\n2 | the line\n    at file:///x.ts:2:11" as "/x.ts:2:11: What". */
static void
set_syntax_error (const char *message, GError **error)
{
  const char *at = g_strrstr (message, "\n    at ");
  g_autofree char *first = g_strndup (message, strcspn (message, "\n"));
  g_autofree char *place = at != NULL ? g_strchomp (g_strdup (at + strlen ("\n    at "))) : NULL;
  g_autofree char *path = NULL;
  char *colon = place != NULL ? strrchr (place, ':') : NULL;

  if (colon != NULL)
    {
      *colon = '\0';
      char *second = strrchr (place, ':');

      if (second != NULL)
        {
          g_autofree char *numbers = g_strdup_printf ("%s:%s", second + 1, colon + 1);

          *second = '\0';
          path = to_path (place);
          g_set_error (error,
                       WEIR_ERROR,
                       WEIR_ERROR_BOOT_FAILED,
                       "%s:%s: %s",
                       path,
                       numbers,
                       first);
          return;
        }
    }
  g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, first);
}

static void
set_module_error (const Import *import, const char *target, const char *message, GError **error)
{
  g_autofree char *first = g_strndup (message, strcspn (message, "\n"));
  g_autofree char *path = to_path (target);
  g_autofree char *place = NULL;

  if (import->importer == NULL)
    {
      g_set_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, "%s: %s", path, first);
      return;
    }
  place = format_place (import->importer, import->resolved);
  if (g_str_has_prefix (target, "file:"))
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_BOOT_FAILED,
                 "%s: cannot find \"%s\": there is no %s",
                 place,
                 import->specifier,
                 path);
  else
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_BOOT_FAILED,
                 "%s: cannot fetch \"%s\": %s. Check the name, the version and the network, "
                 "then save the file again",
                 place,
                 import->specifier,
                 g_str_has_suffix (first, ".") ? (first[strlen (first) - 1] = '\0', first) : first);
}

static gboolean
check_module (JsonArray *modules, JsonArray *roots, JsonObject *module, GError **error)
{
  const char *message = get_string (module, "error");
  Search search = { .target = get_string (module, "specifier") };
  gboolean is_root;

  if (message == NULL || search.target == NULL)
    return TRUE;
  is_root = contains_string (roots, search.target);
  if (!foreach_import (modules, imports_target, &search) && search.found.is_dynamic && !is_root)
    return TRUE;
  if (!is_root && search.found.importer == NULL && is_for_types (modules, search.target))
    return TRUE;

  if (strstr (message, "\n    at ") != NULL)
    set_syntax_error (message, error);
  else
    set_module_error (&search.found, search.target, message, error);
  return FALSE;
}

static gboolean
imports_node (const Import *import, gpointer user_data)
{
  const char *target = get_string (import->resolved, "specifier");

  return target != NULL &&
         (g_str_has_prefix (target, "node:") || g_str_has_prefix (target, "npm:"));
}

static char **
read_imports (JsonObject *root)
{
  JsonObject *redirects = get_object (root, "redirects");
  g_autoptr (GList) names = redirects != NULL ? json_object_get_members (redirects) : NULL;
  GPtrArray *imports = g_ptr_array_new ();

  for (GList *link = names; link != NULL; link = link->next)
    if (g_str_has_prefix (link->data, "npm:") && strchr (link->data, ' ') == NULL)
      g_ptr_array_add (imports, g_strdup (link->data));
  g_ptr_array_add (imports, NULL);
  return (char **) g_ptr_array_free (imports, FALSE);
}

static GPtrArray *
read_packages (JsonObject *root)
{
  JsonObject *all = get_object (root, "npmPackages");
  g_autoptr (GList) ids = all != NULL ? json_object_get_members (all) : NULL;
  GPtrArray *packages = g_ptr_array_new_with_free_func (package_free);

  for (GList *link = ids; link != NULL; link = link->next)
    {
      JsonObject *found = get_object (all, link->data);
      WeirDenoPackage *package = g_new0 (WeirDenoPackage, 1);

      g_ptr_array_add (packages, package);
      package->name = g_strdup (found != NULL ? get_string (found, "name") : NULL);
      package->version = g_strdup (found != NULL ? get_string (found, "version") : NULL);
      package->folder = g_strdup (found != NULL ? get_string (found, "localPath") : NULL);
      if (package->name == NULL || package->version == NULL || package->folder == NULL)
        g_ptr_array_remove_index (packages, packages->len - 1);
    }
  return packages;
}

static gboolean
add_new (GHashTable *seen, JsonNode *id)
{
  return !JSON_NODE_HOLDS_VALUE (id) || json_node_get_string (id) == NULL ||
         g_hash_table_add (seen, (gpointer) json_node_get_string (id));
}

static gboolean
shares_packages (JsonObject *root)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  JsonObject *all = get_object (root, "npmPackages");
  JsonArray *modules = get_array (root, "modules");
  g_autoptr (GList) found = all != NULL ? json_object_get_values (all) : NULL;

  for (guint i = 0; i < json_array_get_length (modules); i++)
    {
      JsonObject *module = get_element (modules, i);
      const char *id = module != NULL ? get_string (module, "npmPackage") : NULL;

      if (id != NULL)
        g_hash_table_add (seen, (gpointer) id);
    }
  for (GList *link = found; link != NULL; link = link->next)
    {
      JsonArray *needed = JSON_NODE_HOLDS_OBJECT (link->data)
                              ? get_array (json_node_get_object (link->data), "dependencies")
                              : NULL;

      for (guint i = 0; needed != NULL && i < json_array_get_length (needed); i++)
        if (!add_new (seen, json_array_get_element (needed, i)))
          return TRUE;
    }
  return FALSE;
}

/* Which are asked for, and which were found. */
char *
weir_deno_info_dup_packages (const WeirDenoInfo *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; self->imports[i] != NULL; i++)
    g_string_append_printf (text, "%s ", self->imports[i]);
  for (guint i = 0; i < self->packages->len; i++)
    {
      const WeirDenoPackage *package = g_ptr_array_index (self->packages, i);

      g_string_append_printf (text, "%s@%s ", package->name, package->version);
    }
  return g_string_free (text, FALSE);
}

WeirDenoInfo *
weir_deno_info_parse (const char *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (WeirDenoInfo) self = g_new0 (WeirDenoInfo, 1);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  JsonNode *root;
  JsonArray *modules, *roots;

  if (!json_parser_load_from_data (parser, json, -1, error))
    {
      g_prefix_error (error, "What \"deno info --json\" printed cannot be read: ");
      return NULL;
    }
  root = json_parser_get_root (parser);
  modules = root != NULL && JSON_NODE_HOLDS_OBJECT (root)
                ? get_array (json_node_get_object (root), "modules")
                : NULL;
  if (modules == NULL)
    {
      g_set_error_literal (error,
                           WEIR_ERROR,
                           WEIR_ERROR_FAILED,
                           "What \"deno info --json\" printed has no \"modules\"");
      return NULL;
    }

  roots = get_array (json_node_get_object (root), "roots");
  for (guint i = 0; i < json_array_get_length (modules); i++)
    {
      JsonObject *module = get_element (modules, i);
      const char *specifier, *local;

      if (module == NULL)
        continue;
      specifier = get_string (module, "specifier");
      local = get_string (module, "local");
      if (!check_module (modules, roots, module, error))
        return NULL;
      if (local != NULL && specifier != NULL && g_str_has_prefix (specifier, "file:"))
        g_ptr_array_add (files, g_strdup (local));
    }
  if (foreach_import (modules, fail_unresolved, error))
    return NULL;
  self->uses_node = foreach_import (modules, imports_node, NULL);
  self->imports = read_imports (json_node_get_object (root));
  self->packages = read_packages (json_node_get_object (root));
  self->shares = shares_packages (json_node_get_object (root));
  g_ptr_array_add (files, NULL);
  self->files = (char **) g_ptr_array_free (g_steal_pointer (&files), FALSE);
  return g_steal_pointer (&self);
}

/* "Download https://registry.example/hono/-/hono-4.1.0.tgz" as "npm:hono-4.1.0"; NULL for
 * a line that is not a download, or that is only about a package's list of versions. */
char *
weir_deno_info_parse_download (const char *line)
{
  const char *url, *file;

  if (!g_str_has_prefix (line, "Download "))
    return NULL;
  url = line + strlen ("Download ");
  file = strstr (url, "/-/");
  if (file != NULL && g_str_has_suffix (url, ".tgz"))
    return g_strdup_printf ("npm:%.*s", (int) (strlen (file + 3) - 4), file + 3);
  /* Without a file name it is the registry's page about a package. */
  return strrchr (url, '.') != NULL && strrchr (url, '.') > strrchr (url, '/') ? g_strdup (url)
                                                                               : NULL;
}
