/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-permissions.h"

#include <string.h>

/* What frameworks ask the system for when they start; not who the user is or what else the
 * machine does. The home folder is the temporary one. */
#define SYSTEM_PERMISSIONS "--allow-sys=hostname,osRelease,cpus,uid,gid,homedir"

typedef struct
{
  const char *name;
  gboolean temporary;
  const char *flags[4];
} Profile;

static const Profile profiles[] = {
  { "none", FALSE, { NULL } },
  { "strict", FALSE, { "--allow-net", NULL } },
  { "standard", TRUE, { "--allow-net", "--allow-env", SYSTEM_PERMISSIONS, NULL } },
  { "permissive", TRUE, { "--allow-all", NULL } },
};

static const Profile *
find_profile (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (profiles); i++)
    if (g_str_equal (profiles[i].name, name))
      return &profiles[i];
  return NULL;
}

void
weir_deno_permissions_free (WeirDenoPermissions *self)
{
  g_ptr_array_unref (self->others);
  g_ptr_array_unref (self->denials);
  g_ptr_array_unref (self->read);
  g_ptr_array_unref (self->write);
  g_ptr_array_unref (self->net);
  g_ptr_array_unref (self->unreadable);
  g_free (self);
}

static void
add_list (GPtrArray *array, const char *list)
{
  g_auto (GStrv) paths = g_strsplit (list, ",", -1);

  for (guint i = 0; paths[i] != NULL; i++)
    if (*paths[i] != '\0')
      g_ptr_array_add (array, g_strdup (paths[i]));
}

static void
add_flag (WeirDenoPermissions *self, const char *flag)
{
  if (g_str_equal (flag, "--allow-all"))
    self->everything = TRUE;
  else if (g_str_equal (flag, "--allow-read"))
    self->reads_all = TRUE;
  else if (g_str_equal (flag, "--allow-write"))
    self->writes_all = TRUE;
  else if (g_str_equal (flag, "--allow-net"))
    self->connects_all = TRUE;
  else if (g_str_has_prefix (flag, "--allow-net="))
    add_list (self->net, flag + strlen ("--allow-net="));
  else if (g_str_has_prefix (flag, "--allow-read="))
    add_list (self->read, flag + strlen ("--allow-read="));
  else if (g_str_has_prefix (flag, "--allow-write="))
    add_list (self->write, flag + strlen ("--allow-write="));
  else if (g_str_has_prefix (flag, "--deny-read="))
    add_list (self->unreadable, flag + strlen ("--deny-read="));
  else
    g_ptr_array_add (self->others, g_strdup (flag));
  if (g_str_has_prefix (flag, "--deny-") || g_str_has_prefix (flag, "--ignore-"))
    g_ptr_array_add (self->denials, g_strdup (flag));
  self->env |= self->everything || g_str_has_prefix (flag, "--allow-env");
}

/* With "=" and a list after it, or without. */
static const char *const flags[] = {
  "--allow-all",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-sys",
  "--allow-run",
  "--allow-ffi",
  "--allow-import",
  "--allow-scripts",
  "--allow-hrtime",
  "--deny-read",
  "--deny-write",
  "--deny-net",
  "--deny-env",
  "--deny-sys",
  "--deny-run",
  "--deny-ffi",
  "--deny-import",
  "--deny-hrtime",
  "--ignore-read",
  "--ignore-env",
  NULL,
};

static const struct
{
  const char *letter;
  const char *flag;
} letters[] = {
  { "-A", "--allow-all" },    { "-R", "--allow-read" }, { "-W", "--allow-write" },
  { "-N", "--allow-net" },    { "-E", "--allow-env" },  { "-S", "--allow-sys" },
  { "-I", "--allow-import" },
};

static gboolean
takes_list (const char *flag)
{
  return !g_str_equal (flag, "--allow-all") && !g_str_has_suffix (flag, "-hrtime");
}

/* The flag by its long name, or NULL when Deno has none such; *nearest is the name that may have
 * been meant. */
static char *
dup_flag (const char *word, const char **nearest)
{
  const char *list = strchr (word, '=');
  g_autofree char *name = list != NULL ? g_strndup (word, list - word) : g_strdup (word);
  const char *found = NULL;

  *nearest = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (letters); i++)
    if (g_str_equal (name, letters[i].letter))
      found = letters[i].flag;
  if (found == NULL && g_strv_contains (flags, name))
    found = name;
  if (found != NULL && (list == NULL || takes_list (found)))
    return g_strconcat (found, list, NULL);
  *nearest = found != NULL ? found : weir_suggest (name, flags);
  return NULL;
}

