/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "testing/weir-conformance.h"

#include <string.h>
#include <sys/resource.h>

#include "testing/weir-conformance-private.h"

typedef struct
{
  const WeirConformanceCase *test;
  WeirConformanceFactory factory;
  gpointer user_data;
  char *skip;
} Plan;

static void
plan_free (gpointer data)
{
  Plan *plan = data;

  g_free (plan->skip);
  g_free (plan);
}

/* A case may need some thousand descriptors, and the usual soft limit is lower. */
static void
raise_file_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 8192)
    return;
  limit.rlim_cur = MIN (limit.rlim_max, 8192);
  setrlimit (RLIMIT_NOFILE, &limit);
}

static gboolean
set_option (GObject *adapter, const char *name, guint value)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (adapter), name);

  if (pspec == NULL)
    return FALSE;
  if (G_IS_PARAM_SPEC_UINT64 (pspec))
    g_object_set (adapter, name, (guint64) value, NULL);
  else
    g_object_set (adapter, name, value, NULL);
  return TRUE;
}

static void
run_plan (gconstpointer data)
{
  const Plan *plan = data;
  g_autoptr (GObject) adapter = NULL;
  WeirConformanceFixture *fixture;

  if (plan->skip != NULL)
    {
      g_test_skip (plan->skip);
      return;
    }

  adapter = plan->factory (plan->user_data);
  g_assert_true (WEIR_IS_ADAPTER (adapter));
  if (plan->test->option != NULL && !set_option (adapter, plan->test->option, plan->test->value))
    {
      g_autofree char *reason =
          g_strdup_printf ("The adapter has no option %s", plan->test->option);

      g_test_skip (reason);
      return;
    }

  raise_file_limit ();
  fixture = weir_conformance_fixture_new (g_steal_pointer (&adapter));
  plan->test->run (fixture);
  weir_conformance_fixture_free (fixture);
}

static char *
dup_skip (const char *const *skip, const char *name)
{
  gsize length = strlen (name);

  for (guint i = 0; skip != NULL && skip[i] != NULL; i++)
    {
      if (strncmp (skip[i], name, length) == 0 && skip[i][length] == ':')
        return g_strstrip (g_strdup (skip[i] + length + 1));
    }
  return NULL;
}

static void
add_cases (const char *name,
           const WeirConformanceCase *cases,
           WeirConformanceFactory factory,
           gpointer user_data,
           const char *const *skip)
{
  for (guint i = 0; cases[i].name != NULL; i++)
    {
      g_autofree char *path = g_strdup_printf ("/conformance/adapter/%s/%s", name, cases[i].name);
      Plan *plan = g_new0 (Plan, 1);

      plan->test = &cases[i];
      plan->factory = factory;
      plan->user_data = user_data;
      plan->skip = dup_skip (skip, cases[i].name);
      g_test_add_data_func_full (path, plan, run_plan, plan_free);
    }
}

/**
 * weir_conformance_add_adapter: (skip)
 * @name: what the adapter is called in the names of the tests
 * @factory: makes an adapter, with a reference for the caller
 * @user_data: for @factory, until the tests have run
 * @skip: (nullable) (array zero-terminated=1): cases that it cannot pass, each with the
 *   reason, as "framing/head: HEAD is not spoken"
 *
 * Adds the cases that every adapter must pass to the tests of a program: call it between
 * g_test_init() and g_test_run(). Each case starts a new adapter on a loopback port, on a
 * data thread of its own, in front of a stage that does as the request's path says.
 *
 * A case that needs a limit sets it as the property of that name (`head-timeout-ms`,
 * `max-body-size`…), and is skipped for an adapter that has no such property.
 *
 * Since: 1.0
 */
void
weir_conformance_add_adapter (const char *name,
                              WeirConformanceFactory factory,
                              gpointer user_data,
                              const char *const *skip)
{
  g_return_if_fail (name != NULL);
  g_return_if_fail (factory != NULL);

  add_cases (name, weir_conformance_framing_cases, factory, user_data, skip);
  add_cases (name, weir_conformance_malformed_cases, factory, user_data, skip);
  add_cases (name, weir_conformance_refusals_cases, factory, user_data, skip);
  add_cases (name, weir_conformance_limits_cases, factory, user_data, skip);
  add_cases (name, weir_conformance_streaming_cases, factory, user_data, skip);
  add_cases (name, weir_conformance_lifecycle_cases, factory, user_data, skip);
}
