/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>
#include "worker/weir-worker-state-private.h"

/* Each cell once more, in words: the table must not change by accident. */
/* clang-format off */
static const char *const golden[] = {
  "new:      spawning .       .      .    .    .        exited   exited   .       .        .",
  "spawning: .        booting exited .    .    .        killing  killing  .       killing  .",
  "booting:  .        .       .      idle .    .        stopping stopping killing killing  exited",
  "idle:     .        .       .      .    busy .        stopping stopping killing stopping exited",
  "busy:     .        .       .      .    busy idle     draining stopping killing .        exited",
  "draining: .        .       .      .    -    stopping -        stopping killing stopping exited",
  "stopping: .        .       .      -    -    -        -        -        killing killing  exited",
  "killing:  .        killing exited -    -    -        -        -        -       .        exited",
  "exited:   .        .       .      .    -    -        -        -        -       .        .",
};
/* clang-format on */

static const char *
cell (guint state, guint event)
{
  guint next = weir_worker_state_next (state, event);

  if (next == WEIR_WORKER_ILLEGAL)
    return ".";
  if (next == WEIR_WORKER_IGNORED)
    return "-";
  return weir_worker_state_get_nick (next);
}

static void
test_golden (void)
{
  g_assert_cmpuint (G_N_ELEMENTS (golden), ==, WEIR_WORKER_N_STATES);
  for (guint state = 0; state < WEIR_WORKER_N_STATES; state++)
    {
      g_autoptr (GRegex) spaces = g_regex_new (" +", 0, 0, NULL);
      g_auto (GStrv) words = g_regex_split (spaces, golden[state], 0);
      g_autofree char *name = g_strdup_printf ("%s:", weir_worker_state_get_nick (state));

      g_assert_cmpuint (g_strv_length (words), ==, WEIR_WORKER_N_EVENTS + 1);
      g_assert_cmpstr (words[0], ==, name);
      for (guint event = 0; event < WEIR_WORKER_N_EVENTS; event++)
        g_assert_cmpstr (words[event + 1], ==, cell (state, event));
    }
}

static gboolean
has_process (guint state)
{
  return state >= WEIR_WORKER_STATE_BOOTING && state <= WEIR_WORKER_STATE_KILLING;
}

static void
test_shape (void)
{
  gboolean reached[WEIR_WORKER_N_STATES] = { TRUE };

  for (guint round = 0; round < WEIR_WORKER_N_STATES; round++)
    for (guint state = 0; state < WEIR_WORKER_N_STATES; state++)
      for (guint event = 0; reached[state] && event < WEIR_WORKER_N_EVENTS; event++)
        {
          guint next = weir_worker_state_next (state, event);

          g_assert_true (next < WEIR_WORKER_N_STATES || next == WEIR_WORKER_IGNORED);
          if (next < WEIR_WORKER_N_STATES && next != WEIR_WORKER_ILLEGAL)
            reached[next] = TRUE;
        }

  for (guint state = 0; state < WEIR_WORKER_N_STATES; state++)
    {
      gboolean waits = state != WEIR_WORKER_STATE_NEW && state != WEIR_WORKER_STATE_BUSY &&
                       state != WEIR_WORKER_STATE_KILLING && state != WEIR_WORKER_STATE_EXITED;
      guint deadline = weir_worker_state_next (state, WEIR_WORKER_EVENT_DEADLINE);
      guint gone = weir_worker_state_next (state, WEIR_WORKER_EVENT_EXIT);

      g_assert_true (reached[state]);
      g_assert_cmpuint (weir_worker_state_next (state, WEIR_WORKER_EVENT_STOP),
                        !=,
                        WEIR_WORKER_ILLEGAL);
      g_assert_cmpint (gone == WEIR_WORKER_STATE_EXITED, ==, has_process (state));
      g_assert_cmpint (weir_worker_state_get_deadline (state) != NULL, ==, waits);
      g_assert_cmpint (deadline != WEIR_WORKER_ILLEGAL, ==, waits);
      if (state == WEIR_WORKER_STATE_EXITED)
        for (guint event = 0; event < WEIR_WORKER_N_EVENTS; event++)
          {
            guint next = weir_worker_state_next (state, event);

            g_assert_true (next == WEIR_WORKER_ILLEGAL || next == WEIR_WORKER_IGNORED);
          }
    }
}

static char *
print (void)
{
  GString *out = g_string_new ("# The states of a worker\n\n"
                               "Rows are states, columns are events. A cell is the state that "
                               "follows; `.` is a mistake\nof the server itself, `-` a late "
                               "event that is ignored. The deadline is the setting that\nfires "
                               "`deadline` when a worker stays in a state for longer; only "
                               "`idle_timeout_ms` may be\n0, for never. The only way out of a "
                               "state that has a process is `exit`.\n\n|");

  for (guint event = 0; event < WEIR_WORKER_N_EVENTS; event++)
    g_string_append_printf (out, " | %s", weir_worker_event_get_nick (event));
  g_string_append (out, " | deadline from |\n|---");
  for (guint event = 0; event <= WEIR_WORKER_N_EVENTS; event++)
    g_string_append (out, "|---");
  g_string_append (out, "|\n");
  for (guint state = 0; state < WEIR_WORKER_N_STATES; state++)
    {
      const char *deadline = weir_worker_state_get_deadline (state);

      g_string_append_printf (out, "| **%s**", weir_worker_state_get_nick (state));
      for (guint event = 0; event < WEIR_WORKER_N_EVENTS; event++)
        g_string_append_printf (out, " | %s", cell (state, event));
      if (deadline != NULL)
        g_string_append_printf (out, " | `%s` |\n", deadline);
      else
        g_string_append (out, " | none |\n");
    }
  return g_string_free (out, FALSE);
}

static void
test_document (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "..", "docs", "worker-states.md", NULL);
  g_autofree char *printed = print ();
  g_autofree char *written = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &written, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (written, ==, printed);
}

static void
test_nicks (void)
{
  g_assert_cmpuint (weir_worker_state_quark (WEIR_WORKER_STATE_BUSY),
                    ==,
                    g_quark_from_string ("busy"));
  for (guint i = 0; i < WEIR_WORKER_N_EVENTS; i++)
    g_assert_nonnull (weir_worker_event_get_nick (i));
}

int
main (int argc, char **argv)
{
  if (argc == 2 && g_str_equal (argv[1], "--print")) /* what makes docs/worker-states.md */
    {
      g_autofree char *text = print ();

      g_print ("%s", text);
      return 0;
    }
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/worker/state/golden", test_golden);
  g_test_add_func ("/worker/state/shape", test_shape);
  g_test_add_func ("/worker/state/document", test_document);
  g_test_add_func ("/worker/state/nicks", test_nicks);
  return g_test_run ();
}
