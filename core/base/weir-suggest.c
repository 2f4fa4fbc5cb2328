/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-suggest-private.h"

#include <string.h>

/* Longer words are nobody's typing mistake, and the cost grows with the square. */
#define MAX_LENGTH 64

static char
fold (char c)
{
  return c == '_' ? '-' : g_ascii_tolower (c);
}

/* Edits (insert, delete, replace, swap of neighbours) that lead from one to the other. */
static guint
distance (const char *from, const char *to)
{
  guint rows[3][MAX_LENGTH + 1];
  gsize n_from = strlen (from);
  gsize n_to = strlen (to);

  for (gsize j = 0; j <= n_to; j++)
    rows[0][j] = j;

  for (gsize i = 1; i <= n_from; i++)
    {
      guint *row = rows[i % 3];
      const guint *above = rows[(i + 2) % 3];
      const guint *two_above = rows[(i + 1) % 3];

      row[0] = i;
      for (gsize j = 1; j <= n_to; j++)
        {
          char a = fold (from[i - 1]);
          char b = fold (to[j - 1]);
          guint best = above[j - 1] + (a == b ? 0 : 1);

          best = MIN (best, above[j] + 1);
          best = MIN (best, row[j - 1] + 1);
          if (i > 1 && j > 1 && a == fold (to[j - 2]) && fold (from[i - 2]) == b)
            best = MIN (best, two_above[j - 2] + 1);
          row[j] = best;
        }
    }

  return rows[n_from % 3][n_to];
}

/**
 * weir_suggest: (skip)
 * @word: what somebody typed
 * @known: (array zero-terminated=1) (nullable): the words that there are
 *
 * Finds what somebody may have meant, for the end of a message about a word that is not known.
 * Case counts for nothing, and neither does `_` against `-`.
 *
 * Returns: (nullable) (transfer none): the nearest of @known, or %NULL when none is near
 *
 * Since: 1.0
 */
const char *
weir_suggest (const char *word, const char *const *known)
{
  const char *nearest = NULL;
  guint least = G_MAXUINT;
  gsize length;

  g_return_val_if_fail (word != NULL, NULL);

  length = strlen (word);
  if (length == 0 || length > MAX_LENGTH)
    return NULL;

  for (gsize i = 0; known != NULL && known[i] != NULL; i++)
    {
      gsize known_length = strlen (known[i]);
      guint edits;

      if (known_length > MAX_LENGTH)
        continue;

      edits = distance (word, known[i]);
      if (edits <= MAX (length, known_length) / 3 && edits < least)
        {
          least = edits;
          nearest = known[i];
        }
    }

  return nearest;
}

char *
weir_suggest_text (const char *word, const char *const *known)
{
  const char *nearest = weir_suggest (word, known);

  return nearest != NULL ? g_strdup_printf ("; did you mean “%s”?", nearest) : g_strdup ("");
}
