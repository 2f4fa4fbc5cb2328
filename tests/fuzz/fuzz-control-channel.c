/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "fuzz.h"
#include "worker/weir-control-channel-private.h"
#include "worker/weir-line-reader-private.h"
#include "worker/weir-worker-error-private.h"

typedef struct
{
  WeirControlChannel *channel;
  guint answers;
  guint logs;
  guint errors;
} Fuzz;

static void
check_text (const char *text, glong max)
{
  if (text == NULL)
    return;
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_cmpint (g_utf8_strlen (text, -1), <=, max);
}

static void
check_failure (const WeirWorkerFailure *failure)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (failure->kind);
  g_assert_nonnull (failure->message);
  check_text (failure->message, WEIR_CONTROL_MESSAGE_MAX);
  check_text (failure->stack, WEIR_CONTROL_STACK_MAX);
  check_text (failure->source, WEIR_CONTROL_SOURCE_MAX);
  check_text (failure->file, 4096);
  check_text (failure->request_id, 128);
  error = weir_worker_error_new_load (failure);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
on_ready (const char *form, double load_ms, gpointer user_data)
{
  g_assert_nonnull (form);
  g_assert_true (load_ms >= 0 && load_ms < 1e9);
  g_assert_cmpuint (((Fuzz *) user_data)->answers++, ==, 0);
}

static void
on_failed (const WeirWorkerFailure *failure, gpointer user_data)
{
  check_failure (failure);
  g_assert_cmpuint (((Fuzz *) user_data)->answers++, ==, 0);
}

static void
on_log (const char *level, const char *message, const char *request_id, gpointer user_data)
{
  const char *const levels[] = { "debug", "info", "warn", "error", NULL };

  g_assert_true (g_strv_contains (levels, level));
  g_assert_nonnull (message);
  check_text (message, WEIR_CONTROL_MESSAGE_MAX);
  check_text (request_id, 128);
  g_assert_cmpuint (((Fuzz *) user_data)->logs++, <, WEIR_CONTROL_EVENTS_MAX);
}

static void
on_error (const WeirWorkerFailure *failure, gpointer user_data)
{
  check_failure (failure);
  g_assert_cmpuint (((Fuzz *) user_data)->errors++, <, WEIR_CONTROL_EVENTS_MAX);
}

static void
on_task (guint pending, gpointer user_data)
{
  g_assert_cmpuint (pending, <=, G_MAXINT);
}

static const WeirControlChannelCallbacks callbacks = { on_ready,
                                                       on_failed,
                                                       on_log,
                                                       on_error,
                                                       on_task };

static void
on_line (const char *line, gpointer user_data)
{
  g_assert_true (g_utf8_validate (line, -1, NULL));
  g_assert_null (strchr (line, '\n'));
  weir_control_channel_take_line (((Fuzz *) user_data)->channel, line);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  /* Real time: the assertion on the number of events holds for ten seconds. */
  g_autoptr (WeirClock) clock = weir_clock_new ();
  Fuzz fuzz = { 0 };
  WeirLineReader reader = { 0 };
  size_t half = size / 2;

  fuzz.channel = weir_control_channel_new (clock, &callbacks, &fuzz);
  weir_line_reader_feed (&reader, data, half, on_line, &fuzz);
  weir_line_reader_feed (&reader, data + half, size - half, on_line, &fuzz);
  weir_line_reader_end (&reader, on_line, &fuzz);
  weir_line_reader_clear (&reader);
  weir_control_channel_free (fuzz.channel);
  return 0;
}
