/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-plan.h"
#include "weir-deno-import-map.h"
#include "weir-deno-json.h"

typedef struct
{
  WeirFunction *function;
  WeirDenoImportMap *map;
  GPtrArray *inputs;
  char *config;
  char *own_map;
} Draft;

void
weir_deno_plan_free (WeirDenoPlan *self)
{
  g_free (self->import_map);
  g_free (self->config);
  g_free (self->own_map);
  g_free (self->bundle);
  g_free (self->standby_key);
  g_strfreev (self->inputs);
  g_strfreev (self->files);
  g_free (self);
}

gboolean
weir_deno_source_uses_main (const char *source)
{
  return g_regex_match_simple ("^(?!\\s*(//|\\*)).*\\bimport\\.meta\\.main\\b",
                               source,
                               G_REGEX_MULTILINE,
                               0);
}

gboolean
weir_deno_source_serves (const char *source)
{
  return g_regex_match_simple ("^(?!\\s*(//|\\*)).*\\bDeno\\s*\\.\\s*serve\\b",
                               source,
                               G_REGEX_MULTILINE,
                               0);
}

/* Without an import there is nothing of Node's in it. */
gboolean
weir_deno_source_imports (const char *source)
{
  return g_regex_match_simple ("\\b(import|require|from)\\b", source, 0, 0);
}

/* Reading an unexported name needs a hook in Deno's loader, which takes longer than all the
 * rest of a start: only for sources that look like it. */
gboolean
weir_deno_source_hides_handler (const char *source)
{
  if (!g_regex_match_simple ("^(async\\s+)?function\\s+handler\\b|^(const|let|var)\\s+handler\\b",
                             source,
                             G_REGEX_MULTILINE,
                             0))
    return FALSE;
  return !weir_deno_source_serves (source) &&
         !g_regex_match_simple ("^export\\s+default\\b|^export\\s*\\{[^}]*\\b(handler|default)\\b",
                                source,
                                G_REGEX_MULTILINE,
                                0);
}

static gboolean
is_file (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

static gboolean
has_map (JsonObject *json)
{
  return json_object_has_member (json, "imports") || json_object_has_member (json, "scopes");
}

static gboolean
add_map_file (Draft *draft, const char *path, GError **error)
{
  g_autoptr (JsonObject) json = weir_deno_json_read (path, error);
  g_autofree char *directory = g_path_get_dirname (path);

  if (json == NULL)
    return FALSE;
  g_ptr_array_add (draft->inputs, g_strdup (path));
  weir_deno_import_map_add_json (draft->map, json, directory);
  return TRUE;
}

/* A deno.json: its own map, or the file that its "importMap" names. */
static gboolean
add_config_file (Draft *draft, const char *path, gboolean *found, GError **error)
{
  g_autoptr (JsonObject) json = weir_deno_json_read (path, error);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *named_path = NULL;
  const char *named;

  if (json == NULL)
    return FALSE;
  g_ptr_array_add (draft->inputs, g_strdup (path));
  if (draft->config == NULL)
    draft->config = g_strdup (path);
  if (has_map (json))
    {
      weir_deno_import_map_add_json (draft->map, json, directory);
      *found = TRUE;
      return TRUE;
    }
  named = json_object_get_string_member_with_default (json, "importMap", NULL);
  if (named == NULL)
    return TRUE;
  if (strstr (named, "://") != NULL && !g_str_has_prefix (named, "file://"))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_BOOT_FAILED,
                   "%s: \"importMap\" is %s: it must be a local file",
                   path,
                   named);
      return FALSE;
    }
  *found = TRUE;
  named_path = g_str_has_prefix (named, "file://") ? g_filename_from_uri (named, NULL, NULL)
                                                   : g_canonicalize_filename (named, directory);
  if (named_path != NULL && add_map_file (draft, named_path, error))
    return TRUE;
  if (named_path != NULL)
    g_prefix_error (error, "%s: importMap: ", path);
  else
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_BOOT_FAILED,
                 "%s: \"importMap\" is %s: that names no file of this machine",
                 path,
                 named);
  return FALSE;
}

