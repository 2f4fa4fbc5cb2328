/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "testing/weir-conformance-stage-private.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/weir-exchange-private.h"
#include "testing/weir-conformance-private.h"

#define QUEUE_MAX (256 * 1024)
#define PIECE (16 * 1024)

struct _WeirConformanceStage
{
  GObject parent_instance;

  GMutex mutex;
  GCond changed;
  guint64 counts[WEIR_CONFORMANCE_LAST];
  GPtrArray *waiting; /* Task, of /hold and /slow; data thread */
};

/* What the stage does with one exchange. */
typedef struct
{
  WeirConformanceStage *stage;
  WeirExchange *exchange;
  guint64 left; /* of what it makes up */
  guint64 received;
  guint64 owed; /* credit that waits for the queue to get shorter */
  gboolean echo;
  gboolean counting;
  gboolean held;
} Task;

typedef struct
{
  WeirWatch watch;
  WeirEngine *engine;
  WeirExchange *exchange;
} Relay;

static void weir_conformance_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirConformanceStage,
                               weir_conformance_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE,
                                                      weir_conformance_stage_stage_init))

static void
count (WeirConformanceStage *self, WeirConformanceCount what, guint64 by)
{
  g_mutex_lock (&self->mutex);
  if (what == WEIR_CONFORMANCE_QUEUE)
    self->counts[what] = MAX (self->counts[what], by);
  else
    self->counts[what] += by;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

guint64
weir_conformance_stage_get (WeirConformanceStage *self, WeirConformanceCount what)
{
  guint64 value;

  g_mutex_lock (&self->mutex);
  value = self->counts[what];
  g_mutex_unlock (&self->mutex);
  return value;
}

void
weir_conformance_stage_wait (WeirConformanceStage *self,
                             WeirConformanceCount what,
                             guint64 at_least)
{
  gint64 end = g_get_monotonic_time () + WEIR_CONFORMANCE_PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
  gboolean in_time = TRUE;

  g_mutex_lock (&self->mutex);
  while (self->counts[what] < at_least && in_time)
    in_time = g_cond_wait_until (&self->changed, &self->mutex, end);
  g_assert_cmpuint (self->counts[what], >=, at_least);
  g_mutex_unlock (&self->mutex);
}

/* ---- one exchange ---- */

static Task *
task_new (WeirConformanceStage *stage, WeirExchange *exchange)
{
  Task *task = g_new0 (Task, 1);

  task->stage = g_object_ref (stage);
  task->exchange = g_object_ref (exchange);
  weir_exchange_take (exchange);
  return task;
}

static void
task_free (Task *task)
{
  g_ptr_array_remove_fast (task->stage->waiting, task);
  weir_exchange_set_sink (task->exchange, NULL, NULL);
  g_object_unref (task->exchange);
  g_object_unref (task->stage);
  g_free (task);
}

static void
send_head (Task *task, guint status, gint64 length)
{
  g_autoptr (WeirHead) head = weir_head_new ();

  weir_head_set_status (head, status);
  weir_head_add (head, "content-type", "text/plain");
  weir_exchange_send_head (task->exchange, head, length);
}

static gsize
send_piece (Task *task, const guint8 *data, gsize length)
{
  gsize queued = weir_exchange_send_body (task->exchange, data, length);

  count (task->stage, WEIR_CONFORMANCE_QUEUE, queued);
  return queued;
}

static void
finish (Task *task)
{
  weir_exchange_end (task->exchange);
  task_free (task);
}

static void
send_number (Task *task)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT "\n", task->received);

  send_head (task, 200, strlen (text));
  send_piece (task, (const guint8 *) text, strlen (text));
  finish (task);
}

static void
pour (Task *task)
{
  static const guint8 zeros[PIECE];
  gsize queued = 0;

  while (task->left > 0 && queued < QUEUE_MAX)
    {
      gsize length = MIN (task->left, PIECE);

      task->left -= length;
      count (task->stage, WEIR_CONFORMANCE_TAKEN, length);
      queued = send_piece (task, zeros, length);
    }
  if (task->left == 0)
    finish (task);
}

static void
on_body (WeirExchange *exchange, const guint8 *data, gsize length, gpointer user_data)
{
  Task *task = user_data;

  task->received += length;
  count (task->stage, WEIR_CONFORMANCE_TAKEN, length);
  if (task->held)
    {
      task->owed += length;
      return;
    }
  if (task->echo && send_piece (task, data, length) >= QUEUE_MAX)
    task->owed += length;
  else
    weir_exchange_grant (exchange, length);
}

static void
on_body_end (WeirExchange *exchange, gpointer user_data)
{
  Task *task = user_data;

  count (task->stage, WEIR_CONFORMANCE_WHOLE, 1);
  if (task->echo)
    finish (task);
  else if (task->counting && !task->held)
    send_number (task);
}

