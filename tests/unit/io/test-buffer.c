/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-buffer-private.h"

static void
test_queue (void)
{
  WeirBuffer buffer = { 0 };

  weir_buffer_append (&buffer, "", 0);
  g_assert_cmpuint (buffer.length, ==, 0);
  weir_buffer_append_string (&buffer, "hello ");
  weir_buffer_append (&buffer, "world", 5);
  g_assert_cmpmem (weir_buffer_peek (&buffer), buffer.length, "hello world", 11);
  weir_buffer_consume (&buffer, 6);
  g_assert_cmpmem (weir_buffer_peek (&buffer), buffer.length, "world", 5);
  weir_buffer_truncate (&buffer, 2);
  g_assert_cmpmem (weir_buffer_peek (&buffer), buffer.length, "wo", 2);
  weir_buffer_reserve (&buffer, 3)[0] = '!';
  weir_buffer_commit (&buffer, 1);
  g_assert_cmpmem (weir_buffer_peek (&buffer), buffer.length, "wo!", 3);
  weir_buffer_consume (&buffer, 3);
  g_assert_cmpuint (buffer.length, ==, 0);
  weir_buffer_clear (&buffer);
  weir_buffer_append_string (&buffer, "again");
  weir_buffer_clear (&buffer);
}

/* Every byte comes out once, in its order, and an empty queue is a small one. */
static void
test_random (void)
{
  WeirBuffer buffer = { 0 };
  guint8 in = 0;
  guint8 out = 0;

  for (guint round = 0; round < 3000; round++)
    {
      gsize length = g_test_rand_int_range (0, round % 100 == 0 ? 100000 : 700);

      if (g_test_rand_bit ())
        {
          g_autofree guint8 *data = g_malloc (length + 1);

          for (gsize i = 0; i < length; i++)
            data[i] = in++;
          weir_buffer_append (&buffer, data, length);
        }
      else
        {
          length = round % 50 == 0 ? buffer.length : MIN (length, buffer.length);
          for (gsize i = 0; i < length; i++)
            g_assert_cmpuint (weir_buffer_peek (&buffer)[i], ==, out++);
          weir_buffer_consume (&buffer, length);
        }
      if (buffer.length == 0)
        g_assert_cmpuint (buffer.allocated, <=, 16384);
    }
  weir_buffer_clear (&buffer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/buffer/queue", test_queue);
  g_test_add_func ("/buffer/random", test_random);
  return g_test_run ();
}
