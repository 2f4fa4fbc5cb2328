/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-task.h"

#include "base/weir-error.h"

/**
 * weir_task_return_boxed: (skip)
 * @task: a task that was not answered yet
 * @type: the type of @boxed
 * @boxed: (nullable) (transfer full): the answer
 *
 * Answers a task of an extension point with a boxed value. A language binding does the same
 * with [method@Gio.Task.return_value].
 *
 * Since: 1.0
 */
void
weir_task_return_boxed (GTask *task, GType type, gpointer boxed)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_return_if_fail (G_IS_TASK (task));
  g_return_if_fail (G_TYPE_IS_BOXED (type));

  g_value_init (&value, type);
  g_value_take_boxed (&value, boxed);
  g_task_return_value (task, &value);
}

/**
 * weir_task_propagate_boxed: (skip)
 * @task: a task that was answered
 * @type: the type that the answer must have
 * @error: return location for an error
 *
 * Takes the answer out of a task, whoever gave it.
 *
 * Returns: (nullable) (transfer full): the answer, or %NULL with or without an error
 *
 * Since: 1.0
 */
gpointer
weir_task_propagate_boxed (GTask *task, GType type, GError **error)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_return_val_if_fail (G_IS_TASK (task), NULL);

  if (!g_task_propagate_value (task, &value, error))
    return NULL;
  if (!G_VALUE_HOLDS (&value, type))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FAILED,
                   "An extension answered with a %s instead of a %s",
                   G_VALUE_TYPE_NAME (&value),
                   g_type_name (type));
      return NULL;
    }

  return g_value_dup_boxed (&value);
}

/* Runs in the task's dispose, when nobody holds it any more. Answering takes a reference, so
 * the task lives on until its callback was called. */
static void
on_dropped (gpointer user_data, GObject *object)
{
  const char *message = user_data;
  GTask *task = G_TASK (object);

  if (!g_task_get_completed (task))
    g_task_return_new_error (task, WEIR_ERROR, WEIR_ERROR_FAILED, "%s", message);
}

/**
 * weir_task_fail_when_dropped: (skip)
 * @task: a task that goes to an extension
 * @message: the text of the error; it must be static
 *
 * Sees to it that a caller hears of an extension that forgets to answer.
 *
 * Since: 1.0
 */
void
weir_task_fail_when_dropped (GTask *task, const char *message)
{
  g_return_if_fail (G_IS_TASK (task));

  g_object_weak_ref (G_OBJECT (task), on_dropped, (gpointer) message);
}
