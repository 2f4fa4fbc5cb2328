/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-load.h"

#include <string.h>

/* A tree of JSON nodes would take longer than all else that the server does for a start. */

static gboolean
needs_escape (char c)
{
  return c == '"' || c == '\\' || (guchar) c < 0x20;
}

static void
append_escaped (GString *line, guchar c)
{
  static const char digits[] = "0123456789abcdef";

  if (c == '"' || c == '\\')
    {
      g_string_append_c (line, '\\');
      g_string_append_c (line, (char) c);
      return;
    }
  g_string_append_len (line, "\\u00", 4);
  g_string_append_c (line, digits[c >> 4]);
  g_string_append_c (line, digits[c & 0xf]);
}

static void
append_text (GString *line, const char *text, gsize length)
{
  const char *end = text + length;

  g_string_append_c (line, '"');
  while (text < end)
    {
      const char *plain = text;

      while (text < end && !needs_escape (*text))
        text++;
      g_string_append_len (line, plain, text - plain);
      if (text < end)
        append_escaped (line, (guchar) *text++);
    }
  g_string_append_c (line, '"');
}

static void
append_name (GString *line, const char *name, gsize length)
{
  if (line->str[line->len - 1] != '{')
    g_string_append_c (line, ',');
  append_text (line, name, length);
  g_string_append_c (line, ':');
}

static void
append_member (GString *line, const char *name, const char *value)
{
  append_name (line, name, strlen (name));
  append_text (line, value, strlen (value));
}

static void
append_boolean (GString *line, const char *name, gboolean value)
{
  append_name (line, name, strlen (name));
  g_string_append (line, value ? "true" : "false");
}

static void
append_variables (GString *line, const char *name, const char *const *pairs, const char *home)
{
  append_name (line, name, strlen (name));
  g_string_append_c (line, '{');
  if (home != NULL)
    append_member (line, "HOME", home);
  for (guint i = 0; pairs != NULL && pairs[i] != NULL; i++)
    {
      const char *equals = strchr (pairs[i], '=');

      if (equals == NULL || equals == pairs[i])
        continue;
      append_name (line, pairs[i], (gsize) (equals - pairs[i]));
      append_text (line, equals + 1, strlen (equals + 1));
    }
  g_string_append_c (line, '}');
}

/* Packages look for settings in the home folder and do not expect to be refused it; the user's own
 * is for those who may read everything. */
static gboolean
needs_home (WeirDenoPermissions *own, const char *const *variables)
{
  return own->temporary && !own->everything && !own->reads_all &&
         g_environ_getenv ((char **) variables, "HOME") == NULL;
}

static gboolean
is_covered (const char *path, GPtrArray *folders)
{
  for (guint i = 0; i < folders->len; i++)
    if (weir_deno_is_below (path, g_ptr_array_index (folders, i)))
      return TRUE;
  return FALSE;
}

/* What a standby may read and this function may not, once it is loaded. A path that a flag
 * of the user's covers stays: to revoke it would take the whole grant away. */
static void
append_revocations (GString *line, WeirLaunch *launch, WeirDenoPermissions *own)
{
  const char *const *argv = weir_launch_get_argv (launch);

  append_name (line, "revoke", strlen ("revoke"));
  g_string_append_c (line, '[');
  for (guint i = 0; !own->reads_all && argv[i] != NULL; i++)
    {
      g_auto (GStrv) granted = NULL;

      if (!g_str_has_prefix (argv[i], "--allow-read="))
        continue;
      granted = g_strsplit (argv[i] + strlen ("--allow-read="), ",", -1);
      for (guint j = 0; granted[j] != NULL; j++)
        {
          if (is_covered (granted[j], own->read))
            continue;
          if (line->str[line->len - 1] != '[')
            g_string_append_c (line, ',');
          append_text (line, granted[j], strlen (granted[j]));
        }
    }
  g_string_append_c (line, ']');
}

char *
weir_deno_load_to_line (WeirFunction *function,
                        const WeirDenoPlan *plan,
                        WeirDenoPermissions *own,
                        const char *temporary,
                        const char *socket_path,
                        WeirLaunch *standby)
{
  const char *file = plan->bundle != NULL ? plan->bundle : weir_function_get_entrypoint (function);
  g_autofree char *entry = g_filename_to_uri (file, NULL, NULL);
  const char *const *variables = weir_function_get_environ (function);
  const char *const *secrets = weir_function_get_secrets (function);
  const char *namespace =
      weir_settings_get_string (weir_function_get_settings (function), "namespace");
  GString *line = g_string_sized_new (4096);

  g_string_append_c (line, '{');
  append_member (line, "type", "load");
  append_member (line, "name", weir_function_get_name (function));
  append_member (line, "entry", entry);
  append_member (line, "socket", socket_path);
  append_member (line, "mode", plan->is_main ? "main" : "import");
  append_member (line, "directory", weir_function_get_directory (function));
  append_member (line, "temporary", temporary);
  append_boolean (line, "node", plan->uses_node);
  append_boolean (line, "unexported", plan->unexported);
  if (!own->env)
    append_boolean (line, "hide_env", TRUE);
  if (weir_deno_permissions_cover_socket (own, socket_path))
    append_boolean (line, "keep_socket", TRUE);
  if (standby != NULL)
    append_revocations (line, standby, own);
  append_variables (line, "env", variables, needs_home (own, variables) ? temporary : NULL);
  if (own->secrets && secrets[0] != NULL)
    append_variables (line, "secrets", secrets, NULL);
  if (namespace != NULL)
    append_member (line, "namespace", namespace);
  g_string_append_c (line, '}');
  return g_string_free (line, FALSE);
}