static void
set_no_permission (GError **error, const char *origin, const char *word, const char *nearest)
{
  if (origin == NULL)
    origin = "settings";
  if (nearest != NULL)
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_NOT_SUPPORTED,
                 "%s: permissions: Deno has no flag \"%s\"; did you mean \"%s\"?",
                 origin,
                 word,
                 nearest);
  else
    g_set_error (
        error,
        WEIR_ERROR,
        WEIR_ERROR_NOT_SUPPORTED,
        "%s: permissions: \"%s\" is neither a profile (none, strict, standard, permissive, "
        "or a table [permissions.NAME]) nor a flag of Deno's such as --allow-net",
        origin,
        word);
}

/* Deno has no word for everything but the network that would leave the socket. */
static void
take_net (WeirDenoPermissions *self)
{
  static const char *const rest[] = { "--allow-env", "--allow-run", "--allow-ffi", "--allow-sys" };

  self->connects_all = FALSE;
  g_ptr_array_set_size (self->net, 0);
  if (!self->everything)
    return;
  self->everything = FALSE;
  self->reads_all = TRUE;
  self->writes_all = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (rest); i++)
    g_ptr_array_add (self->others, g_strdup (rest[i]));
}

/* The worker's own socket and variables are not for the function to take: what it may not have
 * is not given, or is taken back when the worker has started. */
static void
deny_whole (WeirDenoPermissions *self, gboolean net, gboolean env)
{
  if (net)
    take_net (self);
  if (env)
    self->env = FALSE;
}

static gboolean
add_words (WeirDenoPermissions *self, char **words, const char *origin, GError **error)
{
  gboolean no_net = FALSE;
  gboolean no_env = FALSE;

  self->temporary = TRUE;
  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *nearest;
      g_autofree char *flag = dup_flag (words[i], &nearest);

      if (flag == NULL)
        {
          set_no_permission (error, origin, words[i], nearest);
          return FALSE;
        }
      if (g_str_equal (flag, "--deny-net"))
        no_net = TRUE;
      else if (g_str_equal (flag, "--deny-env"))
        no_env = TRUE;
      else
        add_flag (self, flag);
    }
  deny_whole (self, no_net, no_env);
  return TRUE;
}

static gboolean
is_taken (WeirSettings *settings, const char *name)
{
  return weir_settings_get_value (settings, name) != NULL &&
         !weir_settings_get_boolean (settings, name);
}

static WeirDenoPermissions *
take_back (WeirDenoPermissions *self, WeirSettings *settings)
{
  self->secrets = self->env;
  if (is_taken (settings, "allow_net"))
    take_net (self);
  if (is_taken (settings, "allow_env"))
    self->env = FALSE;
  return self;
}

WeirDenoPermissions *
weir_deno_permissions_new (WeirSettings *settings, WeirDenoFolders *folders, GError **error)
{
  g_autoptr (WeirDenoPermissions) self = g_new0 (WeirDenoPermissions, 1);
  g_auto (GStrv) words = NULL;
  const Profile *profile = NULL;

  self->folders = folders;
  self->others = g_ptr_array_new_with_free_func (g_free);
  self->denials = g_ptr_array_new_with_free_func (g_free);
  self->read = g_ptr_array_new_with_free_func (g_free);
  self->write = g_ptr_array_new_with_free_func (g_free);
  self->net = g_ptr_array_new_with_free_func (g_free);
  self->unreadable = g_ptr_array_new_with_free_func (g_free);
  if (weir_settings_get_value (settings, "permissions") == NULL)
    profile = find_profile ("standard");
  else
    words = weir_settings_dup_strv (settings, "permissions");
  if (words != NULL && g_strv_length (words) == 1)
    profile = find_profile (words[0]);
  if (profile == NULL)
    return add_words (self, words, weir_settings_get_origin (settings, "permissions"), error)
               ? take_back (g_steal_pointer (&self), settings)
               : NULL;

  self->temporary = profile->temporary;
  for (guint i = 0; profile->flags[i] != NULL; i++)
    add_flag (self, profile->flags[i]);
  return take_back (g_steal_pointer (&self), settings);
}

static void
add_path (GPtrArray *array, const char *path)
{
  if (strchr (path, ',') == NULL &&
      !g_ptr_array_find_with_equal_func (array, path, g_str_equal, NULL))
    g_ptr_array_add (array, g_strdup (path));
}

