/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-credential.h"

#include <string.h>

#define AUTHORIZATION "authorization"
#define BEARER "Bearer"
#define USUAL_NAME "token"

G_DEFINE_ENUM_TYPE (WeirJwtLocation,
                    weir_jwt_location,
                    G_DEFINE_ENUM_VALUE (WEIR_JWT_LOCATION_HEADER, "header"),
                    G_DEFINE_ENUM_VALUE (WEIR_JWT_LOCATION_COOKIE, "cookie"),
                    G_DEFINE_ENUM_VALUE (WEIR_JWT_LOCATION_QUERY, "query"))

void
weir_jwt_credential_clear (WeirJwtCredential *self)
{
  g_free (self->owned);
}

/* ---- in a header ---- */

static gboolean
is_called (const WeirField *field, WeirFieldId id, const char *name, gsize length)
{
  return field->id == id && field->name_length == length &&
         (id != WEIR_FIELD_OTHER || g_ascii_strncasecmp (field->name, name, length) == 0);
}

static gboolean
has_scheme (const WeirField *field, gboolean strict)
{
  const gsize length = strlen (BEARER);

  if (field->value_length <= length || field->value[length] != ' ')
    return FALSE;
  return memcmp (field->value, BEARER, length) == 0 ||
         (!strict && g_ascii_strncasecmp (field->value, BEARER, length) == 0);
}

/* Another scheme is another authenticator's business; another header has none. */
static void
read_field (WeirJwtCredential *self, const WeirField *field, gboolean needs_scheme, gboolean strict)
{
  gboolean schemed = has_scheme (field, strict);

  if (needs_scheme && !schemed)
    return;
  self->text = field->value;
  self->length = field->value_length;
  if (!schemed)
    return;
  self->text += strlen (BEARER) + 1;
  self->length -= strlen (BEARER) + 1;
  while (!strict && self->length > 0 && *self->text == ' ')
    {
      self->text++;
      self->length--;
    }
}

static WeirJwtFound
find_field (WeirJwtCredential *self, WeirHead *head, const WeirJwtPlace *place)
{
  const char *name = place->name != NULL ? place->name : AUTHORIZATION;
  gsize length = strlen (name);
  WeirFieldId id = weir_field_id_lookup (name, length);
  gboolean needs_scheme = id == WEIR_FIELD_AUTHORIZATION;
  const WeirField *fields;
  guint n_fields, n_found = 0;

  fields = weir_head_get_fields (head, &n_fields);
  for (guint i = 0; i < n_fields; i++)
    if (is_called (&fields[i], id, name, length))
      {
        n_found++;
        if (self->length == 0)
          read_field (self, &fields[i], needs_scheme, place->strict_scheme);
      }
  if (self->length == 0)
    return WEIR_JWT_FOUND_NOTHING;
  return n_found > 1 ? WEIR_JWT_FOUND_SEVERAL : WEIR_JWT_FOUND_ONE;
}

/* ---- elsewhere ---- */

/* Of a name as weir_head_dup_query() knows it. */
static guint
count_parameters (WeirHead *head, const char *name)
{
  const char *p = strchr (weir_head_get_target (head), '?');
  gsize length = strlen (name);
  guint n = 0;

  for (; p != NULL; p = strchr (p + 1, '&'))
    n += strncmp (p + 1, name, length) == 0 && p[1 + length] == '=';
  return n;
}

static WeirJwtFound
take (WeirJwtCredential *self, char *text, guint n)
{
  self->owned = text;
  self->text = text;
  self->length = text != NULL ? strlen (text) : 0;
  if (self->length == 0)
    return WEIR_JWT_FOUND_NOTHING;
  return n > 1 ? WEIR_JWT_FOUND_SEVERAL : WEIR_JWT_FOUND_ONE;
}

WeirJwtFound
weir_jwt_credential_find (WeirJwtCredential *self, WeirHead *head, const WeirJwtPlace *place)
{
  const char *name = place->name != NULL ? place->name : USUAL_NAME;

  switch (place->location)
    {
    case WEIR_JWT_LOCATION_HEADER:
      return find_field (self, head, place);
    /* Browsers send those of several paths, the nearest first. */
    case WEIR_JWT_LOCATION_COOKIE:
      return take (self, weir_head_dup_cookie (head, name), 1);
    case WEIR_JWT_LOCATION_QUERY:
      return take (self, weir_head_dup_query (head, name), count_parameters (head, name));
    }
  return WEIR_JWT_FOUND_NOTHING;
}
