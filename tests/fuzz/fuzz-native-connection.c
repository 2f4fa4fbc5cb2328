/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fuzz.h"
#include "testing/weir-conformance-stage-private.h"
#include "weir-native-connection.h"

/* A connection of the native adapter over a real socket, in front of the stage of the
 * conformance suite. The first byte of an input says how large the pieces are that the rest
 * is sent in, the second what sort of client sends them.
 *
 * A model reads the same bytes all at once: the stage never hears of more requests than it
 * found, and what comes back is one well-formed response after the other. However it goes,
 * nothing is left when the client is gone. */

#define MAX_READ (1024 * 1024)
#define MAX_TURNS 2000
#define MAX_REQUESTS 256

enum
{
  READS_LATE = 1, /* only when all is sent */
  SHUTS = 2,      /* its side, when all is sent */
  RELEASES = 4,   /* the requests that the stage holds back */
  DRAINS = 8,     /* the server stops meanwhile */
  SLOWLY = 16,    /* the loop turns once for each piece, not until it rests */
};

static GMainContext *loop;
static WeirEngine *engine;
static WeirPipeline *pipeline;
static WeirConformanceStage *stage;

static const WeirNativeLimits limits = {
  .head_timeout_ms = 60000,
  .body_timeout_ms = 60000,
  .idle_timeout_ms = 60000,
  .max_connections = 4,
  .max_body_size = 2000,
  .max_head_size = 2048,
  .max_fields = 12,
};

typedef struct
{
  guint n_requests;
  gboolean is_head[MAX_REQUESTS];
} Model;

static void
set_up (void)
{
  loop = g_main_context_new ();
  g_main_context_push_thread_default (loop);
  engine = weir_engine_new (loop, NULL);
  pipeline = weir_pipeline_new (loop);
  stage = weir_conformance_stage_new ();
  weir_pipeline_add_stage (pipeline, WEIR_STAGE (stage));
}

static void
turn (guint most)
{
  while (most-- > 0 && g_main_context_iteration (loop, FALSE))
    ;
}

/* ---- the model ---- */

/* Returns the length of the body, or -1 when there is no next request behind it. */
static gssize
measure_body (const WeirRequestHead *head, const guint8 *data, gsize length)
{
  WeirChunkDecoder decoder;
  WeirChunkResult result;
  const guint8 *at = data;
  const guint8 *piece;
  gsize piece_length;

  switch (head->framing)
    {
    case WEIR_REQUEST_FRAMING_NONE:
      return 0;
    case WEIR_REQUEST_FRAMING_LENGTH:
      return head->body_length <= length ? (gssize) head->body_length : -1;
    case WEIR_REQUEST_FRAMING_CHUNKED:
      weir_chunk_decoder_init (&decoder);
      do
        result = weir_chunk_decoder_next (&decoder, &at, &length, &piece, &piece_length);
      while (result == WEIR_CHUNK_DATA);
      return result == WEIR_CHUNK_END ? at - data : -1;
    }
  return -1;
}

static void
read_model (Model *model, const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  g_autoptr (WeirRequestParser) parser =
      weir_request_parser_new (limits.max_head_size, limits.max_fields);
  gsize position = 0;

  model->n_requests = 0;
  while (position < size && model->n_requests < MAX_REQUESTS)
    {
      const WeirRequestHead *head;
      gssize body;

      weir_request_parser_reset (parser);
      if (weir_request_parser_feed (parser, (char *) copy + position, size - position) !=
          WEIR_REQUEST_DONE)
        break;
      head = weir_request_parser_get_head (parser);
      model->is_head[model->n_requests++] = head->is_head;
      position += head->head_length;
      body = measure_body (head, copy + position, size - position);
      if (body < 0)
        break;
      position += (gsize) body;
    }
}

/* ---- what comes back ---- */

static gboolean
has_field (const char *head, gsize length, const char *field, const char **value)
{
  const char *found = memmem (head, length, field, strlen (field));

  if (found != NULL)
    *value = found + strlen (field);
  return found != NULL;
}

/* Returns how long the body is, up to where the connection ended. */
static gsize
check_body (const char *head, gsize head_length, const guint8 *data, gsize length)
{
  const char *value;

  if (has_field (head, head_length, "\r\nContent-Length: ", &value))
    return MIN (length, g_ascii_strtoull (value, NULL, 10));
  if (has_field (head, head_length, "\r\nTransfer-Encoding: chunked\r\n", &value))
    {
      WeirChunkDecoder decoder;
      WeirChunkResult result;
      const guint8 *at = data;
      const guint8 *piece;
      gsize piece_length;

      weir_chunk_decoder_init (&decoder);
      do
        result = weir_chunk_decoder_next (&decoder, &at, &length, &piece, &piece_length);
      while (result == WEIR_CHUNK_DATA);
      g_assert_cmpint (result, !=, WEIR_CHUNK_BAD);
      return (gsize) (at - data);
    }
  return length;
}