static gboolean
is_config_name (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  return g_str_equal (name, "deno.json") || g_str_equal (name, "deno.jsonc");
}

/* Looks for a map in one folder, in the order that Supabase knows. */
static gboolean
add_folder (Draft *draft, const char *folder, gboolean *found, GError **error)
{
  static const char *const names[] = { "deno.json", "deno.jsonc", "import_map.json" };

  for (gsize i = 0; i < G_N_ELEMENTS (names) && !*found; i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      if (!is_file (path))
        continue;
      if (is_config_name (path))
        {
          if (!add_config_file (draft, path, found, error))
            return FALSE;
        }
      else
        {
          if (!add_map_file (draft, path, error))
            return FALSE;
          *found = TRUE;
        }
    }
  return TRUE;
}

static gboolean
add_named_map (Draft *draft, gboolean *found, GError **error)
{
  WeirSettings *settings = weir_function_get_settings (draft->function);
  const char *named = weir_settings_get_string (settings, "import_map");
  const char *origin = weir_settings_get_origin (settings, "import_map");
  g_autofree char *path = NULL;

  if (named == NULL || *named == '\0')
    return TRUE;
  path = g_canonicalize_filename (named, weir_function_get_directory (draft->function));
  if (!is_file (path))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_BOOT_FAILED,
                   "%s: import_map: there is no %s",
                   origin != NULL ? origin : "settings",
                   path);
      return FALSE;
    }
  if (is_config_name (path))
    {
      if (!add_config_file (draft, path, found, error))
        return FALSE;
    }
  else if (!add_map_file (draft, path, error))
    {
      return FALSE;
    }
  *found = TRUE;
  return TRUE;
}

static gboolean
add_package (Draft *draft, const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "package.json", NULL);
  g_autoptr (JsonObject) package = NULL;

  if (!is_file (path))
    return TRUE;
  package = weir_deno_json_read (path, error);
  if (package == NULL)
    return FALSE;
  g_ptr_array_add (draft->inputs, g_strdup (path));
  weir_deno_import_map_add_package (draft->map, package);
  return TRUE;
}

/* The function's own entries come first, and what is first wins. */
static gboolean
add_user_maps (Draft *draft, GError **error)
{
  const char *directory = weir_function_get_directory (draft->function);
  const char *root = weir_function_get_root (draft->function);
  gboolean found = FALSE;

  if (!add_named_map (draft, &found, error))
    return FALSE;
  if (!g_str_equal (directory, root))
    {
      if (!add_folder (draft, directory, &found, error))
        return FALSE;
      if (!found && !add_package (draft, directory, error))
        return FALSE;
    }
  if (draft->inputs->len > 0)
    draft->own_map = g_path_get_basename (g_ptr_array_index (draft->inputs, 0));
  if (!found && !add_folder (draft, root, &found, error))
    return FALSE;
  return found || add_package (draft, root, error);
}

static void
add_shared_folders (Draft *draft)
{
  const char *root = weir_function_get_root (draft->function);
  g_autoptr (GDir) dir = g_dir_open (root, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (root, name, NULL);
      g_autofree char *uri = NULL;
      g_autofree char *key = g_strconcat (name, "/", NULL);
      g_autofree char *target = NULL;

      if (name[0] != '_' || !g_file_test (path, G_FILE_TEST_IS_DIR))
        continue;
      uri = g_filename_to_uri (path, NULL, NULL);
      target = g_strconcat (uri, "/", NULL);
      weir_deno_import_map_add (draft->map, key, target);
    }
}

static char *
dup_own_uri (const char *bootstrap, const char *name)
{
  g_autofree char *path = g_build_filename (bootstrap, "deno", name, NULL);

  return g_filename_to_uri (path, NULL, NULL);
}

