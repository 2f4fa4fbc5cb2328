/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-secret.h"

#include <string.h>

#include "base/weir-error.h"

#define MAX_NAME 256
#define MAX_SCOPE 256
#define MAX_VALUE (64 * 1024)

/**
 * WeirSecret:
 *
 * One secret of the functions: its scope, its name and, where that was asked for, its value.
 *
 * It is immutable and may be used in any thread.
 *
 * Since: 1.0
 */
struct _WeirSecret
{
  char *scope;
  char *name;
  char *value;
  gint64 updated;
};

/* clang-format off */
G_DEFINE_BOXED_TYPE (WeirSecret, weir_secret, weir_secret_ref, weir_secret_unref)
/* clang-format on */

/**
 * weir_secret_new:
 * @scope: whose it is: `system`, or `user:` and an id
 * @name: its name
 * @value: (nullable): its value, or %NULL where only the name is told
 * @updated: when it was set, in milliseconds since 1970, or 0
 *
 * Returns: (transfer full): the secret
 *
 * Since: 1.0
 */
WeirSecret *
weir_secret_new (const char *scope, const char *name, const char *value, gint64 updated)
{
  WeirSecret *self;

  g_return_val_if_fail (scope != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  self = g_atomic_rc_box_new0 (WeirSecret);
  self->scope = g_strdup (scope);
  self->name = g_strdup (name);
  self->value = g_strdup (value);
  self->updated = updated;

  return self;
}

/**
 * weir_secret_ref:
 * @self: a secret
 *
 * Returns: (transfer full): the same secret
 *
 * Since: 1.0
 */
WeirSecret *
weir_secret_ref (WeirSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

static void
weir_secret_clear (gpointer data)
{
  WeirSecret *self = data;

  if (self->value != NULL)
    explicit_bzero (self->value, strlen (self->value));
  g_free (self->value);
  g_free (self->scope);
  g_free (self->name);
}

/**
 * weir_secret_unref:
 * @self: (transfer full): a secret
 *
 * Since: 1.0
 */
void
weir_secret_unref (WeirSecret *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release_full (self, weir_secret_clear);
}

/**
 * weir_secret_get_scope:
 * @self: a secret
 *
 * Returns: whose it is: `system`, or `user:` and an id
 *
 * Since: 1.0
 */
const char *
weir_secret_get_scope (WeirSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->scope;
}

/**
 * weir_secret_get_name:
 * @self: a secret
 *
 * Returns: its name
 *
 * Since: 1.0
 */
const char *
weir_secret_get_name (WeirSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

/**
 * weir_secret_get_value:
 * @self: a secret
 *
 * Returns: (nullable): its value, or %NULL where only the name was asked for
 *
 * Since: 1.0
 */
const char *
weir_secret_get_value (WeirSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->value;
}

/**
 * weir_secret_get_updated:
 * @self: a secret
 *
 * Returns: when it was set, in milliseconds since 1970, or 0
 *
 * Since: 1.0
 */
gint64
weir_secret_get_updated (WeirSecret *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->updated;
}

/* ---- what may be one ---- */

static gboolean
is_name_character (char c, gboolean first)
{
  return g_ascii_isalpha (c) || c == '_' ||
         (!first && (g_ascii_isdigit (c) || c == '-' || c == '.'));
}

/**
 * weir_secret_check_name:
 * @name: a name that somebody gave
 * @error: return location for an error
 *
 * Returns: whether a secret can have it: ASCII letters, digits, `_`, `-` and `.`, a letter or
 *   `_` first, and not the prefix `SUPABASE_`, which belongs to the platform
 *
 * Since: 1.0
 */
gboolean
weir_secret_check_name (const char *name, GError **error)
{
  gsize length;
  gboolean valid;

  g_return_val_if_fail (name != NULL, FALSE);

  length = strlen (name);
  valid = length > 0 && length <= MAX_NAME;
  for (gsize i = 0; valid && i < length; i++)
    valid = is_name_character (name[i], i == 0);
  if (!valid)
    {
      g_autofree char *shown = g_strndup (name, 40);
      g_autofree char *escaped = g_strescape (shown, NULL);

      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_INVALID_ARGUMENT,
                   "“%s” cannot be the name of a secret: letters, digits, “_”, “-” and “.”, a "
                   "letter or “_” first, up to %d",
                   escaped,
                   MAX_NAME);
      return FALSE;
    }
  if (g_str_has_prefix (name, "SUPABASE_"))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FORBIDDEN,
                   "%s: names that begin with SUPABASE_ belong to the platform",
                   name);
      return FALSE;
    }

  return TRUE;
}

/**
 * weir_secret_check_scope:
 * @scope: a scope that somebody gave
 * @error: return location for an error
 *
 * Returns: whether it is `system`, or `user:` and an id of printable ASCII without spaces
 *
 * Since: 1.0
 */
gboolean
weir_secret_check_scope (const char *scope, GError **error)
{
  const char *user = "user:";
  gboolean valid;

  g_return_val_if_fail (scope != NULL, FALSE);

  if (g_str_equal (scope, WEIR_SECRET_SYSTEM))
    return TRUE;

  valid =
      g_str_has_prefix (scope, user) && scope[strlen (user)] != '\0' && strlen (scope) <= MAX_SCOPE;
  for (const char *p = scope; valid && *p != '\0'; p++)
    valid = g_ascii_isgraph (*p) && *p != '/';
  if (valid)
    return TRUE;

  g_set_error_literal (error,
                       WEIR_ERROR,
                       WEIR_ERROR_INVALID_ARGUMENT,
                       "A scope of secrets is “system”, or “user:” and an id");
  return FALSE;
}

/**
 * weir_secret_check_value:
 * @name: the name that the value is for
 * @value: a value that somebody gave
 * @error: return location for an error, which does not show the value
 *
 * Returns: whether it is UTF-8 and not too long
 *
 * Since: 1.0
 */
gboolean
weir_secret_check_value (const char *name, const char *value, GError **error)
{
  gsize length;

  g_return_val_if_fail (name != NULL && value != NULL, FALSE);

  length = strlen (value);
  if (length <= MAX_VALUE && g_utf8_validate (value, length, NULL))
    return TRUE;

  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_INVALID_ARGUMENT,
               length > MAX_VALUE ? "%s: the value is longer than %d bytes"
                                  : "%s: the value is not UTF-8 text of up to %d bytes",
               name,
               MAX_VALUE);
  return FALSE;
}
