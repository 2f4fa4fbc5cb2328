/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-input-stream.h"

#include <string.h>

#include "weir-soup-source.h"

struct _WeirSoupInputStream
{
  GInputStream parent_instance;

  const char *bytes;
  gsize length;
  gboolean ended;
};

static void weir_soup_input_stream_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirSoupInputStream,
                               weir_soup_input_stream,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      weir_soup_input_stream_pollable_init))

static gboolean
is_ready (gpointer stream)
{
  WeirSoupInputStream *self = stream;

  return self->ended || self->length > 0;
}

static gssize
weir_soup_input_stream_read (GInputStream *stream,
                             void *buffer,
                             gsize count,
                             GCancellable *cancellable,
                             GError **error)
{
  WeirSoupInputStream *self = WEIR_SOUP_INPUT_STREAM (stream);
  gsize length = MIN (count, self->length);

  if (!is_ready (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Nothing to read yet");
      return -1;
    }

  if (length > 0)
    memcpy (buffer, self->bytes, length);
  self->bytes += length;
  self->length -= length;
  return (gssize) length;
}

static gboolean
weir_soup_input_stream_is_readable (GPollableInputStream *stream)
{
  return is_ready (stream);
}

static GSource *
weir_soup_input_stream_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return weir_soup_source_new (G_OBJECT (stream), is_ready);
}

static void
weir_soup_input_stream_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = weir_soup_input_stream_is_readable;
  iface->create_source = weir_soup_input_stream_create_source;
}

static void
weir_soup_input_stream_class_init (WeirSoupInputStreamClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = weir_soup_input_stream_read;
}

static void
weir_soup_input_stream_init (WeirSoupInputStream *self)
{
}

WeirSoupInputStream *
weir_soup_input_stream_new (void)
{
  return g_object_new (WEIR_SOUP_TYPE_INPUT_STREAM, NULL);
}

void
weir_soup_input_stream_put (WeirSoupInputStream *self, const char *text)
{
  self->bytes = text;
  self->length = strlen (text);
}

void
weir_soup_input_stream_end (WeirSoupInputStream *self)
{
  self->ended = TRUE;
}
