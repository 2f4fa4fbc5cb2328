/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-key-rules.h"

#include <string.h>

#define INVOKE "function:invoke"

static const char *const *
get_list (WeirFunction *function, const char *option)
{
  const char *const *list = weir_settings_get_strv (weir_function_get_settings (function), option);

  return list != NULL && list[0] != NULL ? list : NULL;
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
  const char *const *list = get_list (function, "auth_scopes");

  for (guint i = 0; scopes[i] != NULL; i++)
    {
      if (strcmp (scopes[i], "*") == 0 || strcmp (scopes[i], "admin") == 0)
        return TRUE;
      if (list != NULL ? g_strv_contains (list, scopes[i])
                       : may_invoke (scopes[i], weir_function_get_name (function)))
        return TRUE;
    }
  *wanted = list != NULL ? list[0] : INVOKE;
  return FALSE;
}

gboolean
weir_key_rules_allow (WeirApiKey *key, WeirFunction *function, const char **scope)
{
  const char *const *keys = get_list (function, "auth_keys");
  const char *const *scopes = weir_api_key_get_scopes (key);

  *scope = NULL;
  if (keys != NULL && !g_strv_contains (keys, weir_api_key_get_id (key)) &&
      !g_strv_contains (keys, weir_api_key_get_name (key)))
    return FALSE;
  return scopes[0] == NULL || has_scope (scopes, function, scope);
}
