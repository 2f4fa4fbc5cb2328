/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-task-private.h"

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
  GTask *task = G_TASK (object);

  if (!g_task_get_completed (task))
    g_task_return_new_error (task,
                             WEIR_ERROR,
                             WEIR_ERROR_FAILED,
                             "%s dropped a call without an answer",
                             G_OBJECT_TYPE_NAME (g_task_get_source_object (task)));
}

GTask *
weir_task_new (gpointer source,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data,
               gpointer tag)
{
  GTask *task = g_task_new (source, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_object_weak_ref (G_OBJECT (task), on_dropped, NULL);
  return task;
}

void
weir_task_return_unsupported (GTask *task)
{
  g_task_return_new_error (task,
                           WEIR_ERROR,
                           WEIR_ERROR_NOT_SUPPORTED,
                           "%s cannot do that",
                           G_OBJECT_TYPE_NAME (g_task_get_source_object (task)));
}

gboolean
weir_task_is_of (GAsyncResult *result, gpointer source, gpointer tag)
{
  return g_task_is_valid (result, source) && g_async_result_is_tagged (result, tag);
}
