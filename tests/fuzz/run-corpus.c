/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>
#include "fuzz.h"

#define ROUNDS 500

/* What a careless or hostile writer does to an input. */
static void
damage (GByteArray *bytes, GRand *rand)
{
  guint n = g_rand_int_range (rand, 1, 5);

  while (n-- > 0 && bytes->len > 1)
    {
      guint at = g_rand_int_range (rand, 0, bytes->len);
      guint length = g_rand_int_range (rand, 0, MIN (bytes->len - at, 64) + 1);
      guint8 byte = g_rand_int_range (rand, 0, 256);
      g_autofree guint8 *copy = NULL;

      switch (g_rand_int_range (rand, 0, 4))
        {
        case 0:
          bytes->data[at] = byte;
          break;
        case 1:
          bytes->data[at] = "\"\\{}[],:\n\r \t0-"[byte % 14];
          break;
        case 2:
          g_byte_array_remove_range (bytes, at, length);
          break;
        default:
          copy = g_memdup2 (bytes->data + at, length);
          g_byte_array_append (bytes, copy, length);
        }
    }
}

/* Exactly as large as it is, so that a sanitizer sees a read past its end. */
static void
feed (const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);

  LLVMFuzzerTestOneInput (copy != NULL ? copy : (const guint8 *) "", size);
}

static void
run_file (const char *path, GRand *rand)
{
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, &error))
    g_error ("%s", error->message);
  feed ((const guint8 *) contents, length);
  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      g_byte_array_append (bytes, (const guint8 *) contents, length);
      damage (bytes, rand);
      feed (bytes->data, bytes->len);
    }
}

int
main (int argc, char **argv)
{
  guint32 seed = argc > 2 ? (guint32) g_ascii_strtoull (argv[2], NULL, 10) : g_random_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = NULL;
  const char *name;
  guint files = 0;

  if (argc < 2)
    g_error ("usage: %s FOLDER [SEED]", argv[0]);
  folder = g_dir_open (argv[1], 0, &error);
  if (folder == NULL)
    g_error ("%s", error->message);

  g_print ("seed %u\n", seed);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (argv[1], name, NULL);

      run_file (path, rand);
      files++;
    }
  g_print ("%u files\n", files);
  return files > 0 ? 0 : 1;
}
