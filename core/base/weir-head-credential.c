/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-head.h"

#include <string.h>

/* Where requests carry credentials, for those who look for one. */

#define BEARER "bearer"

/**
 * weir_head_dup_bearer:
 * @self: the head of a request
 *
 * Returns: (transfer full) (nullable): the token of `Authorization: Bearer TOKEN`, or %NULL
 *   without it, and when there are two such headers
 *
 * Since: 1.0
 */
char *
weir_head_dup_bearer (WeirHead *self)
{
  const gsize scheme = strlen (BEARER);
  const WeirField *fields;
  const WeirField *found = NULL;
  gsize start;
  guint n_fields;

  g_return_val_if_fail (self != NULL, NULL);

  fields = weir_head_get_fields (self, &n_fields);
  for (guint i = 0; i < n_fields; i++)
    if (fields[i].id == WEIR_FIELD_AUTHORIZATION)
      {
        if (found != NULL)
          return NULL;
        found = &fields[i];
      }
  if (found == NULL || found->value_length <= scheme || found->value[scheme] != ' ' ||
      g_ascii_strncasecmp (found->value, BEARER, scheme) != 0)
    return NULL;

  for (start = scheme; start < found->value_length && found->value[start] == ' ';)
    start++;
  if (start == found->value_length)
    return NULL;
  return g_strndup (found->value + start, found->value_length - start);
}

static char *
find_cookie (const WeirField *field, const char *name)
{
  gsize length = strlen (name);
  const char *p = field->value;
  const char *end = p + field->value_length;

  while (p < end)
    {
      const char *stop = memchr (p, ';', end - p);

      if (stop == NULL)
        stop = end;
      while (p < stop && (*p == ' ' || *p == '\t'))
        p++;
      if ((gsize) (stop - p) > length && strncmp (p, name, length) == 0 && p[length] == '=')
        {
          p += length + 1;
          while (stop > p && (stop[-1] == ' ' || stop[-1] == '\t'))
            stop--;
          if (stop - p >= 2 && *p == '"' && stop[-1] == '"')
            return g_strndup (p + 1, stop - p - 2);
          return g_strndup (p, stop - p);
        }
      p = stop + 1;
    }
  return NULL;
}

/**
 * weir_head_dup_cookie:
 * @self: the head of a request
 * @name: the name of a cookie
 *
 * Returns: (transfer full) (nullable): the value of the first cookie of that name
 *
 * Since: 1.0
 */
char *
weir_head_dup_cookie (WeirHead *self, const char *name)
{
  const WeirField *fields;
  char *value = NULL;
  guint n_fields;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL && *name != '\0', NULL);

  fields = weir_head_get_fields (self, &n_fields);
  for (guint i = 0; i < n_fields && value == NULL; i++)
    if (fields[i].id == WEIR_FIELD_COOKIE)
      value = find_cookie (&fields[i], name);
  return value;
}

static char *
decode (const char *text, gsize length)
{
  g_autofree char *plus = g_strndup (text, length);

  g_strdelimit (plus, "+", ' ');
  return g_uri_unescape_string (plus, NULL);
}

/**
 * weir_head_dup_query:
 * @self: the head of a request
 * @name: the name of a parameter
 *
 * Returns: (transfer full) (nullable): the decoded value of the first query parameter of that
 *   name; %NULL without one, and when it cannot be decoded
 *
 * Since: 1.0
 */
char *
weir_head_dup_query (WeirHead *self, const char *name)
{
  const char *target;
  gsize length;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL && *name != '\0', NULL);

  target = weir_head_get_target (self);
  if (target == NULL || (target = strchr (target, '?')) == NULL)
    return NULL;

  length = strlen (name);
  while (*target != '\0')
    {
      const char *start = target + 1;
      gsize whole = strcspn (start, "&#");

      if (whole > length && start[length] == '=' && strncmp (start, name, length) == 0)
        return decode (start + length + 1, whole - length - 1);
      if (start[whole] == '#')
        return NULL;
      target = start + whole;
    }
  return NULL;
}
