/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-packages.h"

#include <string.h>
#include <sys/stat.h>

/* Of the registry's pages about all packages that one standby knows: it takes about as much. */
#define MOST_BYTES (384 * 1024)

typedef struct
{
  char **imports;
  GHashTable *versions; /* of each package, by name */
  gsize bytes;
} Member;

struct _WeirDenoPackages
{
  GHashTable *members; /* Member, by path */
  guint serial;
};

static void
member_free (gpointer data)
{
  Member *member = data;

  g_strfreev (member->imports);
  g_hash_table_unref (member->versions);
  g_free (member);
}

WeirDenoPackages *
weir_deno_packages_new (void)
{
  WeirDenoPackages *self = g_new0 (WeirDenoPackages, 1);

  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, member_free);
  return self;
}

void
weir_deno_packages_free (WeirDenoPackages *self)
{
  g_hash_table_unref (self->members);
  g_free (self);
}

/* Deno keeps the page beside the folders of the versions. */
static gsize
measure (const char *folder)
{
  g_autofree char *parent = g_path_get_dirname (folder);
  g_autofree char *page = g_build_filename (parent, "registry.json", NULL);
  struct stat status;

  return stat (page, &status) == 0 ? (gsize) status.st_size : MOST_BYTES;
}

/* NULL: it has to find its packages by itself. */
static Member *
member_new (const WeirDenoInfo *info)
{
  Member *member = g_new0 (Member, 1);
  gboolean fits = info->imports[0] != NULL;

  member->imports = g_strdupv (info->imports);
  member->versions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < info->packages->len && fits; i++)
    {
      const WeirDenoPackage *package = g_ptr_array_index (info->packages, i);
      const char *known = g_hash_table_lookup (member->versions, package->name);

      if (known == NULL)
        member->bytes += measure (package->folder);
      fits = (known == NULL || g_str_equal (known, package->version)) && member->bytes < MOST_BYTES;
      g_hash_table_insert (member->versions, g_strdup (package->name), g_strdup (package->version));
    }
  if (fits)
    return member;
  member_free (member);
  return NULL;
}

static gboolean
is_equal (Member *a, Member *b)
{
  GHashTableIter iter;
  gpointer name, version;

  if (a == NULL || b == NULL)
    return a == b;
  if (!g_strv_equal ((const char *const *) a->imports, (const char *const *) b->imports) ||
      g_hash_table_size (a->versions) != g_hash_table_size (b->versions))
    return FALSE;
  g_hash_table_iter_init (&iter, a->versions);
  while (g_hash_table_iter_next (&iter, &name, &version))
    if (g_strcmp0 (g_hash_table_lookup (b->versions, name), version) != 0)
      return FALSE;
  return TRUE;
}

void
weir_deno_packages_note (WeirDenoPackages *self, const char *path, const WeirDenoInfo *info)
{
  Member *member = info != NULL ? member_new (info) : NULL;

  if (is_equal (member, g_hash_table_lookup (self->members, path)))
    {
      g_clear_pointer (&member, member_free);
      return;
    }
  self->serial++;
  if (member != NULL)
    g_hash_table_insert (self->members, g_strdup (path), member);
  else
    g_hash_table_remove (self->members, path);
}

guint
weir_deno_packages_get_serial (WeirDenoPackages *self)
{
  return self->serial;
}

/* What is known twice is counted twice, which does no harm. */
static gboolean
agrees (GHashTable *chosen, Member *member)
{
  GHashTableIter iter;
  gpointer name, version;

  g_hash_table_iter_init (&iter, member->versions);
  while (g_hash_table_iter_next (&iter, &name, &version))
    {
      const char *other = g_hash_table_lookup (chosen, name);

      if (other != NULL && !g_str_equal (other, version))
        return FALSE;
    }
  return TRUE;
}

static void
take (GHashTable *chosen, GPtrArray *imports, Member *member)
{
  GHashTableIter iter;
  gpointer name, version;

  g_hash_table_iter_init (&iter, member->versions);
  while (g_hash_table_iter_next (&iter, &name, &version))
    g_hash_table_insert (chosen, name, version);
  for (guint i = 0; member->imports[i] != NULL; i++)
    if (!g_ptr_array_find_with_equal_func (imports, member->imports[i], g_str_equal, NULL))
      g_ptr_array_add (imports, member->imports[i]);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static char *
describe (GHashTable *chosen)
{
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (chosen), compare_names);
  GString *text = g_string_new (NULL);

  for (GList *link = names; link != NULL; link = link->next)
    g_string_append_printf (text,
                            "%s@%s ",
                            (char *) link->data,
                            (char *) g_hash_table_lookup (chosen, link->data));
  return g_string_free (text, FALSE);
}

char *
weir_deno_packages_choose (WeirDenoPackages *self, GPtrArray *members, char **versions)
{
  g_autoptr (GHashTable) chosen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) imports = g_ptr_array_new ();
  gsize bytes = 0;

  for (guint i = 0; i < members->len; i++)
    {
      Member *member = g_hash_table_lookup (self->members, g_ptr_array_index (members, i));

      if (member == NULL || bytes + member->bytes >= MOST_BYTES || !agrees (chosen, member))
        continue;
      bytes += member->bytes;
      take (chosen, imports, member);
    }
  g_ptr_array_add (imports, NULL);
  *versions = describe (chosen);
  return g_strjoinv (" ", (char **) imports->pdata);
}
