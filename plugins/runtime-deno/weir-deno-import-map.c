/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-import-map.h"

#include <weir.h>

struct _WeirDenoImportMap
{
  JsonObject *imports;
  JsonObject *scopes;
};

WeirDenoImportMap *
weir_deno_import_map_new (void)
{
  WeirDenoImportMap *self = g_new0 (WeirDenoImportMap, 1);

  self->imports = json_object_new ();
  self->scopes = json_object_new ();
  return self;
}

void
weir_deno_import_map_free (WeirDenoImportMap *self)
{
  json_object_unref (self->imports);
  json_object_unref (self->scopes);
  g_free (self);
}

/* "./x", "../x" and "/x" mean a place relative to the file that says them; the map that is
 * generated lies elsewhere. */
static char *
make_absolute (const char *specifier, const char *directory)
{
  g_autofree char *path = NULL;
  g_autofree char *uri = NULL;
  gboolean is_folder;

  if (!g_str_has_prefix (specifier, "./") && !g_str_has_prefix (specifier, "../") &&
      specifier[0] != '/')
    return g_strdup (specifier);
  is_folder = g_str_has_suffix (specifier, "/");
  path = g_canonicalize_filename (specifier, directory);
  uri = g_filename_to_uri (path, NULL, NULL);
  return is_folder && !g_str_has_suffix (uri, "/") ? g_strconcat (uri, "/", NULL)
                                                   : g_steal_pointer (&uri);
}

/* "npm:@scope/name@1" and the like, without a path inside the package. */
static gboolean
is_whole_package (const char *target)
{
  const char *name;

  if (!g_str_has_prefix (target, "npm:") && !g_str_has_prefix (target, "jsr:"))
    return FALSE;
  name = target + 4;
  if (*name == '/')
    name++;
  if (*name == '@')
    {
      name = strchr (name, '/');
      if (name == NULL)
        return FALSE;
      name++;
    }
  return *name != '\0' && strchr (name, '/') == NULL;
}

static void
add_entry (JsonObject *imports, const char *key, const char *target)
{
  g_autofree char *folder_key = NULL;
  g_autofree char *folder_target = NULL;
  const char *name;

  if (!json_object_has_member (imports, key))
    json_object_set_string_member (imports, key, target);
  if (g_str_has_suffix (key, "/") || !is_whole_package (target))
    return;

  /* In deno.json a package brings its sub-paths along; a bare import map must say so. */
  folder_key = g_strconcat (key, "/", NULL);
  if (json_object_has_member (imports, folder_key))
    return;
  name = target[4] == '/' ? target + 5 : target + 4;
  folder_target = g_strdup_printf ("%.4s/%s/", target, name);
  json_object_set_string_member (imports, folder_key, folder_target);
}

void
weir_deno_import_map_add (WeirDenoImportMap *self, const char *key, const char *target)
{
  add_entry (self->imports, key, target);
}

static void
add_members (JsonObject *imports, JsonObject *source, const char *directory)
{
  g_autoptr (GList) keys = json_object_get_members (source);

  for (GList *l = keys; l != NULL; l = l->next)
    {
      JsonNode *node = json_object_get_member (source, l->data);
      g_autofree char *key = make_absolute (l->data, directory);
      g_autofree char *target = NULL;

      if (JSON_NODE_HOLDS_NULL (node))
        {
          if (!json_object_has_member (imports, key))
            json_object_set_null_member (imports, key);
          continue;
        }
      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        continue;
      target = make_absolute (json_node_get_string (node), directory);
      add_entry (imports, key, target);
    }
}

static JsonObject *
get_object (JsonObject *json, const char *name)
{
  JsonNode *node = json_object_get_member (json, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* The "imports" and "scopes" of an import map or a deno.json that lies in directory. */
void
weir_deno_import_map_add_json (WeirDenoImportMap *self, JsonObject *json, const char *directory)
{
  JsonObject *imports = get_object (json, "imports");
  JsonObject *scopes = get_object (json, "scopes");
  g_autoptr (GList) names = NULL;

  if (imports != NULL)
    add_members (self->imports, imports, directory);
  if (scopes == NULL)
    return;
  names = json_object_get_members (scopes);
  for (GList *l = names; l != NULL; l = l->next)
    {
      JsonObject *source = get_object (scopes, l->data);
      g_autofree char *scope = make_absolute (l->data, directory);

      if (source == NULL)
        continue;
      if (!json_object_has_member (self->scopes, scope))
        json_object_set_object_member (self->scopes, scope, json_object_new ());
      add_members (get_object (self->scopes, scope), source, directory);
    }
}

static char *
to_specifier (const char *name, const char *version)
{
  g_autofree char *range = NULL;

  if (g_str_has_prefix (version, "npm:") || g_str_has_prefix (version, "jsr:"))
    return g_strdup (version);
  /* file:, link:, workspace:, git+ssh:, https: and the like are not in the registry. */
  if (strchr (version, ':') != NULL)
    return NULL;
  if (*version == '\0' || g_str_equal (version, "*"))
    return g_strdup_printf ("npm:%s", name);
  range = g_uri_escape_string (version, "^~*+=<>|", FALSE);
  return g_strdup_printf ("npm:%s@%s", name, range);
}

/* The "dependencies" of a package.json, as npm: specifiers. */
void
weir_deno_import_map_add_package (WeirDenoImportMap *self, JsonObject *package)
{
  JsonObject *dependencies = get_object (package, "dependencies");
  g_autoptr (GList) names = NULL;

  if (dependencies == NULL)
    return;
  names = json_object_get_members (dependencies);
  for (GList *l = names; l != NULL; l = l->next)
    {
      JsonNode *node = json_object_get_member (dependencies, l->data);
      g_autofree char *specifier = NULL;

      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        continue;
      specifier = to_specifier (l->data, json_node_get_string (node));
      if (specifier != NULL)
        add_entry (self->imports, l->data, specifier);
    }
}

char *
weir_deno_import_map_to_json (WeirDenoImportMap *self)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_object_member (object, "imports", json_object_ref (self->imports));
  if (json_object_get_size (self->scopes) > 0)
    json_object_set_object_member (object, "scopes", json_object_ref (self->scopes));
  json_node_take_object (root, object);
  return json_to_string (root, TRUE);
}
