/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/weir-plugin-manifest-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"

#define GROUP "Weir Plugin"
#define SUFFIX ".plugin"

static const char *const known_keys[] = {
  "Id",      "Module",   "Abi",      "Name",      "Description",
  "Version", "Provides", "Requires", "Conflicts", NULL,
};

gboolean
weir_plugin_id_is_valid (const char *id)
{
  if (!g_ascii_islower (id[0]))
    return FALSE;

  for (const char *p = id; *p != '\0'; p++)
    {
      gboolean is_dash = *p == '-';

      if (!is_dash && !g_ascii_islower (*p) && !g_ascii_isdigit (*p))
        return FALSE;
      if (is_dash && (p[1] == '-' || p[1] == '\0'))
        return FALSE;
    }

  return TRUE;
}

static char *
id_from_path (const char *path)
{
  char *id = g_path_get_basename (path);

  if (g_str_has_suffix (id, SUFFIX))
    id[strlen (id) - strlen (SUFFIX)] = '\0';
  return id;
}

static gboolean refuse (const char *path, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
refuse (const char *path, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_MANIFEST, "%s: %s", path, what);
  return FALSE;
}

/* "Name[de]" is the key Name, for the two that people read. */
static gboolean
is_known_key (const char *key)
{
  static const char *const translated[] = { "Name[", "Description[" };

  if (g_strv_contains (known_keys, key))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (translated); i++)
    {
      if (g_str_has_prefix (key, translated[i]) && g_str_has_suffix (key, "]"))
        return TRUE;
    }
  return FALSE;
}

static gboolean
check_words (GKeyFile *file, const char *path, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  g_auto (GStrv) keys = g_key_file_get_keys (file, GROUP, NULL, NULL);

  for (gsize i = 0; groups[i] != NULL; i++)
    {
      if (strcmp (groups[i], GROUP) != 0)
        return refuse (path, error, "unknown group [%s], only [%s] belongs here", groups[i], GROUP);
    }
  if (keys == NULL)
    return refuse (path, error, "there is no group [%s]", GROUP);

  for (gsize i = 0; keys[i] != NULL; i++)
    {
      if (!is_known_key (keys[i]))
        {
          g_autofree char *hint = weir_suggest_text (keys[i], known_keys);

          return refuse (path, error, "unknown key %s%s", keys[i], hint);
        }
    }

  return TRUE;
}

static char *
read_text (GKeyFile *file, const char *path, const char *key, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;

  if (!g_key_file_has_key (file, GROUP, key, NULL))
    {
      refuse (path, error, "the key %s is missing", key);
      return NULL;
    }

  text = g_key_file_get_locale_string (file, GROUP, key, NULL, &local);
  if (text == NULL)
    {
      refuse (path, error, "%s: %s", key, local->message);
      return NULL;
    }
  g_strstrip (text);
  if (text[0] == '\0')
    {
      refuse (path, error, "the key %s is empty", key);
      return NULL;
    }

  return g_steal_pointer (&text);
}

static char **
read_list (GKeyFile *file, const char *path, const char *key, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_auto (GStrv) list = NULL;

  if (!g_key_file_has_key (file, GROUP, key, NULL))
    return g_new0 (char *, 1);

  list = g_key_file_get_string_list (file, GROUP, key, NULL, &local);
  if (list == NULL)
    {
      refuse (path, error, "%s: %s", key, local->message);
      return NULL;
    }
  for (gsize i = 0; list[i] != NULL; i++)
    g_strstrip (list[i]);

  return g_steal_pointer (&list);
}

