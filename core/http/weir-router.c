/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "base/weir-text-private.h"
#include "http/weir-router-private.h"

#define NAME_MAX_LENGTH 255
#define SUPABASE_PREFIX "/functions/v1"
#define FLUXBASE_PREFIX "/api/v1"
#define WEIR_PREFIX "/_weir"
/* So many letters may be wrong for a name to be still the one that was meant. */
#define NEAR 2

/* Where one function is. */
typedef struct
{
  WeirSlot *slot;
  char *path; /* NULL: /NAME and below */
  char *namespace;
  guint methods; /* 0: all */
  WeirDialect dialect;
} Place;

struct _WeirRouter
{
  gatomicrefcount refs;
  GHashTable *places; /* name (of the slot) -> Place */
  GHashTable *paths;  /* path (of a Place) -> GPtrArray of Place, borrowed; NULL: there are none */
  guint n_flux;
};

/* Bits of a mask, in this order. */
static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

#define GET_BIT 1u
#define HEAD_BIT 2u
#define OPTIONS_BIT 64u

static void
place_free (gpointer data)
{
  Place *place = data;

  weir_slot_unref (place->slot);
  g_free (place->path);
  g_free (place->namespace);
  g_free (place);
}

WeirRouter *
weir_router_new (GPtrArray *slots)
{
  WeirRouter *self = g_new0 (WeirRouter, 1);

  g_atomic_ref_count_init (&self->refs);
  self->places = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, place_free);
  for (guint i = 0; i < slots->len; i++)
    {
      Place *place = g_new0 (Place, 1);

      place->slot = weir_slot_ref (g_ptr_array_index (slots, i));
      place->dialect = WEIR_DIALECT_WEIR;
      g_hash_table_replace (self->places, (gpointer) weir_slot_get_name (place->slot), place);
    }
  return self;
}

guint
weir_router_get_method (const char *method)
{
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if (weir_text_equals (method, methods[i]))
      return 1u << i;
  return 0;
}

static guint
complete (guint mask)
{
  if (mask == 0)
    return 0;
  return mask | OPTIONS_BIT | ((mask & GET_BIT) != 0 ? HEAD_BIT : 0);
}

char *
weir_router_dup_allowed (guint mask)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if ((mask & 1u << i) != 0)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", methods[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_path (WeirRouter *self, Place *place)
{
  GPtrArray *sharers;

  if (self->paths == NULL)
    self->paths =
        g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  sharers = g_hash_table_lookup (self->paths, place->path);
  if (sharers == NULL)
    {
      sharers = g_ptr_array_new ();
      g_hash_table_insert (self->paths, place->path, sharers);
    }
  g_ptr_array_add (sharers, place);
}