static void
on_writable (WeirExchange *exchange, gpointer user_data)
{
  Task *task = user_data;

  if (task->left > 0)
    pour (task);
  else if (task->owed > 0 && !task->held)
    {
      weir_exchange_grant (exchange, task->owed);
      task->owed = 0;
    }
}

static void
on_disconnected (WeirExchange *exchange, gpointer user_data)
{
  Task *task = user_data;

  count (task->stage, WEIR_CONFORMANCE_GONE, 1);
  task_free (task);
}

static const WeirExchangeSink sink = {
  .body = on_body,
  .body_end = on_body_end,
  .writable = on_writable,
  .disconnected = on_disconnected,
};

void
weir_conformance_stage_release (WeirConformanceStage *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

  self->waiting = g_ptr_array_new ();
  for (guint i = 0; i < waiting->len; i++)
    {
      Task *task = g_ptr_array_index (waiting, i);

      task->held = FALSE;
      if (task->counting)
        {
          weir_exchange_grant (task->exchange, task->owed);
          task->owed = 0;
        }
      else
        {
          send_piece (task, (const guint8 *) "two\n", 4);
          finish (task);
        }
    }
}

/* ---- after an upgrade ---- */

static void
relay_free (Relay *relay)
{
  weir_engine_unwatch (relay->engine, &relay->watch);
  close (relay->watch.fd);
  weir_exchange_end (relay->exchange);
  g_object_unref (relay->exchange);
  g_object_unref (relay->engine);
  g_free (relay);
}

static void
on_relay (WeirWatch *watch, guint events)
{
  Relay *relay = G_STRUCT_MEMBER_P (watch, -G_STRUCT_OFFSET (Relay, watch));
  guint8 buffer[1024];
  gssize n;

  while ((n = recv (watch->fd, buffer, sizeof buffer, 0)) > 0)
    {
      if (send (watch->fd, buffer, n, MSG_NOSIGNAL) != n)
        break;
    }
  if (n >= 0 || errno != EAGAIN)
    relay_free (relay);
}

static void
switch_protocols (WeirExchange *exchange)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  g_autoptr (GBytes) early = NULL;
  Relay *relay;
  int fd;

  weir_exchange_take (exchange);
  weir_head_set_status (head, 101);
  weir_head_add (head, "sec-websocket-accept", "ok");
  fd = weir_exchange_upgrade (exchange, head, &early);
  if (fd < 0)
    {
      weir_exchange_set_response_text (exchange, 400, "text/plain", "no upgrade\n");
      weir_exchange_send_response (exchange);
      return;
    }

  if (early != NULL)
    send (fd, g_bytes_get_data (early, NULL), g_bytes_get_size (early), MSG_NOSIGNAL);
  relay = g_new0 (Relay, 1);
  relay->engine = g_object_ref (weir_exchange_get_engine (exchange));
  relay->exchange = g_object_ref (exchange);
  g_assert_true (
      weir_engine_watch (relay->engine, &relay->watch, fd, EPOLLIN | EPOLLRDHUP, on_relay, NULL));
}

static void
on_later (gpointer user_data)
{
  g_autoptr (WeirExchange) exchange = user_data;

  switch_protocols (exchange);
}

/* ---- what is asked for ---- */

static void
inspect (WeirExchange *exchange)
{
  WeirHead *head = weir_exchange_get_request (exchange);
  g_autoptr (GString) text = g_string_new (NULL);
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  g_string_append_printf (text,
                          "%s %s://%s%s\n",
                          weir_head_get_method (head),
                          weir_head_get_scheme (head),
                          weir_head_get_authority (head),
                          weir_head_get_target (head));
  for (guint i = 0; i < n_fields; i++)
    g_string_append_printf (text,
                            "%.*s: %.*s\n",
                            (int) fields[i].name_length,
                            fields[i].name,
                            (int) fields[i].value_length,
                            fields[i].value);
  weir_exchange_set_response_text (exchange, 200, "text/plain", text->str);
}

static void
answer_status (WeirExchange *exchange, guint status)
{
  g_autoptr (WeirHead) head = weir_head_new ();

  weir_exchange_take (exchange);
  weir_head_set_status (head, status);
  weir_exchange_send_head (exchange, head, 0);
  weir_exchange_end (exchange);
}

static void
answer_fields (WeirExchange *exchange, const char *name, const char *const *values)
{
  g_autoptr (WeirHead) head = weir_head_new ();

  weir_exchange_take (exchange);
  weir_head_set_status (head, 200);
  for (guint i = 0; values[i] != NULL; i++)
    weir_head_add (head, name, values[i]);
  weir_exchange_send_head (exchange, head, 3);
  weir_exchange_send_body (exchange, (const guint8 *) "ok\n", 3);
  weir_exchange_end (exchange);
}

static void
break_off (WeirConformanceStage *self, WeirExchange *exchange, gint64 length)
{
  Task *task = task_new (self, exchange);

  send_head (task, 200, length);
  send_piece (task, (const guint8 *) "part\n", 5);
  if (length < 0)
    {
      weir_exchange_abort (exchange, NULL);
      task_free (task);
    }
  else
    finish (task);
}