static void
check_responses (const Model *model, const GByteArray *bytes)
{
  gsize position = 0;
  guint n = 0;

  while (position < bytes->len)
    {
      const char *head = (const char *) bytes->data + position;
      gsize left = bytes->len - position;
      /* gcc with -fsanitize=undefined sees no other reason why it is not NULL. */
      const char *end = head != NULL ? memmem (head, left, "\r\n\r\n", 4) : NULL;
      gsize head_length;
      guint status;

      g_assert_cmpmem (head, MIN (left, 9), "HTTP/1.1 ", MIN (left, 9));
      if (end == NULL)
        return;
      head_length = (gsize) (end - head) + 4;
      status = (guint) g_ascii_strtoull (head + 9, NULL, 10);
      g_assert_true (status >= 200 || status == 100 || status == 101);
      position += head_length;
      if (status == 101)
        return;
      if (status == 100)
        continue;
      /* The last one may be for what was no request. */
      g_assert_cmpuint (n, <=, model->n_requests);
      if (status != 204 && status != 304 && !(n < model->n_requests && model->is_head[n]))
        position += check_body (head, head_length, bytes->data + position, bytes->len - position);
      n++;
    }
}

/* ---- the client ---- */

static void
receive (int fd, GByteArray *in)
{
  guint8 buffer[8192];
  gssize n;

  while (in->len < MAX_READ && (n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
    {
      g_byte_array_append (in, buffer, (guint) n);
      turn (4);
    }
}

static gboolean
send_piece (int fd, const guint8 **data, gsize *size, gsize piece)
{
  gssize n = send (fd, *data, MIN (piece, *size), MSG_NOSIGNAL | MSG_DONTWAIT);

  if (n < 0)
    return FALSE;
  *data += n;
  *size -= (gsize) n;
  return TRUE;
}

static void
run_client (WeirNativeContext *context,
            int fd,
            const guint8 *data,
            gsize size,
            gsize piece,
            guint8 kind,
            GByteArray *in)
{
  while (size > 0 && send_piece (fd, &data, &size, piece))
    {
      turn (kind & SLOWLY ? 1 : MAX_TURNS);
      if (!(kind & READS_LATE))
        receive (fd, in);
    }
  if (kind & SHUTS)
    shutdown (fd, SHUT_WR);
  turn (MAX_TURNS);
  if (kind & RELEASES)
    weir_conformance_stage_release (stage);
  if ((kind & DRAINS) && context->connections.head != NULL)
    weir_native_connection_drain (context->connections.head->data);
  turn (MAX_TURNS);
  receive (fd, in);
  turn (MAX_TURNS);
  receive (fd, in);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GByteArray) in = g_byte_array_new ();
  g_autoptr (GRefString) authority = g_ref_string_new ("local");
  g_autoptr (WeirNativeCensus) census = weir_native_census_new ();
  WeirNativeContext *context;
  guint64 seen;
  Model model;
  int fds[2];

  if (size < 3)
    return 0;
  if (loop == NULL)
    set_up ();

  read_model (&model, data + 2, size - 2);
  seen = weir_conformance_stage_get (stage, WEIR_CONFORMANCE_SEEN);
  context = weir_native_context_new (engine, pipeline, &limits, NULL, census);
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
  g_assert_true (weir_native_context_admit (context));
  g_assert_true (weir_native_context_enter (context, NULL));
  weir_native_connection_open (context, fds[0], NULL, 0, authority);
  run_client (context, fds[1], data + 2, size - 2, 1 + data[0], data[1], in);
  close (fds[1]);
  turn (MAX_TURNS);

  if (model.n_requests < MAX_REQUESTS)
    {
      seen = weir_conformance_stage_get (stage, WEIR_CONFORMANCE_SEEN) - seen;
      g_assert_cmpuint (seen, <=, model.n_requests);
      check_responses (&model, in);
    }
  g_assert_cmpuint (context->connections.length, ==, 0);
  g_assert_cmpuint (weir_pipeline_get_open (pipeline), ==, 0);
  weir_native_context_free (context);
  return 0;
}