void
weir_router_set_rule (WeirRouter *self, const char *name, const WeirRouteRule *rule)
{
  Place *place = g_hash_table_lookup (self->places, name);

  g_return_if_fail (place != NULL && place->path == NULL);

  place->path = g_strdup (rule->path);
  place->namespace = g_strdup (rule->namespace);
  place->methods = complete (rule->methods);
  place->dialect = rule->dialect;
  self->n_flux += rule->dialect == WEIR_DIALECT_FLUX;
  if (place->path != NULL)
    add_path (self, place);
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
  g_clear_pointer (&self->paths, g_hash_table_unref);
  g_hash_table_unref (self->places);
  g_free (self);
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

static Place *
lookup (WeirRouter *self, const char *segment, gsize *length)
{
  char name[NAME_MAX_LENGTH + 1];

  *length = read_segment (segment, name);
  return name[0] != '\0' ? g_hash_table_lookup (self->places, name) : NULL;
}

/* What follows a prefix, from its slash on; NULL when target does not begin with it. */
static const char *
skip_prefix (const char *target, const char *prefix, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (target[i] != prefix[i])
      return NULL;
  return ends_segment (target[length]) ? target + length : NULL;
}

#define SKIP_PREFIX(target, prefix) skip_prefix (target, prefix, sizeof (prefix) - 1)

static gboolean
is_path (const char *target, const char *path)
{
  gsize length = strlen (path);

  return strncmp (target, path, length) == 0 && (target[length] == '\0' || target[length] == '?');
}

static gboolean
takes (const Place *place, guint method)
{
  return place->methods == 0 || (place->methods & method) != 0;
}

static void
enter (WeirRoute *route, const Place *place, guint method, gsize strip)
{
  if (!takes (place, method))
    {
      route->kind = WEIR_ROUTE_METHOD;
      route->methods = place->methods;
      return;
    }
  route->kind = WEIR_ROUTE_FUNCTION;
  route->slot = place->slot;
  route->strip = strip;
}

static void
match_supabase (WeirRouter *self, guint method, const char *rest, WeirRoute *route)
{
  Place *place = NULL;
  gsize length;

  route->dialect = WEIR_DIALECT_SUPABASE;
  if (is_path (rest, "/_internal/health"))
    route->kind = WEIR_ROUTE_SUPABASE_HEALTH;
  else if (*rest == '/')
    place = lookup (self, rest + 1, &length);
  if (place != NULL)
    enter (route, place, method, sizeof (SUPABASE_PREFIX) - 1);
}

/* ---- Fluxbase: /api/v1/functions/[NAMESPACE/]NAME/invoke ---- */

/* The end of a path, with or without a slash. */
static gboolean
is_last (const char *rest, const char *word)
{
  gsize length = strlen (word);

  if (strncmp (rest, word, length) != 0)
    return FALSE;
  rest += length;
  return *rest == '\0' || *rest == '?' || (rest[0] == '/' && (rest[1] == '\0' || rest[1] == '?'));
}

/* Reads the value of namespace=, FALSE when there is none. */
static gboolean
read_namespace (const char *rest, char *name)
{
  const char *query = strchr (rest, '?');

  while (query != NULL)
    {
      query++;
      if (g_str_has_prefix (query, "namespace="))
        {
          g_autofree char *value = g_strndup (query + 10, strcspn (query + 10, "&"));

          read_segment (value, name);
          return TRUE;
        }
      query = strchr (query, '&');
    }
  return FALSE;
}

static gboolean
is_in (const Place *place, const char *namespace)
{
  const char *own = place->namespace != NULL ? place->namespace : "default";

  return strcmp (*namespace != '\0' ? namespace : "default", own) == 0;
}

static void
match_fluxbase (WeirRouter *self, guint method, const char *rest, WeirRoute *route)
{
  char namespace[NAME_MAX_LENGTH + 1];
  Place *place;
  gsize length;
  gboolean named;

  route->dialect = WEIR_DIALECT_FLUXBASE;
  rest = SKIP_PREFIX (rest, "/functions");
  if (rest == NULL || *rest != '/')
    return;
  place = lookup (self, rest + 1, &length);
  named = !is_last (rest + 1 + length, "/invoke");
  if (named)
    {
      if (rest[1 + length] != '/')
        return;
      read_segment (rest + 1, namespace);
      rest += 1 + length;
      place = lookup (self, rest + 1, &length);
      if (!is_last (rest + 1 + length, "/invoke"))
        return;
    }
  route->kind = WEIR_ROUTE_NO_FUNCTION;
  named = named || read_namespace (rest, namespace);
  if (place != NULL && (!named || is_in (place, namespace)))
    enter (route, place, method, 0);
}

/* ---- at addresses of their own ---- */

static GPtrArray *
lookup_path (WeirRouter *self, const char *target)
{
  char path[NAME_MAX_LENGTH + 1];
  gsize length = strcspn (target, "?");

  if (self->paths == NULL || length > NAME_MAX_LENGTH)
    return NULL;
  while (length > 1 && target[length - 1] == '/')
    length--;
  memcpy (path, target, length);
  path[length] = '\0';
  return g_hash_table_lookup (self->paths, path);
}

static void
match_path (GPtrArray *sharers, guint method, const char *target, WeirRoute *route)
{
  for (guint i = 0; i < sharers->len; i++)
    {
      const Place *place = sharers->pdata[i];

      route->dialect = place->dialect;
      if (takes (place, method))
        {
          enter (route, place, method, strcspn (target, "?"));
          return;
        }
      route->methods |= place->methods;
    }
  /* To Flux, another method is another address. */
  if (route->dialect != WEIR_DIALECT_FLUX)
    route->kind = WEIR_ROUTE_METHOD;
}

static void
match_plain (WeirRouter *self, guint method, const char *target, WeirRoute *route)
{
  GPtrArray *sharers = lookup_path (self, target);
  Place *place;
  gsize length;

  if (sharers != NULL)
    {
      match_path (sharers, method, target, route);
      return;
    }
  /* Where all is Flux, so is what is not there. */
  if (self->n_flux > 0 && self->n_flux == g_hash_table_size (self->places))
    route->dialect = WEIR_DIALECT_FLUX;
  if (*target != '/')
    return;
  place = lookup (self, target + 1, &length);
  if (place == NULL || place->path != NULL)
    return;
  route->dialect = place->dialect;
  if (place->dialect == WEIR_DIALECT_FLUX &&
      (!takes (place, method) || !is_last (target + 1 + length, "")))
    return;
  enter (route, place, method, 1 + length);
}

void
weir_router_match (WeirRouter *self, const char *method, const char *target, WeirRoute *route)
{
  guint bit = weir_router_get_method (method);
  const char *rest;

  *route = (WeirRoute){ WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, 0, 0 };

  if ((rest = SKIP_PREFIX (target, SUPABASE_PREFIX)) != NULL)
    match_supabase (self, bit, rest, route);
  else if ((rest = SKIP_PREFIX (target, FLUXBASE_PREFIX)) != NULL)
    match_fluxbase (self, bit, rest, route);
  else if ((rest = SKIP_PREFIX (target, WEIR_PREFIX)) != NULL)
    {
      if (is_path (rest, "/health"))
        route->kind = WEIR_ROUTE_HEALTH;
    }
  else
    match_plain (self, bit, target, route);
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
  gpointer key, value;

  if (rest == NULL)
    rest = target;
  if (*rest == '/')
    rest++;
  read_segment (rest, name);
  if (name[0] == '\0')
    return NULL;

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      guint edits = count_edits (name, key);

      if (((Place *) value)->path != NULL)
        continue;
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
