/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "weir-fake-clock.h"
#include "worker/weir-control-channel-private.h"
#include "worker/weir-line-reader-private.h"

typedef struct
{
  WeirFakeClock *clock;
  WeirControlChannel *channel;
  GString *trace;
  guint logs;
  char *last_message;
} Fixture;

static void
on_ready (const char *form, double load_ms, gpointer user_data)
{
  g_string_append_printf (((Fixture *) user_data)->trace, "ready(%s,%.1f) ", form, load_ms);
}

static void
note_failure (const char *name, const WeirWorkerFailure *failure, Fixture *fixture)
{
  g_string_append_printf (fixture->trace,
                          "%s(%s,%s,%s,%s,%u,%u,%s,%s) ",
                          name,
                          failure->kind,
                          failure->message,
                          failure->stack,
                          failure->file,
                          failure->line,
                          failure->column,
                          failure->source,
                          failure->request_id);
}

static void
on_failed (const WeirWorkerFailure *failure, gpointer user_data)
{
  note_failure ("failed", failure, user_data);
}

static void
on_error (const WeirWorkerFailure *failure, gpointer user_data)
{
  note_failure ("error", failure, user_data);
}

static void
on_log (const char *level, const char *message, const char *request_id, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->logs++;
  g_free (fixture->last_message);
  fixture->last_message = g_strdup (message);
  if (strlen (message) < 100)
    g_string_append_printf (fixture->trace,
                            "log(%s,%s,%s) ",
                            level,
                            message,
                            request_id != NULL ? request_id : "-");
}

static void
on_task (guint pending, gpointer user_data)
{
  g_string_append_printf (((Fixture *) user_data)->trace, "task(%u) ", pending);
}

static void
on_pong (gint64 id, gpointer user_data)
{
  g_string_append_printf (((Fixture *) user_data)->trace, "pong(%d) ", (int) id);
}

