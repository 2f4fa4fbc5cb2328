/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-request-feed-private.h"
#include "server/weir-request-record-private.h"

#define MANY 9000

typedef struct
{
  guint records;
  guint64 dropped;
} Seen;

static void
on_records (GPtrArray *records, guint64 dropped, gpointer user_data)
{
  Seen *seen = user_data;

  seen->records += records->len;
  seen->dropped += dropped;
}

static WeirRequestRecord *
make_record (void)
{
  static const WeirTransport transport = { .struct_size = sizeof (WeirTransport) };
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (WeirEngine) engine = weir_engine_new (context, NULL);
  WeirHead *head = weir_head_new ();
  g_autoptr (WeirExchange) exchange = NULL;

  weir_head_set_request (head, "GET", "http", "127.0.0.1", "/hello?secret=1");
  exchange = weir_exchange_new (engine, &transport, NULL, head, 0, NULL, NULL, 0);

  return weir_request_record_new (exchange);
}

static void
test_record (void)
{
  g_autoptr (WeirRequestRecord) record = make_record ();

  g_assert_cmpstr (weir_request_record_get_method (record), ==, "GET");
  g_assert_cmpstr (weir_request_record_get_target (record), ==, "/hello");
  g_assert_null (weir_request_record_get_function (record));
  g_assert_cmpuint (weir_request_record_get_status (record), ==, 0);
}

static gpointer
push_many (gpointer data)
{
  g_autoptr (WeirRequestRecord) record = make_record ();

  for (guint i = 0; i < MANY; i++)
    weir_request_feed_push (data, weir_request_record_ref (record));

  return NULL;
}

/* Every record is either told or counted. */
static void
test_bounded (void)
{
  Seen seen = { 0, 0 };
  g_autoptr (WeirRequestFeed) feed =
      weir_request_feed_new (g_main_context_default (), on_records, &seen);
  GThread *thread = g_thread_new ("data", push_many, feed);

  g_thread_join (thread);
  while (seen.records + seen.dropped < MANY)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (seen.records + seen.dropped, ==, MANY);
  g_assert_cmpuint (seen.dropped, >, 0);
  weir_request_feed_close (feed);
}

static void
test_closed (void)
{
  Seen seen = { 0, 0 };
  WeirRequestFeed *feed = weir_request_feed_new (g_main_context_default (), on_records, &seen);

  weir_request_feed_push (feed, make_record ());
  weir_request_feed_close (feed);
  g_assert_cmpuint (seen.records, ==, 1);
  weir_request_feed_push (feed, make_record ());
  weir_request_feed_unref (feed);
  g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (seen.records, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/server/request-feed/record", test_record);
  g_test_add_func ("/server/request-feed/bounded", test_bounded);
  g_test_add_func ("/server/request-feed/closed", test_closed);

  return g_test_run ();
}
