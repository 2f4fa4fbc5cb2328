/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "http/weir-router-private.h"

#define NAME_MAX_LENGTH 255
#define SUPABASE_PREFIX "/functions/v1"
#define FLUXBASE_PREFIX "/api/v1"
#define WEIR_PREFIX "/_weir"
/* So many letters may be wrong for a name to be still the one that was meant. */
#define NEAR 2

struct _WeirRouter
{
  gatomicrefcount refs;
  GHashTable *slots; /* name (of the slot) -> slot */
};

WeirRouter *
weir_router_new (GPtrArray *slots)
{
  WeirRouter *self = g_new0 (WeirRouter, 1);

  g_atomic_ref_count_init (&self->refs);
  self->slots =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) weir_slot_unref);
  for (guint i = 0; i < slots->len; i++)
    {
      WeirSlot *slot = weir_slot_ref (g_ptr_array_index (slots, i));

      g_hash_table_replace (self->slots, (gpointer) weir_slot_get_name (slot), slot);
    }
  return self;
}

WeirRouter *
weir_router_ref (WeirRouter *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
weir_router_unref (WeirRouter *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->slots);
  g_free (self);
}

gboolean
weir_router_is_reserved (const char *name)
{
  static const char *const reserved[] = { "_weir", "api", "functions" };

  for (gsize i = 0; i < G_N_ELEMENTS (reserved); i++)
    if (strcmp (name, reserved[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
ends_segment (char c)
{
  return c == '\0' || c == '/' || c == '?';
}

/* Reads the segment that text begins with, percent-decoded once. Returns how many bytes it
 * takes; name is empty when it cannot be one. */
static gsize
read_segment (const char *text, char *name)
{
  gsize length = 0;
  const char *p;

  for (p = text; !ends_segment (*p); p++)
    {
      int c = (guchar) *p;

      if (c == '%')
        {
          int high = g_ascii_xdigit_value (p[1]);
          int low = high >= 0 ? g_ascii_xdigit_value (p[2]) : -1;

          if (low < 0 || (high == 0 && low == 0))
            length = NAME_MAX_LENGTH;
          else
            {
              c = high << 4 | low;
              p += 2;
            }
        }
      if (length < NAME_MAX_LENGTH)
        name[length++] = c;
    }

  /* What was too long or badly encoded is nobody's name. */
  name[length < NAME_MAX_LENGTH ? length : 0] = '\0';
  return p - text;
}

static WeirSlot *
lookup (WeirRouter *self, const char *segment, gsize *length)
{
  char name[NAME_MAX_LENGTH + 1];

  *length = read_segment (segment, name);
  return name[0] != '\0' ? g_hash_table_lookup (self->slots, name) : NULL;
}

/* What follows a prefix, from its slash on; NULL when target does not begin with it. */
static const char *
skip_prefix (const char *target, const char *prefix, gsize length)
{
  return strncmp (target, prefix, length) == 0 && ends_segment (target[length]) ? target + length
                                                                                : NULL;
}

#define SKIP_PREFIX(target, prefix) skip_prefix (target, prefix, sizeof (prefix) - 1)

static gboolean
is_path (const char *target, const char *path)
{
  gsize length = strlen (path);

  return strncmp (target, path, length) == 0 && (target[length] == '\0' || target[length] == '?');
}

static void
set_function (WeirRoute *route, WeirSlot *slot, gsize strip)
{
  if (slot == NULL)
    return;
  route->kind = WEIR_ROUTE_FUNCTION;
  route->slot = slot;
  route->strip = strip;
}

static void
match_supabase (WeirRouter *self, const char *rest, WeirRoute *route)
{
  gsize length;

  route->dialect = WEIR_DIALECT_SUPABASE;
  if (is_path (rest, "/_internal/health"))
    route->kind = WEIR_ROUTE_SUPABASE_HEALTH;
  else if (*rest == '/')
    set_function (route, lookup (self, rest + 1, &length), sizeof (SUPABASE_PREFIX) - 1);
}

void
weir_router_match (WeirRouter *self, const char *target, WeirRoute *route)
{
  const char *rest;
  gsize length;

  *route = (WeirRoute){ WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, 0 };

  if ((rest = SKIP_PREFIX (target, SUPABASE_PREFIX)) != NULL)
    match_supabase (self, rest, route);
  else if (SKIP_PREFIX (target, FLUXBASE_PREFIX) != NULL)
    route->dialect = WEIR_DIALECT_FLUXBASE;
  else if ((rest = SKIP_PREFIX (target, WEIR_PREFIX)) != NULL)
    {
      if (is_path (rest, "/health"))
        route->kind = WEIR_ROUTE_HEALTH;
    }
  else if (*target == '/')
    {
      WeirSlot *slot = lookup (self, target + 1, &length);

      set_function (route, slot, 1 + length);
    }
}

/* Edits (a letter more, less or other) from one name to the other; rows of the usual table. */
static guint
count_edits (const char *a, const char *b)
{
  guint above[NAME_MAX_LENGTH + 1];
  gsize length = MIN (strlen (b), NAME_MAX_LENGTH);

  for (gsize j = 0; j <= length; j++)
    above[j] = j;
  for (gsize i = 0; a[i] != '\0'; i++)
    {
      guint diagonal = above[0];

      above[0] = i + 1;
      for (gsize j = 0; j < length; j++)
        {
          guint same = diagonal + (g_ascii_tolower (a[i]) != g_ascii_tolower (b[j]));

          diagonal = above[j + 1];
          above[j + 1] = MIN (same, MIN (above[j], diagonal) + 1);
        }
    }
  return above[length];
}

const char *
weir_router_find_nearest (WeirRouter *self, const char *target)
{
  const char *rest = SKIP_PREFIX (target, SUPABASE_PREFIX);
  char name[NAME_MAX_LENGTH + 1];
  const char *nearest = NULL;
  guint best = NEAR + 1;
  GHashTableIter iter;
  gpointer key;

  if (rest == NULL)
    rest = target;
  if (*rest == '/')
    rest++;
  read_segment (rest, name);
  if (name[0] == '\0')
    return NULL;

  g_hash_table_iter_init (&iter, self->slots);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      guint edits = count_edits (name, key);

      /* A short name is not meant when most of its letters differ. */
      if (edits * 2 > strlen (key))
        continue;
      if (edits < best || (edits == best && nearest != NULL && strcmp (key, nearest) < 0))
        {
          best = edits;
          nearest = key;
        }
    }
  return nearest;
}