static const WeirControlChannelCallbacks callbacks = { on_ready, on_failed, on_log,
                                                       on_error, on_task,   on_pong };

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->clock = weir_fake_clock_new ();
  fixture->channel = weir_control_channel_new (WEIR_CLOCK (fixture->clock), &callbacks, fixture);
  fixture->trace = g_string_new (NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  weir_control_channel_free (fixture->channel);
  g_assert_cmpuint (weir_fake_clock_get_n_armed (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->trace, TRUE);
  g_free (fixture->last_message);
}

static void
check (Fixture *fixture, const char *line, const char *trace)
{
  g_string_truncate (fixture->trace, 0);
  weir_control_channel_take_line (fixture->channel, line);
  g_assert_cmpstr (fixture->trace->str, ==, trace);
}

static void
test_events (Fixture *fixture, gconstpointer data)
{
  check (fixture,
         "{\"type\":\"log\",\"level\":\"warn\",\"message\":\"m\",\"request_id\":\"r\"}",
         "log(warn,m,r) ");
  check (fixture,
         "{\"type\":\"error\",\"kind\":\"rejection\",\"message\":\"m\",\"stack\":\"s\",\"file\":"
         "\"/f\",\"line\":3,\"column\":7,\"source\":\"x\",\"request_id\":\"r\"}",
         "error(rejection,m,s,/f,3,7,x,r) ");
  check (fixture, "{\"type\":\"task\",\"pending\":2}", "task(2) ");
  check (fixture, "{\"type\":\"pong\",\"id\":7}", "pong(7) ");
  check (fixture, "{\"type\":\"ready\",\"form\":\"flux\",\"load_ms\":1.5}", "ready(flux,1.5) ");
  check (fixture, "{\"type\":\"ready\",\"form\":\"flux\"}", "");
  check (fixture, "{\"type\":\"failed\",\"code\":\"threw\"}", "");
  check (fixture, "{\"type\":\"later-version\"}", "");
  check (fixture, "{}", "");
  check (fixture, "", "");
}

static void
test_failed (Fixture *fixture, gconstpointer data)
{
  check (fixture,
         "{\"type\":\"failed\",\"code\":\"no-handler\",\"message\":\"m\"}",
         "failed(no-handler,m,(null),(null),0,0,(null),(null)) ");
  check (fixture, "{\"type\":\"ready\"}", "");
}

static void
test_text (Fixture *fixture, gconstpointer data)
{
  check (fixture, "plain", "log(info,plain,-) ");
  check (fixture, "[1]", "log(info,[1],-) ");
  check (fixture, "{broken", "log(info,{broken,-) ");
  check (fixture, "{\"a\":1} trailing", "log(info,{\"a\":1} trailing,-) ");
}

static void
test_distrust (Fixture *fixture, gconstpointer data)
{
  g_autofree char *long_text = g_strnfill (20000, 'x');
  g_autofree char *long_line =
      g_strdup_printf ("{\"type\":\"log\",\"message\":\"\303\251%s\"}", long_text);
  g_autofree char *deep = g_strnfill (1000000, '[');
  g_autofree char *deep_line = g_strdup_printf ("{\"a\":%s", deep);
  g_autofree char *behind_comment = g_strdup_printf ("{\"a\":/*\"*/%s", deep);
  g_autofree char *behind_quote = g_strdup_printf ("{\"a\":'\"',\"b\":%s", deep);

  check (fixture,
         "{\"type\":\"log\",\"level\":\"fatal\",\"message\":7,\"request_id\":\"a b\"}",
         "log(info,,-) ");
  check (fixture,
         "{\"type\":\"error\",\"kind\":\"x\",\"line\":-4,\"column\":1e30,\"file\":{}}",
         "error(uncaught,no message,(null),(null),0,2147483647,(null),(null)) ");
  check (fixture, "{\"type\":\"task\",\"pending\":\"9\"}", "task(0) ");
  check (fixture, "{\"type\":\"ready\",\"form\":\"?\",\"load_ms\":-1}", "ready(serve,0.0) ");
  check (fixture, long_line, "");
  g_assert_cmpint (g_utf8_strlen (fixture->last_message, -1), ==, WEIR_CONTROL_MESSAGE_MAX);
  check (fixture, deep_line, "");
  g_assert_cmpint (strlen (fixture->last_message), ==, WEIR_CONTROL_MESSAGE_MAX);
  /* The parser forgives what could hide a quote from whoever counts the brackets. */
  check (fixture, behind_comment, "");
  g_assert_true (g_str_has_prefix (fixture->last_message, "{\"a\":/*"));
  check (fixture, behind_quote, "");
  g_assert_true (g_str_has_prefix (fixture->last_message, "{\"a\":'"));
}

static void
test_rate (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 250; i++)
    {
      weir_control_channel_take_line (fixture->channel, "a");
      weir_fake_clock_advance (fixture->clock, 10);
    }
  g_assert_cmpuint (fixture->logs, ==, 100);
  /* Errors are counted apart, and events that matter are never dropped. */
  check (fixture, "{\"type\":\"task\",\"pending\":1}", "task(1) ");
  check (fixture, "{\"type\":\"ready\"}", "ready(serve,0.0) ");
  for (guint i = 0; i < 101; i++)
    weir_control_channel_take_line (fixture->channel, "{\"type\":\"error\"}");

  g_string_truncate (fixture->trace, 0);
  weir_fake_clock_advance (fixture->clock, 20000);
  g_assert_cmpstr (fixture->trace->str,
                   ==,
                   "log(warn,150 more log messages were dropped: over 100 in 10 seconds,-) "
                   "log(warn,1 more errors were dropped: over 100 in 10 seconds,-) ");
  check (fixture, "again", "log(info,again,-) ");
}

static void
test_closed (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 101; i++)
    weir_control_channel_take_text (fixture->channel, "a");
  weir_control_channel_close (fixture->channel);
  weir_fake_clock_advance (fixture->clock, 20000);
  g_assert_cmpuint (fixture->logs, ==, 100);
  check (fixture, "{\"type\":\"ready\"}", "");
}

static void
on_line (const char *line, gpointer user_data)
{
  g_string_append_printf (user_data, "%s|", line);
}

/* However it is cut, the lines are the same. */
static void
test_lines (void)
{
  const char text[] = "one\r\n\ntwo \303\251\nlast";

  for (gsize cut = 1; cut < sizeof text; cut++)
    {
      g_autoptr (GString) lines = g_string_new (NULL);
      WeirLineReader reader = { 0 };

      for (gsize at = 0; at < sizeof text - 1; at += cut)
        weir_line_reader_feed (&reader,
                               (const guint8 *) text + at,
                               MIN (cut, sizeof text - 1 - at),
                               on_line,
                               lines);
      weir_line_reader_end (&reader, on_line, lines);
      weir_line_reader_end (&reader, on_line, lines);
      g_assert_cmpstr (lines->str, ==, "one||two \303\251|last|");
      weir_line_reader_clear (&reader);
    }
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
  add ("/worker/control-channel/events", test_events);
  add ("/worker/control-channel/failed", test_failed);
  add ("/worker/control-channel/text", test_text);
  add ("/worker/control-channel/distrust", test_distrust);
  add ("/worker/control-channel/rate", test_rate);
  add ("/worker/control-channel/closed", test_closed);
  g_test_add_func ("/worker/control-channel/lines", test_lines);
  return g_test_run ();
}
