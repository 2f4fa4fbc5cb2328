/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-line-reader-private.h"

#include <string.h>

static void
give (const guint8 *data, gsize length, WeirLineFunc func, gpointer user_data)
{
  g_autofree char *line = NULL;

  if (length > 0 && data[length - 1] == '\r')
    length--;
  line = g_utf8_make_valid ((const char *) data, length);
  func (line, user_data);
}

static void
end_line (WeirLineReader *self, WeirLineFunc func, gpointer user_data)
{
  g_autoptr (GByteArray) partial = g_steal_pointer (&self->partial);

  if (partial != NULL)
    give (partial->data, partial->len, func, user_data);
}

static void
keep (WeirLineReader *self, const guint8 *data, gsize length, WeirLineFunc func, gpointer user_data)
{
  gsize room;

  if (length == 0)
    return;
  if (self->partial == NULL)
    self->partial = g_byte_array_new ();
  room = WEIR_LINE_MAX - self->partial->len;
  g_byte_array_append (self->partial, data, MIN (length, room));
  if (length <= room)
    return;

  self->cut++;
  self->skipping = TRUE;
  end_line (self, func, user_data);
}

void
weir_line_reader_feed (WeirLineReader *self,
                       const guint8 *data,
                       gsize length,
                       WeirLineFunc func,
                       gpointer user_data)
{
  while (length > 0)
    {
      const guint8 *newline = memchr (data, '\n', length);
      gsize n = newline != NULL ? (gsize) (newline - data) : length;

      if (!self->skipping)
        {
          if (newline != NULL && self->partial == NULL && n <= WEIR_LINE_MAX)
            give (data, n, func, user_data);
          else
            {
              keep (self, data, n, func, user_data);
              if (newline != NULL)
                end_line (self, func, user_data);
            }
        }
      if (newline == NULL)
        return;
      self->skipping = FALSE;
      data += n + 1;
      length -= n + 1;
    }
}

void
weir_line_reader_end (WeirLineReader *self, WeirLineFunc func, gpointer user_data)
{
  end_line (self, func, user_data);
}

void
weir_line_reader_clear (WeirLineReader *self)
{
  g_clear_pointer (&self->partial, g_byte_array_unref);
}
