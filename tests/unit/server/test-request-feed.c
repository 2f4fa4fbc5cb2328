/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-identity-private.h"
#include "http/weir-exchange-private.h"
#include "server/weir-request-writer-private.h"

#define MANY 9000
#define THREADS 3
#define TURNS 200
#define A_TURN 7

typedef struct
{
  GMainContext *control;
  WeirRequestFeed *feed;
  GPtrArray *records;
  guint batches;
  guint64 dropped;
  gboolean wanted;
} Fixture;

static void
on_records (GPtrArray *records, guint64 dropped, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (g_main_context_is_owner (fixture->control));
  g_assert_true (records->len > 0 || dropped > 0);
  for (guint i = 0; i < records->len; i++)
    g_ptr_array_add (fixture->records, weir_request_record_ref (records->pdata[i]));
  fixture->dropped += dropped;
  fixture->batches++;
}

static gboolean
is_wanted (gpointer user_data)
{
  Fixture *fixture = user_data;

  return fixture->wanted;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->control = g_main_context_new ();
  g_assert_true (g_main_context_acquire (fixture->control));
  fixture->records = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_request_record_unref);
  fixture->feed = weir_request_feed_new (fixture->control, on_records, fixture);
  fixture->wanted = TRUE;
}

static void
close_feed (Fixture *fixture)
{
  if (fixture->feed != NULL)
    weir_request_feed_close (fixture->feed);
  g_clear_pointer (&fixture->feed, weir_request_feed_unref);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  close_feed (fixture);
  g_ptr_array_unref (fixture->records);
  g_main_context_release (fixture->control);
  g_main_context_unref (fixture->control);
}

static WeirEngine *
make_engine (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  return weir_engine_new (context, NULL);
}

static WeirExchange *
make_exchange (WeirEngine *engine, const char *target)
{
  static const WeirTransport transport = { .struct_size = sizeof (WeirTransport) };
  WeirHead *head = weir_head_new ();

  weir_head_set_request (head, "GET", "http", "127.0.0.1", target);
  return weir_exchange_new (engine, &transport, NULL, head, 0, NULL, NULL, 0);
}

static void
finish (WeirRequestWriter *writer, WeirEngine *engine, const char *target)
{
  g_autoptr (WeirExchange) exchange = make_exchange (engine, target);

  weir_request_writer_on_finished (exchange, writer);
}

static void
turn (WeirEngine *engine)
{
  g_main_context_iteration (weir_engine_get_context (engine), FALSE);
}

static WeirRequestRecord *
record_at (Fixture *fixture, guint i)
{
  g_assert_cmpuint (i, <, fixture->records->len);
  return fixture->records->pdata[i];
}

static void
wait_for (Fixture *fixture, guint n)
{
  while (fixture->records->len + fixture->dropped < n)
    g_main_context_iteration (fixture->control, TRUE);
}

static void
test_record (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirEngine) engine = make_engine ();
  g_autoptr (WeirRequestWriter) writer =
      weir_request_writer_new (fixture->feed, engine, is_wanted, fixture);
  g_autoptr (WeirExchange) exchange = make_exchange (engine, "/hello?secret=1");
  g_autoptr (WeirIdentity) identity = weir_identity_new ("ada");
  gint64 before = g_get_real_time ();
  WeirRequestRecord *record;

  weir_request_writer_on_finished (exchange, writer);
  weir_identity_take (identity, g_intern_string ("badge"));
  weir_exchange_take_identity (exchange, weir_identity_ref (identity));
  weir_request_writer_on_finished (exchange, writer);
  g_clear_object (&exchange);
  turn (engine);
  wait_for (fixture, 2);

  g_assert_null (weir_request_record_get_subject (record_at (fixture, 0)));
  g_assert_null (weir_request_record_get_authenticator (record_at (fixture, 0)));
  record = record_at (fixture, 1);
  g_assert_cmpstr (weir_request_record_get_subject (record), ==, "ada");
  g_assert_cmpstr (weir_request_record_get_authenticator (record), ==, "badge");
  g_assert_cmpstr (weir_request_record_get_method (record), ==, "GET");
  g_assert_cmpstr (weir_request_record_get_target (record), ==, "/hello");
  g_assert_null (weir_request_record_get_function (record));
  g_assert_null (weir_request_record_get_request_id (record));
  g_assert_null (weir_request_record_get_client (record));
  g_assert_null (weir_request_record_get_error (record));
  g_assert_cmpuint (weir_request_record_get_status (record), ==, 0);
  g_assert_false (weir_request_record_get_aborted (record));
  g_assert_cmpint (weir_request_record_get_duration (record), >=, 0);
  /* Each of the two clocks that make it up is cut to a microsecond. */
  g_assert_cmpint (weir_request_record_get_ended (record), >=, before - 2);
  g_assert_cmpint (weir_request_record_get_ended (record), <=, g_get_real_time () + 2);
}

