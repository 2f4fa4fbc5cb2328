/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-request-feed-private.h"
#include "base/weir-identity-private.h"
#include "http/weir-exchange-private.h"
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

static WeirExchange *
make_exchange (const char *target)
{
  static const WeirTransport transport = { .struct_size = sizeof (WeirTransport) };
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (WeirEngine) engine = weir_engine_new (context, NULL);
  WeirHead *head = weir_head_new ();

  weir_head_set_request (head, "GET", "http", "127.0.0.1", target);
  return weir_exchange_new (engine, &transport, NULL, head, 0, NULL, NULL, 0);
}

static void
test_record (void)
{
  g_autoptr (WeirExchange) exchange = make_exchange ("/hello?secret=1");
  g_autoptr (WeirIdentity) identity = weir_identity_new ("ada");
  WeirRequestBlock *block = NULL;
  g_autoptr (WeirRequestRecord) first = weir_request_record_new (exchange, &block);
  g_autoptr (WeirRequestRecord) record = NULL;

  g_assert_null (weir_request_record_get_subject (first));
  weir_identity_take (identity, g_intern_string ("badge"));
  weir_exchange_set_identity (exchange, identity);
  record = weir_request_record_new (exchange, &block);
  g_clear_pointer (&block, weir_request_block_unref);
  g_assert_cmpstr (weir_request_record_get_subject (record), ==, "ada");
  g_assert_cmpstr (weir_request_record_get_authenticator (record), ==, "badge");
  g_assert_cmpstr (weir_request_record_get_method (record), ==, "GET");
  g_assert_cmpstr (weir_request_record_get_target (record), ==, "/hello");
  g_assert_null (weir_request_record_get_function (record));
  g_assert_cmpuint (weir_request_record_get_status (record), ==, 0);
}

/* Records that are kept stay as they are, however many come after them. */
static void
test_blocks (void)
{
  g_autoptr (GPtrArray) records =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_request_record_unref);
  g_autofree char *long_name = g_strnfill (20000, 'x');
  WeirRequestBlock *block = NULL;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u%s", i, i % 100 == 50 ? long_name : "");
      g_autoptr (WeirExchange) exchange = make_exchange (target);

      g_ptr_array_add (records, weir_request_record_new (exchange, &block));
    }
  weir_request_block_unref (block);
  for (guint i = 0; i < records->len; i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u%s", i, i % 100 == 50 ? long_name : "");

      g_assert_cmpstr (weir_request_record_get_target (records->pdata[i]), ==, target);
    }
}

static gpointer
push_many (gpointer data)
{
  g_autoptr (WeirExchange) exchange = make_exchange ("/hello");

  for (guint i = 0; i < MANY; i++)
    weir_request_feed_push (data, exchange);

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
  g_autoptr (WeirExchange) exchange = make_exchange ("/hello");
  WeirRequestFeed *feed = weir_request_feed_new (g_main_context_default (), on_records, &seen);

  weir_request_feed_push (feed, exchange);
  weir_request_feed_close (feed);
  g_assert_cmpuint (seen.records, ==, 1);
  weir_request_feed_push (feed, exchange);
  weir_request_feed_unref (feed);
  g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (seen.records, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/server/request-feed/record", test_record);
  g_test_add_func ("/server/request-feed/blocks", test_blocks);
  g_test_add_func ("/server/request-feed/bounded", test_bounded);
  g_test_add_func ("/server/request-feed/closed", test_closed);

  return g_test_run ();
}