/* With a version that somebody wrote down: a map has no patterns. Made once, for the plans of a
 * thousand functions. */
static GRegex *
get_supabase_types (void)
{
  static GRegex *regex;

  if (g_once_init_enter (&regex))
    g_once_init_leave (
        &regex,
        g_regex_new (
            "[\"']([^.\"'][^\"'\\s]*@supabase/functions-js@[^\"'\\s]+/edge-runtime\\.d\\.ts)[\"']",
            0,
            0,
            NULL));
  return regex;
}

/* What each function made by the Supabase tools imports: types alone, which Deno would fetch all
 * the same. */
static void
add_supabase_types (Draft *draft, const char *bootstrap, const char *source)
{
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *uri = dup_own_uri (bootstrap, "nothing.ts");

  weir_deno_import_map_add (draft->map, "@supabase/functions-js/edge-runtime.d.ts", uri);
  weir_deno_import_map_add (draft->map, "jsr:@supabase/functions-js/edge-runtime.d.ts", uri);
  weir_deno_import_map_add (draft->map,
                            "https://esm.sh/@supabase/functions-js/src/edge-runtime.d.ts",
                            uri);
  g_regex_match (get_supabase_types (), source, 0, &match);
  for (; g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      g_autofree char *specifier = g_match_info_fetch (match, 1);

      weir_deno_import_map_add (draft->map, specifier, uri);
    }
}

static void
add_own_modules (Draft *draft, const char *bootstrap, const char *source)
{
  g_autofree char *flux = dup_own_uri (bootstrap, "flux-functions.ts");

  weir_deno_import_map_add (draft->map, "@flux/functions", flux);
  weir_deno_import_map_add (draft->map, "@fluxbase/functions", flux);
  add_supabase_types (draft, bootstrap, source);
}

/* Named after its content: functions with the same map share the file, and a worker that is
 * starting never sees it change. */
static char *
write_map (const char *json, GError **error)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, json, -1);
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "weir", "import-maps", NULL);
  g_autofree char *name = g_strconcat (digest, ".json", NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (is_file (path))
    return g_steal_pointer (&path);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FAILED,
                   "Cannot make the folder %s: %s",
                   folder,
                   g_strerror (errno));
      return NULL;
    }
  return g_file_set_contents (path, json, -1, error) ? g_steal_pointer (&path) : NULL;
}

static char *
read_entry (WeirDenoPlan *self, WeirFunction *function, GError **error)
{
  char *source = NULL;

  if (!g_file_get_contents (weir_function_get_entrypoint (function), &source, NULL, error))
    return NULL;
  self->is_main = weir_deno_source_uses_main (source);
  self->unexported = weir_deno_source_hides_handler (source);
  self->uses_node = !weir_deno_source_serves (source) && weir_deno_source_imports (source);
  return source;
}

WeirDenoPlan *
weir_deno_plan_new (WeirFunction *function, const char *bootstrap, GError **error)
{
  g_autoptr (WeirDenoPlan) self = g_new0 (WeirDenoPlan, 1);
  g_autoptr (WeirDenoImportMap) map = weir_deno_import_map_new ();
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *source = NULL;
  g_autofree char *json = NULL;
  Draft draft = { function, map, inputs, NULL, NULL };
  gboolean ok = add_user_maps (&draft, error);

  self->config = draft.config;
  self->own_map = draft.own_map;
  source = ok ? read_entry (self, function, error) : NULL;
  if (source == NULL)
    return NULL;
  add_shared_folders (&draft);
  add_own_modules (&draft, bootstrap, source);
  json = weir_deno_import_map_to_json (map);
  self->import_map = write_map (json, error);
  if (self->import_map == NULL)
    return NULL;
  g_ptr_array_add (inputs, NULL);
  self->inputs = (char **) g_ptr_array_free (g_steal_pointer (&inputs), FALSE);
  return g_steal_pointer (&self);
}
