/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-mask.h"

#include <string.h>

#define SHORTEST 3
#define REPLACEMENT "***"

/**
 * WeirMask:
 *
 * Values that nobody should read in a log, and what puts `***` in their place.
 *
 * It is immutable and may be used in any thread.
 *
 * Since: 1.0
 */
struct _WeirMask
{
  GPtrArray *values;    /* the longest first */
  gboolean begins[256]; /* whether a value begins with this byte */
};

/* clang-format off */
G_DEFINE_BOXED_TYPE (WeirMask, weir_mask, weir_mask_ref, weir_mask_unref)
/* clang-format on */

static int
compare_lengths (gconstpointer a, gconstpointer b)
{
  gsize first = strlen (*(const char *const *) a);
  gsize second = strlen (*(const char *const *) b);

  return first < second ? 1 : first > second ? -1 : 0;
}

static void
wipe (gpointer data)
{
  explicit_bzero (data, strlen (data));
  g_free (data);
}

/**
 * weir_mask_new:
 * @values: (array zero-terminated=1): what to hide; values of less than three bytes are not
 *   hidden
 *
 * Returns: (transfer full): the mask
 *
 * Since: 1.0
 */
WeirMask *
weir_mask_new (const char *const *values)
{
  WeirMask *self;

  g_return_val_if_fail (values != NULL, NULL);

  self = g_atomic_rc_box_new0 (WeirMask);
  self->values = g_ptr_array_new_with_free_func (wipe);
  for (; *values != NULL; values++)
    if (strlen (*values) >= SHORTEST)
      {
        g_ptr_array_add (self->values, g_strdup (*values));
        self->begins[(guint8) * *values] = TRUE;
      }
  g_ptr_array_sort (self->values, compare_lengths);

  return self;
}

/**
 * weir_mask_ref:
 * @self: a mask
 *
 * Returns: (transfer full): the same mask
 *
 * Since: 1.0
 */
WeirMask *
weir_mask_ref (WeirMask *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

static void
weir_mask_clear (gpointer data)
{
  WeirMask *self = data;

  g_ptr_array_unref (self->values);
}

/**
 * weir_mask_unref:
 * @self: (transfer full): a mask
 *
 * Since: 1.0
 */
void
weir_mask_unref (WeirMask *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release_full (self, weir_mask_clear);
}

/* The length of the longest value that begins here, or 0. */
static gsize
match (WeirMask *self, const char *text)
{
  if (!self->begins[(guint8) *text])
    return 0;

  for (guint i = 0; i < self->values->len; i++)
    {
      const char *value = self->values->pdata[i];
      gsize length = strlen (value);

      if (strncmp (text, value, length) == 0)
        return length;
    }

  return 0;
}

/**
 * weir_mask_apply:
 * @self: a mask
 * @text: a text that somebody may read
 *
 * Returns: (transfer full): the text with `***` for every value that is in it
 *
 * Since: 1.0
 */
char *
weir_mask_apply (WeirMask *self, const char *text)
{
  g_autoptr (GString) shown = NULL;
  const char *kept = text;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (text != NULL, NULL);

  shown = g_string_sized_new (strlen (text));
  while (*text != '\0')
    {
      gsize length = match (self, text);

      if (length == 0)
        {
          text++;
          continue;
        }
      g_string_append_len (shown, kept, text - kept);
      g_string_append (shown, REPLACEMENT);
      text += length;
      kept = text;
    }
  g_string_append_len (shown, kept, text - kept);

  return g_string_free (g_steal_pointer (&shown), FALSE);
}

/**
 * weir_mask_is_secret_name:
 * @name: the name of a variable
 *
 * Returns: whether its value is one to hide: the name has `SECRET`, `KEY`, `TOKEN`,
 *   `PASSWORD`, `CREDENTIAL`, `AUTH` or `PRIVATE` in it, in either case
 *
 * Since: 1.0
 */
gboolean
weir_mask_is_secret_name (const char *name)
{
  static const char *const words[] = { "SECRET",     "KEY",  "TOKEN",  "PASSWORD",
                                       "CREDENTIAL", "AUTH", "PRIVATE" };
  g_autofree char *upper = NULL;

  g_return_val_if_fail (name != NULL, FALSE);

  upper = g_ascii_strup (name, -1);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strstr (upper, words[i]) != NULL)
      return TRUE;

  return FALSE;
}
