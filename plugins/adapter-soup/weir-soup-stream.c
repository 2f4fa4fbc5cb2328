/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-stream.h"

#include "weir-soup-input-stream.h"
#include "weir-soup-output-stream.h"

struct _WeirSoupStream
{
  GIOStream parent_instance;

  WeirSoupInputStream *input;
  WeirSoupOutputStream *output;
  WeirSoupConnection *connection; /* borrowed */
  WeirSoupStreamClosedFunc closed;
  gpointer closed_data;
};

G_DEFINE_FINAL_TYPE (WeirSoupStream, weir_soup_stream, G_TYPE_IO_STREAM)

static GInputStream *
weir_soup_stream_get_input (GIOStream *stream)
{
  return G_INPUT_STREAM (WEIR_SOUP_STREAM (stream)->input);
}

static GOutputStream *
weir_soup_stream_get_output (GIOStream *stream)
{
  return G_OUTPUT_STREAM (WEIR_SOUP_STREAM (stream)->output);
}

static gboolean
weir_soup_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  WeirSoupStream *self = WEIR_SOUP_STREAM (stream);

  if (self->closed != NULL)
    self->closed (self, self->closed_data);
  return G_IO_STREAM_CLASS (weir_soup_stream_parent_class)->close_fn (stream, cancellable, error);
}

static void
weir_soup_stream_finalize (GObject *object)
{
  WeirSoupStream *self = WEIR_SOUP_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);

  G_OBJECT_CLASS (weir_soup_stream_parent_class)->finalize (object);
}

static void
weir_soup_stream_class_init (WeirSoupStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = weir_soup_stream_finalize;
  stream_class->get_input_stream = weir_soup_stream_get_input;
  stream_class->get_output_stream = weir_soup_stream_get_output;
  stream_class->close_fn = weir_soup_stream_close;
}

static void
weir_soup_stream_init (WeirSoupStream *self)
{
  self->input = weir_soup_input_stream_new ();
  self->output = weir_soup_output_stream_new ();
}

WeirSoupStream *
weir_soup_stream_new (WeirSoupStreamClosedFunc closed, gpointer user_data)
{
  WeirSoupStream *self = g_object_new (WEIR_SOUP_TYPE_STREAM, NULL);

  self->closed = closed;
  self->closed_data = user_data;
  return self;
}

WeirSoupConnection *
weir_soup_stream_get_connection (WeirSoupStream *self)
{
  return self->connection;
}

void
weir_soup_stream_set_connection (WeirSoupStream *self, WeirSoupConnection *connection)
{
  self->connection = connection;
  weir_soup_output_stream_set_connection (self->output, connection);
}

void
weir_soup_stream_put (WeirSoupStream *self, const char *head)
{
  weir_soup_input_stream_put (self->input, head);
}

void
weir_soup_stream_end (WeirSoupStream *self)
{
  self->closed = NULL;
  weir_soup_input_stream_end (self->input);
}
