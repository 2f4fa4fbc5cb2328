/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-output-stream.h"

#include "weir-soup-source.h"

struct _WeirSoupOutputStream
{
  GOutputStream parent_instance;

  WeirSoupConnection *connection; /* borrowed */
};

static void weir_soup_output_stream_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirSoupOutputStream,
                               weir_soup_output_stream,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      weir_soup_output_stream_pollable_init))

/* A head is never so long that it would have to wait. */
static gboolean
is_ready (gpointer stream)
{
  return TRUE;
}

static gssize
weir_soup_output_stream_write (GOutputStream *stream,
                               const void *buffer,
                               gsize count,
                               GCancellable *cancellable,
                               GError **error)
{
  WeirSoupOutputStream *self = WEIR_SOUP_OUTPUT_STREAM (stream);

  /* A client that went while libsoup was at it misses nothing. */
  if (self->connection != NULL)
    weir_soup_connection_take_start (self->connection, buffer, count);
  return (gssize) count;
}

static gboolean
weir_soup_output_stream_is_writable (GPollableOutputStream *stream)
{
  return TRUE;
}

static GSource *
weir_soup_output_stream_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return weir_soup_source_new (G_OBJECT (stream), is_ready);
}

static void
weir_soup_output_stream_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = weir_soup_output_stream_is_writable;
  iface->create_source = weir_soup_output_stream_create_source;
}

static void
weir_soup_output_stream_class_init (WeirSoupOutputStreamClass *klass)
{
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = weir_soup_output_stream_write;
}

static void
weir_soup_output_stream_init (WeirSoupOutputStream *self)
{
}

WeirSoupOutputStream *
weir_soup_output_stream_new (void)
{
  return g_object_new (WEIR_SOUP_TYPE_OUTPUT_STREAM, NULL);
}

void
weir_soup_output_stream_set_connection (WeirSoupOutputStream *self, WeirSoupConnection *connection)
{
  self->connection = connection;
}
