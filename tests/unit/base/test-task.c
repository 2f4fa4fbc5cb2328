/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-error.h"
#include "base/weir-task-private.h"

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_set_object ((GAsyncResult **) user_data, result);
}

static GTask *
make_task (GObject *source, GAsyncResult **result)
{
  return weir_task_new (source, NULL, on_answer, result, make_task);
}

static void
assert_failed (GObject *source, GAsyncResult *result, int code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (weir_task_is_of (result, source, make_task));
  g_assert_false (weir_task_is_of (result, source, on_answer));
  g_assert_false (g_task_propagate_boolean (G_TASK (result), &error));
  g_assert_error (error, WEIR_ERROR, code);
  g_assert_cmpstr (error->message, ==, message);
}

static void
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_dropped (void)
{
  g_autoptr (GObject) source = g_object_new (G_TYPE_CANCELLABLE, NULL);
  g_autoptr (GAsyncResult) result = NULL;

  g_object_unref (make_task (source, &result));
  wait_for (&result);
  assert_failed (source,
                 result,
                 WEIR_ERROR_FAILED,
                 "GCancellable dropped a call without an answer");
}

static void
test_unsupported (void)
{
  g_autoptr (GObject) source = g_object_new (G_TYPE_CANCELLABLE, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GTask) task = make_task (source, &result);

  weir_task_return_unsupported (task);
  wait_for (&result);
  assert_failed (source, result, WEIR_ERROR_NOT_SUPPORTED, "GCancellable cannot do that");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/task/dropped", test_dropped);
  g_test_add_func ("/base/task/unsupported", test_unsupported);
  return g_test_run ();
}
