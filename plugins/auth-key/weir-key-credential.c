/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-key-credential.h"

#include <string.h>

#define AUTHORIZATION "authorization"
#define BEARER "bearer"
#define SERVICE_KEY "servicekey"
#define QUERY "clientkey"
/* What all keys that are made here begin with. */
#define PREFIX "flx_"

typedef struct
{
  const char *name;
  gboolean only_keys; /* else tokens are sent there as well */
} Place;

/* Each outranks those below it; Authorization stands between the two lists. */
static const Place before[] = { { "x-api-key", TRUE }, { "x-service-key", TRUE } };
static const Place after[] = { { "x-client-key", TRUE }, { QUERY, FALSE }, { "apikey", FALSE } };

typedef enum
{
  MISSING,
  SINGLE,
  SEVERAL,
} Count;

static gboolean
is_named (const WeirField *field, const char *name, gsize length)
{
  return field->name_length == length && g_ascii_strncasecmp (field->name, name, length) == 0;
}

static Count
find_field (WeirHead *head, const char *name, const WeirField **found)
{
  gsize length = strlen (name);
  Count count = MISSING;
  const WeirField *fields;
  guint n_fields;

  fields = weir_head_get_fields (head, &n_fields);
  for (guint i = 0; i < n_fields; i++)
    {
      if (!is_named (&fields[i], name, length))
        continue;
      if (count != MISSING)
        return SEVERAL;
      *found = &fields[i];
      count = SINGLE;
    }
  return count;
}

static void
skip_spaces (WeirKeyCredential *self)
{
  while (self->length > 0 && *self->text == ' ')
    {
      self->text++;
      self->length--;
    }
  while (self->length > 0 && self->text[self->length - 1] == ' ')
    self->length--;
}

/* "Bearer KEY": whether that was the scheme, which is then taken away. */
static gboolean
take_scheme (WeirKeyCredential *self, const char *scheme)
{
  gsize length = strlen (scheme);

  if (self->length < length || g_ascii_strncasecmp (self->text, scheme, length) != 0 ||
      (self->length > length && self->text[length] != ' '))
    return FALSE;
  self->text += length;
  self->length -= length;
  skip_spaces (self);
  return TRUE;
}

static void
refuse (WeirKeyCredential *self)
{
  self->kind = WEIR_KEY_CREDENTIAL_MALFORMED;
  self->length = 0;
}

/* One word of visible characters. */
static gboolean
is_word (const WeirKeyCredential *self)
{
  if (self->length > WEIR_KEY_CREDENTIAL_MAX)
    return FALSE;
  for (gsize i = 0; i < self->length; i++)
    if (self->text[i] <= ' ' || self->text[i] >= 0x7f)
      return FALSE;
  return self->length > 0;
}

static gboolean
has_prefix (const WeirKeyCredential *self)
{
  return self->length > strlen (PREFIX) && strncmp (self->text, PREFIX, strlen (PREFIX)) == 0;
}

static void
judge (WeirKeyCredential *self, gboolean only_keys)
{
  if (self->length == 0)
    return;
  if (is_word (self))
    self->kind =
        only_keys || has_prefix (self) ? WEIR_KEY_CREDENTIAL_KEY : WEIR_KEY_CREDENTIAL_MAYBE;
  else if (only_keys)
    refuse (self);
  else
    {
      self->kind = WEIR_KEY_CREDENTIAL_MAYBE;
      self->length = 0;
    }
}

static void
take_value (WeirKeyCredential *self, const WeirField *field)
{
  self->text = field->value;
  self->length = field->value_length;
  skip_spaces (self);
}

static void
look_at (WeirKeyCredential *self, WeirHead *head, const Place *places, guint n_places)
{
  for (guint i = 0; i < n_places && self->kind == WEIR_KEY_CREDENTIAL_NONE; i++)
    {
      const WeirField *field = NULL;

      switch (find_field (head, places[i].name, &field))
        {
        case MISSING:
          break;
        case SEVERAL:
          refuse (self);
          break;
        case SINGLE:
          take_value (self, field);
          take_scheme (self, BEARER);
          judge (self, places[i].only_keys);
          break;
        }
    }
}

static void
look_at_authorization (WeirKeyCredential *self, WeirHead *head)
{
  const WeirField *field = NULL;

  /* With two of them nobody can know whose word counts. */
  if (find_field (head, AUTHORIZATION, &field) == SEVERAL)
    refuse (self);
  if (field == NULL || self->kind != WEIR_KEY_CREDENTIAL_NONE)
    return;

  take_value (self, field);
  if (take_scheme (self, SERVICE_KEY))
    judge (self, TRUE);
  else if (take_scheme (self, BEARER) || memchr (self->text, ' ', self->length) == NULL)
    judge (self, FALSE);
}

static void
look_at_query (WeirKeyCredential *self, WeirHead *head)
{
  self->owned = weir_head_dup_query (head, QUERY);
  if (self->owned == NULL)
    return;
  self->text = self->owned;
  self->length = strlen (self->owned);
  judge (self, FALSE);
}

void
weir_key_credential_find (WeirKeyCredential *self, WeirHead *head)
{
  memset (self, 0, sizeof *self);
  look_at (self, head, before, G_N_ELEMENTS (before));
  if (self->kind == WEIR_KEY_CREDENTIAL_NONE)
    look_at_authorization (self, head);
  if (self->kind == WEIR_KEY_CREDENTIAL_NONE)
    look_at (self, head, after, G_N_ELEMENTS (after));
  if (self->kind == WEIR_KEY_CREDENTIAL_NONE)
    look_at_query (self, head);
}

void
weir_key_credential_clear (WeirKeyCredential *self)
{
  g_clear_pointer (&self->owned, g_free);
}