static char *
target_of (guint i)
{
  g_autofree char *long_name = g_strnfill (i % 100 == 50 ? 20000 : 0, 'x');

  return g_strdup_printf ("/%u%s", i, long_name);
}

/* Records that are kept stay as they are, however many come after them, and in their order. */
static void
test_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirEngine) engine = make_engine ();
  WeirRequestWriter *writer = weir_request_writer_new (fixture->feed, engine, is_wanted, fixture);

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *target = target_of (i);

      finish (writer, engine, target);
      if (i % 3 == 0)
        turn (engine);
      if (i % 70 == 0)
        wait_for (fixture, i + 1 - i % 3);
    }
  weir_request_writer_free (writer);
  close_feed (fixture);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *target = target_of (i);

      g_assert_cmpstr (weir_request_record_get_target (record_at (fixture, i)), ==, target);
    }
  g_assert_cmpuint (fixture->records->len, ==, 1000);
}

/* Any one of them keeps the memory that they share. */
static void
test_last_one (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirEngine) engine = make_engine ();
  WeirRequestWriter *writer = weir_request_writer_new (fixture->feed, engine, is_wanted, fixture);
  g_autoptr (WeirRequestRecord) last = NULL;

  for (guint i = 0; i < 3; i++)
    finish (writer, engine, i == 1 ? "/last" : "/other");
  weir_request_writer_free (writer);
  close_feed (fixture);
  last = g_boxed_copy (WEIR_TYPE_REQUEST_RECORD, record_at (fixture, 1));
  g_ptr_array_set_size (fixture->records, 0);
  g_assert_cmpstr (weir_request_record_get_target (last), ==, "/last");
}

static void
test_unwanted (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirEngine) engine = make_engine ();
  WeirRequestWriter *writer = weir_request_writer_new (fixture->feed, engine, is_wanted, fixture);

  fixture->wanted = FALSE;
  finish (writer, engine, "/nobody-wants-it");
  fixture->wanted = TRUE;
  turn (engine);
  finish (writer, engine, "/hello");
  weir_request_writer_free (writer);
  close_feed (fixture);
  g_assert_cmpuint (fixture->records->len, ==, 1);
  g_assert_cmpstr (weir_request_record_get_target (record_at (fixture, 0)), ==, "/hello");
}

/* ---- several threads ---- */

typedef struct
{
  Fixture *fixture;
  guint id;
  GThread *thread;
} Data;

static gpointer
push_many (gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (WeirEngine) engine = make_engine ();
  g_autoptr (WeirRequestWriter) writer =
      weir_request_writer_new (fixture->feed, engine, is_wanted, fixture);
  g_autoptr (WeirExchange) exchange = make_exchange (engine, "/hello");

  for (guint i = 0; i < MANY; i++)
    weir_request_writer_on_finished (exchange, writer);

  return NULL;
}