static guint64
get_number (WeirExchange *exchange)
{
  const char *query = strchr (weir_head_get_target (weir_exchange_get_request (exchange)), '?');

  return query != NULL ? g_ascii_strtoull (query + 1, NULL, 10) : 0;
}

static void
consume (WeirConformanceStage *self, WeirExchange *exchange, gboolean echo, gboolean held)
{
  Task *task = task_new (self, exchange);

  task->echo = echo;
  task->counting = !echo;
  task->held = held;
  if (held)
    g_ptr_array_add (self->waiting, task);
  if (echo)
    send_head (task, 200, weir_exchange_get_body_length (exchange));
  weir_exchange_set_sink (exchange, &sink, task);
}

static void
produce (WeirConformanceStage *self, WeirExchange *exchange, gboolean announced)
{
  Task *task = task_new (self, exchange);

  task->left = get_number (exchange);
  weir_exchange_set_sink (exchange, &sink, task);
  send_head (task, 200, announced ? (gint64) task->left : WEIR_LENGTH_UNKNOWN);
  pour (task);
}

static void
dawdle (WeirConformanceStage *self, WeirExchange *exchange, gboolean answer, gint64 length)
{
  Task *task = task_new (self, exchange);

  weir_exchange_set_sink (exchange, &sink, task);
  if (!answer)
    return;
  g_ptr_array_add (self->waiting, task);
  send_head (task, 200, length);
  send_piece (task, (const guint8 *) "one\n", 4);
}

static WeirStageResult
weir_conformance_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  static const char *const cookies[] = { "a=1; Path=/", "b=2", "c=3", NULL };
  static const char *const date[] = { "Thu, 01 Jan 1970 00:00:00 GMT", NULL };
  WeirConformanceStage *self = WEIR_CONFORMANCE_STAGE (stage);
  const char *path = weir_exchange_get_path (exchange);

  count (self, WEIR_CONFORMANCE_SEEN, 1);
  if (strcmp (path, "/hello") == 0)
    weir_exchange_set_response_text (exchange, 200, "text/plain", "hello\n");
  else if (strcmp (path, "/early") == 0)
    weir_exchange_set_response_text (exchange, 404, "text/plain", "no\n");
  else if (strcmp (path, "/echo") == 0)
    consume (self, exchange, TRUE, FALSE);
  else if (strcmp (path, "/count") == 0)
    consume (self, exchange, FALSE, FALSE);
  else if (strcmp (path, "/hold") == 0)
    consume (self, exchange, FALSE, TRUE);
  else if (strcmp (path, "/big") == 0)
    produce (self, exchange, TRUE);
  else if (strcmp (path, "/endless") == 0)
    produce (self, exchange, FALSE);
  else if (strcmp (path, "/slow") == 0)
    dawdle (self, exchange, TRUE, WEIR_LENGTH_UNKNOWN);
  else if (strcmp (path, "/slow-short") == 0)
    dawdle (self, exchange, TRUE, 100);
  else if (strcmp (path, "/never") == 0)
    dawdle (self, exchange, FALSE, 0);
  else if (strcmp (path, "/short") == 0)
    break_off (self, exchange, 10);
  else if (strcmp (path, "/cut") == 0)
    break_off (self, exchange, WEIR_LENGTH_UNKNOWN);
  else if (strcmp (path, "/upgrade") == 0)
    switch_protocols (exchange);
  else if (strcmp (path, "/upgrade-later") == 0)
    {
      weir_exchange_take (exchange);
      weir_engine_invoke (weir_exchange_get_engine (exchange), on_later, g_object_ref (exchange));
    }
  else if (strcmp (path, "/cookies") == 0)
    answer_fields (exchange, "Set-Cookie", cookies);
  else if (strcmp (path, "/date") == 0)
    answer_fields (exchange, "Date", date);
  else if (g_str_has_prefix (path, "/status/"))
    answer_status (exchange, (guint) g_ascii_strtoull (path + 8, NULL, 10));
  else
    inspect (exchange);
  return WEIR_STAGE_RESPOND;
}

static void
weir_conformance_stage_finalize (GObject *object)
{
  WeirConformanceStage *self = WEIR_CONFORMANCE_STAGE (object);

  g_ptr_array_unref (self->waiting);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);

  G_OBJECT_CLASS (weir_conformance_stage_parent_class)->finalize (object);
}

static void
weir_conformance_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_conformance_stage_process;
}

static void
weir_conformance_stage_class_init (WeirConformanceStageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_conformance_stage_finalize;
}

static void
weir_conformance_stage_init (WeirConformanceStage *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  self->waiting = g_ptr_array_new ();
}

WeirConformanceStage *
weir_conformance_stage_new (void)
{
  return g_object_new (WEIR_TYPE_CONFORMANCE_STAGE, NULL);
}
