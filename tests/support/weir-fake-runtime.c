/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-fake-runtime.h"

#include "base/weir-error.h"

struct _WeirFakeRuntime
{
  GObject parent_instance;

  GQueue tasks;
  guint begun;
  char *refusal;
  char *key;
};

static void weir_fake_runtime_runtime_init (WeirRuntimeInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirFakeRuntime,
                               weir_fake_runtime,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_RUNTIME,
                                                      weir_fake_runtime_runtime_init))

static char *
weir_fake_runtime_probe (WeirRuntime *runtime, GError **error)
{
  return g_strdup ("fake 1.0");
}

static void
weir_fake_runtime_prepare (WeirRuntime *runtime, WeirFunction *function, GTask *task)
{
  WeirFakeRuntime *self = WEIR_FAKE_RUNTIME (runtime);

  self->begun++;
  g_task_set_task_data (task, g_object_ref (function), g_object_unref);
  g_queue_push_tail (&self->tasks, g_object_ref (task));
}

static WeirLaunch *
weir_fake_runtime_launch (WeirRuntime *runtime,
                          WeirFunction *function,
                          const char *socket_path,
                          GError **error)
{
  WeirFakeRuntime *self = WEIR_FAKE_RUNTIME (runtime);
  const char *argv[] = { "/bin/true", NULL };
  g_autofree char *command = NULL;

  if (self->refusal != NULL)
    {
      g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_NOT_SUPPORTED, self->refusal);
      return NULL;
    }
  command = g_strdup_printf ("{\"revision\":%" G_GUINT64_FORMAT "}",
                             weir_function_get_revision (function));
  return weir_launch_new (argv, NULL, NULL, command, socket_path);
}

static char *
weir_fake_runtime_get_standby_key (WeirRuntime *runtime, WeirFunction *function, char **reason)
{
  WeirFakeRuntime *self = WEIR_FAKE_RUNTIME (runtime);

  if (self->key == NULL)
    *reason = g_strdup ("the test says so");
  return g_strdup (self->key);
}

static WeirLaunch *
weir_fake_runtime_launch_standby (WeirRuntime *runtime,
                                  WeirFunction *function,
                                  const char *socket_path,
                                  GError **error)
{
  const char *argv[] = { "/bin/true", NULL };

  return weir_launch_new (argv, NULL, NULL, "", socket_path);
}

static char *
weir_fake_runtime_make_load_command (WeirRuntime *runtime,
                                     WeirFunction *function,
                                     WeirLaunch *launch,
                                     GError **error)
{
  return g_strdup_printf ("{\"revision\":%" G_GUINT64_FORMAT "}",
                          weir_function_get_revision (function));
}

static void
weir_fake_runtime_runtime_init (WeirRuntimeInterface *iface)
{
  iface->probe = weir_fake_runtime_probe;
  iface->prepare = weir_fake_runtime_prepare;
  iface->launch = weir_fake_runtime_launch;
  iface->get_standby_key = weir_fake_runtime_get_standby_key;
  iface->launch_standby = weir_fake_runtime_launch_standby;
  iface->make_load_command = weir_fake_runtime_make_load_command;
}

static void
weir_fake_runtime_finalize (GObject *object)
{
  g_free (WEIR_FAKE_RUNTIME (object)->refusal);
  g_free (WEIR_FAKE_RUNTIME (object)->key);
  G_OBJECT_CLASS (weir_fake_runtime_parent_class)->finalize (object);
}

static void
weir_fake_runtime_class_init (WeirFakeRuntimeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_fake_runtime_finalize;
}

static void
weir_fake_runtime_init (WeirFakeRuntime *self)
{
  g_queue_init (&self->tasks);
}

WeirFakeRuntime *
weir_fake_runtime_new (void)
{
  return g_object_new (WEIR_TYPE_FAKE_RUNTIME, NULL);
}

guint
weir_fake_runtime_get_begun (WeirFakeRuntime *self)
{
  return self->begun;
}

guint
weir_fake_runtime_get_waiting (WeirFakeRuntime *self)
{
  return self->tasks.length;
}

gboolean
weir_fake_runtime_finish (WeirFakeRuntime *self, const char *error)
{
  g_autoptr (GTask) task = g_queue_pop_head (&self->tasks);

  if (task == NULL)
    return FALSE;
  if (g_task_return_error_if_cancelled (task))
    return TRUE;
  if (error != NULL)
    {
      g_task_return_new_error (task, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, "%s", error);
    }
  else
    {
      char **files = g_new0 (char *, 2);

      files[0] = g_strdup_printf ("/f/%" G_GUINT64_FORMAT ".ts",
                                  weir_function_get_revision (g_task_get_task_data (task)));
      g_task_return_pointer (task, files, (GDestroyNotify) g_strfreev);
    }
  return TRUE;
}

void
weir_fake_runtime_refuse_launch (WeirFakeRuntime *self, const char *error)
{
  g_free (self->refusal);
  self->refusal = g_strdup (error);
}

void
weir_fake_runtime_set_key (WeirFakeRuntime *self, const char *key)
{
  g_free (self->key);
  self->key = g_strdup (key);
}
