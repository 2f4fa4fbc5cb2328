/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-key-rules.h"

#include <string.h>

#define INVOKE "function:invoke"

static gboolean
is_one_of (GVariant *list, const char *word)
{
  gsize n = g_variant_n_children (list);

  for (gsize i = 0; i < n; i++)
    {
      const char *item;

      g_variant_get_child (list, i, "&s", &item);
      if (strcmp (item, word) == 0)
        return TRUE;
    }
  return FALSE;
}

static GVariant *
get_list (WeirFunction *function, const char *option)
{
  GVariant *list = weir_settings_get_value (weir_function_get_settings (function), option);

  return list != NULL && g_variant_n_children (list) > 0 ? list : NULL;
}

/* "function:invoke" is for all functions, "function:invoke:NAME" for one. */
static gboolean
may_invoke (const char *scope, const char *name)
{
  const gsize length = strlen (INVOKE);

  if (strcmp (scope, "functions:execute") == 0)
    return TRUE;
  if (strncmp (scope, INVOKE, length) != 0)
    return FALSE;
  return scope[length] == '\0' || (scope[length] == ':' && strcmp (scope + length + 1, name) == 0);
}

static gboolean
has_scope (const char *const *scopes, WeirFunction *function, const char **wanted)
{
  GVariant *list = get_list (function, "auth_scopes");

  for (guint i = 0; scopes[i] != NULL; i++)
    {
      if (strcmp (scopes[i], "*") == 0 || strcmp (scopes[i], "admin") == 0)
        return TRUE;
      if (list != NULL ? is_one_of (list, scopes[i])
                       : may_invoke (scopes[i], weir_function_get_name (function)))
        return TRUE;
    }
  *wanted = INVOKE;
  if (list != NULL)
    g_variant_get_child (list, 0, "&s", wanted);
  return FALSE;
}

gboolean
weir_key_rules_allow (WeirApiKey *key, WeirFunction *function, const char **scope)
{
  GVariant *keys = get_list (function, "auth_keys");
  const char *const *scopes = weir_api_key_get_scopes (key);

  *scope = NULL;
  if (keys != NULL && !is_one_of (keys, weir_api_key_get_id (key)) &&
      !is_one_of (keys, weir_api_key_get_name (key)))
    return FALSE;
  return scopes[0] == NULL || has_scope (scopes, function, scope);
}