void
weir_deno_permissions_add_read (WeirDenoPermissions *self, const char *path)
{
  add_path (self->read, path);
  add_path (self->read, weir_deno_folders_get_real (self->folders, path));
}

/* Of something that comes later: a socket, a file in a folder that lasts. */
static char *
dup_real_leaf (WeirDenoPermissions *self, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);

  return g_build_filename (weir_deno_folders_get_real (self->folders, folder), name, NULL);
}

void
weir_deno_permissions_add_private (WeirDenoPermissions *self, const char *path)
{
  g_autofree char *real = dup_real_leaf (self, path);

  add_path (self->read, path);
  add_path (self->read, real);
  add_path (self->write, path);
  add_path (self->write, real);
}

void
weir_deno_permissions_add_socket (WeirDenoPermissions *self, const char *path)
{
  weir_deno_permissions_add_private (self, path);
  if (strchr (path, ',') == NULL)
    g_ptr_array_add (self->net, g_strconcat ("unix:", path, NULL));
}

static gboolean
has_parent (GPtrArray *paths, const char *path)
{
  for (guint i = 0; i < paths->len; i++)
    {
      const char *folder = g_ptr_array_index (paths, i);
      gsize length = strlen (folder);

      while (length > 0 && folder[length - 1] == '/')
        length--;
      if (strncmp (path, folder, length) == 0 && path[length] == '/')
        return TRUE;
    }
  return FALSE;
}

gboolean
weir_deno_permissions_cover_socket (WeirDenoPermissions *self, const char *path)
{
  g_autofree char *real = dup_real_leaf (self, path);

  return self->everything || self->reads_all || self->writes_all || has_parent (self->read, path) ||
         has_parent (self->read, real) || has_parent (self->write, path) ||
         has_parent (self->write, real);
}

void
weir_deno_permissions_hide_env_files (WeirDenoPermissions *self, const char *folder)
{
  static const char *const usual[] = { ".env", ".env.local" };
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  for (gsize i = 0; i < G_N_ELEMENTS (usual); i++)
    {
      g_autofree char *path = g_build_filename (folder, usual[i], NULL);
      g_autofree char *real = dup_real_leaf (self, path);

      add_path (self->unreadable, path);
      add_path (self->unreadable, real);
    }
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (!g_str_has_prefix (name, ".env"))
        continue;
      add_path (self->unreadable, path);
      add_path (self->unreadable, weir_deno_folders_get_real (self->folders, path));
    }
}

static void
append_list (GPtrArray *argv, const char *flag, GPtrArray *paths)
{
  g_autoptr (GString) text = g_string_new (flag);

  if (paths->len == 0)
    return;
  for (guint i = 0; i < paths->len; i++)
    g_string_append_printf (text, "%c%s", i == 0 ? '=' : ',', (char *) paths->pdata[i]);
  g_ptr_array_add (argv, g_string_free (g_steal_pointer (&text), FALSE));
}

void
weir_deno_permissions_append_args (WeirDenoPermissions *self, GPtrArray *argv)
{
  gboolean env_said = FALSE;

  if (self->everything)
    {
      g_ptr_array_add (argv, g_strdup ("--allow-all"));
      for (guint i = 0; i < self->denials->len; i++)
        g_ptr_array_add (argv, g_strdup (g_ptr_array_index (self->denials, i)));
      return;
    }
  for (guint i = 0; i < self->others->len; i++)
    {
      const char *flag = g_ptr_array_index (self->others, i);

      /* The bootstrap sets the variables, and gives the permission back if it is none. */
      if (g_str_has_prefix (flag, "--allow-env"))
        env_said = TRUE;
      g_ptr_array_add (argv,
                       g_strdup (g_str_has_prefix (flag, "--allow-env") ? "--allow-env" : flag));
    }
  if (!env_said)
    g_ptr_array_add (argv, g_strdup ("--allow-env"));
  if (self->connects_all)
    g_ptr_array_add (argv, g_strdup ("--allow-net"));
  else
    append_list (argv, "--allow-net", self->net);
  if (self->reads_all)
    g_ptr_array_add (argv, g_strdup ("--allow-read"));
  else
    append_list (argv, "--allow-read", self->read);
  if (self->writes_all)
    g_ptr_array_add (argv, g_strdup ("--allow-write"));
  else
    append_list (argv, "--allow-write", self->write);
  append_list (argv, "--deny-read", self->unreadable);
}