/* Every record is either told or counted. */
static void
test_bounded (Fixture *fixture, gconstpointer data)
{
  g_thread_join (g_thread_new ("data", push_many, fixture));
  wait_for (fixture, MANY);
  g_assert_cmpuint (fixture->records->len + fixture->dropped, ==, MANY);
  g_assert_cmpuint (fixture->dropped, >, 0);
  g_assert_cmpuint (fixture->records->len, >, MANY / 2);

  /* It takes more when there is room again. */
  fixture->dropped = 0;
  g_ptr_array_set_size (fixture->records, 0);
  g_thread_join (g_thread_new ("data", push_many, fixture));
  wait_for (fixture, MANY);
  g_assert_cmpuint (fixture->records->len, >, MANY / 2);
}

static gpointer
push_turns (gpointer user_data)
{
  Data *self = user_data;
  g_autoptr (WeirEngine) engine = make_engine ();
  g_autoptr (WeirRequestWriter) writer =
      weir_request_writer_new (self->fixture->feed, engine, is_wanted, self->fixture);

  for (guint i = 0; i < TURNS * A_TURN; i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u/%u", self->id, i);

      finish (writer, engine, target);
      if (i % A_TURN == 0)
        turn (engine);
    }
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer data)
{
  Data threads[THREADS];
  guint next[THREADS] = { 0 };

  for (guint i = 0; i < THREADS; i++)
    {
      threads[i].fixture = fixture;
      threads[i].id = i;
      threads[i].thread = g_thread_new ("data", push_turns, &threads[i]);
    }
  wait_for (fixture, THREADS * TURNS * A_TURN);
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i].thread);
  g_assert_cmpuint (fixture->dropped, ==, 0);
  for (guint i = 0; i < fixture->records->len; i++)
    {
      const char *target = weir_request_record_get_target (record_at (fixture, i));
      guint id = g_ascii_digit_value (target[1]);

      g_assert_cmpuint (g_ascii_strtoull (target + 3, NULL, 10), ==, next[id]++);
    }
}

/* ---- when ---- */

/* In a rush batches follow each other by themselves; when it is over, nothing wakes up any more. */
static void
test_rush (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirEngine) engine = make_engine ();
  g_autoptr (WeirRequestWriter) writer =
      weir_request_writer_new (fixture->feed, engine, is_wanted, fixture);

  for (guint i = 0; i < 100; i++)
    finish (writer, engine, "/hello");
  turn (engine);
  wait_for (fixture, 100);
  g_assert_cmpuint (fixture->batches, ==, 1);
  finish (writer, engine, "/hello");
  turn (engine);
  wait_for (fixture, 101);
  g_assert_cmpuint (fixture->batches, ==, 2);
  finish (writer, engine, "/hello");
  turn (engine);
  wait_for (fixture, 102);
  g_assert_cmpuint (fixture->batches, ==, 3);
}

static void
test_closed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirEngine) engine = make_engine ();
  g_autoptr (WeirRequestWriter) writer =
      weir_request_writer_new (fixture->feed, engine, is_wanted, fixture);

  finish (writer, engine, "/hello");
  turn (engine);
  close_feed (fixture);
  g_assert_cmpuint (fixture->records->len, ==, 1);
  finish (writer, engine, "/hello");
  turn (engine);
  g_main_context_iteration (fixture->control, FALSE);
  g_assert_cmpuint (fixture->records->len, ==, 1);
}

static void
add (const char *path, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  add ("/server/request-feed/record", test_record);
  add ("/server/request-feed/kept", test_kept);
  add ("/server/request-feed/last-one", test_last_one);
  add ("/server/request-feed/unwanted", test_unwanted);
  add ("/server/request-feed/bounded", test_bounded);
  add ("/server/request-feed/threads", test_threads);
  add ("/server/request-feed/rush", test_rush);
  add ("/server/request-feed/closed", test_closed);

  return g_test_run ();
}