static gboolean
read_texts (WeirPluginManifest *self, GKeyFile *file, GError **error)
{
  g_autofree char *expected = id_from_path (self->path);
  g_autofree char *abi = NULL;
  char **parts = NULL;
  guint64 major = 0;
  guint64 minor = 0;
  gboolean ok;

  if (!(self->id = read_text (file, self->path, "Id", error)) ||
      !(self->module = read_text (file, self->path, "Module", error)) ||
      !(abi = read_text (file, self->path, "Abi", error)) ||
      !(self->name = read_text (file, self->path, "Name", error)) ||
      !(self->description = read_text (file, self->path, "Description", error)) ||
      !(self->version = read_text (file, self->path, "Version", error)))
    return FALSE;

  if (!weir_plugin_id_is_valid (self->id))
    return refuse (self->path,
                   error,
                   "Id “%s” is not made of lower-case letters, digits and single dashes",
                   self->id);
  if (strcmp (self->id, expected) != 0)
    return refuse (self->path, error, "Id “%s” does not match the name of the file", self->id);
  if (strpbrk (self->module, "/\\") != NULL || self->module[0] == '.')
    return refuse (self->path,
                   error,
                   "Module “%s” is not a plain file name: it lies beside the manifest",
                   self->module);

  parts = g_strsplit (abi, ".", 0);
  ok = g_strv_length (parts) == 2 &&
       g_ascii_string_to_unsigned (parts[0], 10, 0, G_MAXUINT16, &major, NULL) &&
       g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT16, &minor, NULL);
  g_strfreev (parts);
  if (!ok)
    return refuse (self->path, error, "Abi “%s” is not MAJOR.MINOR, such as 1.0", abi);
  self->abi_major = major;
  self->abi_minor = minor;

  return TRUE;
}

static gboolean
check_ids (WeirPluginManifest *self, const char *key, char **ids, GError **error)
{
  for (gsize i = 0; ids[i] != NULL; i++)
    {
      if (!weir_plugin_id_is_valid (ids[i]))
        return refuse (self->path, error, "%s: “%s” is not the id of a plugin", key, ids[i]);
      if (strcmp (ids[i], self->id) == 0)
        return refuse (self->path, error, "%s: the plugin names itself", key);
    }
  return TRUE;
}

static gboolean
read_lists (WeirPluginManifest *self, GKeyFile *file, GError **error)
{
  if (!(self->provides = read_list (file, self->path, "Provides", error)) ||
      !(self->requires_ = read_list (file, self->path, "Requires", error)) ||
      !(self->conflicts = read_list (file, self->path, "Conflicts", error)))
    return FALSE;

  for (gsize i = 0; self->provides[i] != NULL; i++)
    {
      const char *colon = strchr (self->provides[i], ':');

      if (colon == NULL || colon == self->provides[i] || colon[1] == '\0')
        return refuse (self->path,
                       error,
                       "Provides: “%s” is not POINT:NAME, such as adapter:soup",
                       self->provides[i]);
    }

  return check_ids (self, "Requires", self->requires_, error) &&
         check_ids (self, "Conflicts", self->conflicts, error);
}

WeirPluginManifest *
weir_plugin_manifest_load (const char *path, GError **error)
{
  g_autoptr (WeirPluginManifest) self = g_new0 (WeirPluginManifest, 1);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;

  self->path = g_strdup (path);
  g_key_file_set_list_separator (file, ';');
  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_TRANSLATIONS, &local))
    {
      refuse (path, error, "%s", local->message);
      return NULL;
    }

  if (!check_words (file, path, error) || !read_texts (self, file, error) ||
      !read_lists (self, file, error))
    return NULL;

  return g_steal_pointer (&self);
}

WeirPluginManifest *
weir_plugin_manifest_new_unreadable (const char *path)
{
  WeirPluginManifest *self = g_new0 (WeirPluginManifest, 1);

  self->path = g_strdup (path);
  self->id = id_from_path (path);
  self->name = g_strdup (self->id);
  self->provides = g_new0 (char *, 1);
  self->requires_ = g_new0 (char *, 1);
  self->conflicts = g_new0 (char *, 1);
  return self;
}

void
weir_plugin_manifest_free (WeirPluginManifest *self)
{
  g_free (self->path);
  g_free (self->id);
  g_free (self->module);
  g_free (self->name);
  g_free (self->description);
  g_free (self->version);
  g_strfreev (self->provides);
  g_strfreev (self->requires_);
  g_strfreev (self->conflicts);
  g_free (self);
}
