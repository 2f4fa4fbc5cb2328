/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-error.h"
#include "store/weir-function-private.h"
#include "weir-fake-runtime.h"

static void
test_launch (void)
{
  char *argv[] = { g_strdup ("deno"), g_strdup ("run"), NULL };
  const char *environ_[] = { "A=b", NULL };
  g_autoptr (WeirLaunch) launch =
      weir_launch_new ((const char *const *) argv, environ_, "/f", "{}", "/run/x.sock");
  g_autoptr (WeirLaunch) copy = g_boxed_copy (WEIR_TYPE_LAUNCH, launch);

  g_free (argv[0]);
  g_free (argv[1]);
  g_assert_true (copy == launch);
  g_assert_cmpstr (weir_launch_get_argv (launch)[0], ==, "deno");
  g_assert_cmpstr (weir_launch_get_argv (launch)[1], ==, "run");
  g_assert_null (weir_launch_get_argv (launch)[2]);
  g_assert_cmpstr (weir_launch_get_environ (launch)[0], ==, "A=b");
  g_assert_cmpstr (weir_launch_get_directory (launch), ==, "/f");
  g_assert_cmpstr (weir_launch_get_load_command (launch), ==, "{}");
  g_assert_cmpstr (weir_launch_get_socket_path (launch), ==, "/run/x.sock");
}

static void
test_least (void)
{
  const char *argv[] = { "deno", NULL };
  g_autoptr (WeirLaunch) launch = weir_launch_new (argv, NULL, NULL, "{}", "/x");

  g_assert_nonnull (weir_launch_get_environ (launch));
  g_assert_null (weir_launch_get_environ (launch)[0]);
  g_assert_null (weir_launch_get_directory (launch));
}

/* A runtime that implements nothing, as one in a scripting language may. */
#define BARE_TYPE_RUNTIME (bare_runtime_get_type ())
G_DECLARE_FINAL_TYPE (BareRuntime, bare_runtime, BARE, RUNTIME, GObject)

struct _BareRuntime
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (BareRuntime,
                               bare_runtime,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_RUNTIME, NULL))

static void
bare_runtime_class_init (BareRuntimeClass *klass)
{
}

static void
bare_runtime_init (BareRuntime *self)
{
}

static void
on_prepared (GObject *runtime, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static char **
prepare (WeirRuntime *runtime, GCancellable *cancellable, const char *answer, GError **error)
{
  g_autoptr (WeirFunction) function = weir_function_new ("a", "/a", "/", "/a/i.ts", NULL, NULL, 1);
  g_autoptr (GAsyncResult) result = NULL;

  weir_runtime_prepare_async (runtime, function, cancellable, on_prepared, &result);
  if (WEIR_IS_FAKE_RUNTIME (runtime))
    weir_fake_runtime_finish (WEIR_FAKE_RUNTIME (runtime), answer);
  g_assert_null (result); /* never from within */
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return weir_runtime_prepare_finish (runtime, result, error);
}

static void
test_bare (void)
{
  g_autoptr (WeirRuntime) runtime = g_object_new (BARE_TYPE_RUNTIME, NULL);
  g_autoptr (WeirFunction) function = weir_function_new ("a", "/a", "/", "/a/i.ts", NULL, NULL, 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_runtime_probe (runtime, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_null (weir_runtime_launch (runtime, function, "/x", &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_null (prepare (runtime, NULL, NULL, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_SUPPORTED);
}

static void
test_runtime (void)
{
  g_autoptr (WeirFakeRuntime) fake = weir_fake_runtime_new ();
  WeirRuntime *runtime = WEIR_RUNTIME (fake);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *version = weir_runtime_probe (runtime, &error);
  g_auto (GStrv) files = NULL;

  g_assert_cmpstr (version, ==, "fake 1.0");
  files = prepare (runtime, cancellable, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (files[0], ==, "/f/1.ts");
  g_assert_null (prepare (runtime, NULL, "missing", &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  g_assert_null (prepare (runtime, cancellable, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (weir_fake_runtime_get_begun (fake), ==, 2); /* it was not even asked */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/worker/launch/all", test_launch);
  g_test_add_func ("/worker/launch/least", test_least);
  g_test_add_func ("/worker/runtime/bare", test_bare);
  g_test_add_func ("/worker/runtime/fake", test_runtime);
  return g_test_run ();
}
