/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <json-glib/json-glib.h>

#include "base/weir-identity-private.h"
#include "cli/cli-request-line-private.h"
#include "http/weir-exchange-private.h"
#include "server/weir-request-writer-private.h"

#define LONGEST 26

/* ---- a record ---- */

static void
on_records (GPtrArray *records, guint64 dropped, gpointer user_data)
{
  WeirRequestRecord **record = user_data;

  g_assert_cmpuint (records->len, ==, 1);
  *record = weir_request_record_ref (records->pdata[0]);
}

static gboolean
is_wanted (gpointer unused)
{
  return TRUE;
}

static WeirRequestRecord *
make_record (const char *subject, guint64 sent)
{
  static const WeirTransport transport = { .struct_size = sizeof (WeirTransport) };
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (WeirEngine) engine = weir_engine_new (context, NULL);
  WeirHead *head = weir_head_new ();
  WeirRequestRecord *record = NULL;
  g_autoptr (WeirRequestFeed) feed = weir_request_feed_new (context, on_records, &record);
  WeirRequestWriter *writer = weir_request_writer_new (feed, engine, is_wanted, NULL);
  g_autoptr (WeirExchange) exchange = NULL;

  weir_head_set_request (head, "GET", "http", "127.0.0.1", "/hello?secret=1");
  exchange = weir_exchange_new (engine, &transport, NULL, head, 0, NULL, NULL, 0);
  if (subject != NULL)
    {
      g_autoptr (WeirIdentity) identity = weir_identity_new (subject);

      weir_identity_take (identity, g_intern_static_string ("badge"));
      weir_exchange_take_identity (exchange, weir_identity_ref (identity));
    }
  weir_exchange_count (exchange, 0, sent);
  weir_request_writer_on_finished (exchange, writer);
  weir_request_writer_free (writer);
  weir_request_feed_close (feed);
  return record;
}

/* ---- its line ---- */

static JsonNode *
parse (const char *line)
{
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_from_string (line, &error);

  g_assert_no_error (error);
  return node;
}

static void
check_subject (const char *subject)
{
  g_autoptr (WeirRequestRecord) record = make_record (subject, 0);
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (subject, -1);
  g_autoptr (JsonNode) node = NULL;

  cli_request_line_append_json (line, record);
  g_assert_true (g_utf8_validate (line->str, line->len, NULL));
  g_assert_cmpint (strchr (line->str, '\n') - line->str, ==, line->len - 1);
  node = parse (line->str);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (node), "subject"),
                   ==,
                   valid);
}

/* One that has to be quoted, or nearly, at each place of texts of each length. */
static void
test_quoted (void)
{
  static const char odd[] = {
    '"', '\\', '\n', '\x01', '\x1f', ' ', '!', '~', '\x7f', '\x80', '\xff'
  };

  for (guint length = 1; length <= LONGEST; length++)
    for (guint at = 0; at < length; at++)
      for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
        {
          g_autofree char *subject = g_strnfill (length, 'a');

          subject[at] = odd[i];
          check_subject (subject);
        }
}

static void
test_long (void)
{
  g_autofree char *plain = g_strnfill (100000, 'a');
  g_autofree char *odd = g_strnfill (100000, '"');

  check_subject (plain);
  check_subject (odd);
  check_subject ("Ada, K\303\266nigin \342\200\234X\342\200\235");
}

static void
test_members (void)
{
  static const char *const names[] = { "type",     "time",        "method",         "target",
                                       "status",   "duration_ms", "bytes_received", "bytes_sent",
                                       "function", "request_id",  "client",         "authenticator",
                                       "subject",  "aborted",     "error" };
  g_autoptr (WeirRequestRecord) record = make_record (NULL, 0);
  g_autoptr (GString) line = g_string_new ("before\n");
  g_autoptr (GDateTime) time = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GList) members = NULL;
  GList *member;
  JsonObject *object;
  guint i = 0;

  cli_request_line_append_json (line, record);
  g_assert_true (g_str_has_prefix (line->str, "before\n"));
  node = parse (line->str + strlen ("before\n"));
  object = json_node_get_object (node);
  members = json_object_get_members (object);
  for (member = members; member != NULL; member = member->next)
    g_assert_cmpstr (member->data, ==, names[i++]);
  g_assert_cmpuint (i, ==, G_N_ELEMENTS (names));

  g_assert_cmpstr (json_object_get_string_member (object, "type"), ==, "request");
  g_assert_cmpstr (json_object_get_string_member (object, "method"), ==, "GET");
  g_assert_cmpstr (json_object_get_string_member (object, "target"), ==, "/hello");
  g_assert_true (json_object_get_null_member (object, "status"));
  g_assert_true (json_object_get_null_member (object, "subject"));
  g_assert_cmpint (json_object_get_int_member (object, "bytes_sent"), ==, 0);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (object, "duration_ms"),
                                  weir_request_record_get_duration (record) / 1000.0,
                                  0.0001);
  time = g_date_time_new_from_iso8601 (json_object_get_string_member (object, "time"), NULL);
  g_assert_cmpint (g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time),
                   ==,
                   weir_request_record_get_ended (record));
}

/* ---- for a person ---- */

static char *
text_of (const char *subject, guint64 sent, gboolean colours)
{
  g_autoptr (WeirRequestRecord) record = make_record (subject, sent);
  g_autoptr (GString) line = g_string_new (NULL);

  cli_request_line_append_text (line, record, colours);
  g_assert_cmpuint (strlen (line->str), ==, line->len);
  return g_string_free (g_steal_pointer (&line), FALSE);
}

static void
check_text (const char *pattern, const char *subject, guint64 sent, gboolean colours)
{
  g_autofree char *text = text_of (subject, sent, colours);

  if (!g_regex_match_simple (pattern, text, 0, 0))
    g_error ("“%s” does not match “%s”", text, pattern);
}

#define START "^\\d\\d:\\d\\d:\\d\\d GET  /hello --- [\\d.]+ m?s "

static void
test_text (void)
{
  check_text (START "0 B - -\n$", NULL, 0, FALSE);
  check_text (START "0 B - - badge:ada\n$", "ada", 0, FALSE);
  check_text (START "0 B - - badge:a{40}\n$",
              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
              0,
              FALSE);
  check_text ("^\033\\[2m[\\d:]{8}\033\\[0m GET  /hello \033\\[31m---\033\\[0m [\\d.]+ m?s 0 B - "
              "\033\\[2m-\033\\[0m \033\\[36mbadge:ada\033\\[0m\n$",
              "ada",
              0,
              TRUE);
}

/* Nothing of others reaches the terminal as it is but what can be seen. */
static void
test_harmless (void)
{
  check_text (START "0 B - - badge:a\\\\x1bb\n$", "a\033b", 0, FALSE);
  check_text (START "0 B - - badge:a\n    b\n$", "a\nb", 0, FALSE);
  check_text (START "0 B - - badge:a\n$", "a ", 0, FALSE);
  check_text (START "0 B - - badge:\"\\\\\n$", "\"\\", 0, FALSE);
}

static void
test_sizes (void)
{
  static const struct
  {
    guint64 bytes;
    const char *text;
  } sizes[] = {
    { 999, "999 B" },
    { 1000, "1\\.0 kB" },
    { 1049, "1\\.0 kB" },
    { 1050, "1\\.1 kB" },
    { 12345678, "12\\.3 MB" },
    { G_GUINT64_CONSTANT (7960000000), "8\\.0 GB" },
    { G_GUINT64_CONSTANT (1234500000000000), "1234\\.5 TB" },
    { G_MAXUINT64, "18446744\\.1 TB" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *pattern = g_strconcat (START, sizes[i].text, " - -\n$", NULL);

      check_text (pattern, NULL, sizes[i].bytes, FALSE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/cli/request-line/members", test_members);
  g_test_add_func ("/cli/request-line/quoted", test_quoted);
  g_test_add_func ("/cli/request-line/long", test_long);
  g_test_add_func ("/cli/request-line/text", test_text);
  g_test_add_func ("/cli/request-line/harmless", test_harmless);
  g_test_add_func ("/cli/request-line/sizes", test_sizes);

  return g_test_run ();
}
