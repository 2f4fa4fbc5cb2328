/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Against a real keyring, on a bus that with-keyring.py made for it. */

#include "secret-store-cases.h"
#include "weir-keyring-secrets.h"

static WeirSecretStore *
make_store (const char *place)
{
  return g_object_new (WEIR_TYPE_KEYRING_SECRETS, "project", place, NULL);
}

static void
test_projects (void)
{
  g_autoptr (WeirSecretStore) one = make_store ("project-one");
  g_autoptr (WeirSecretStore) two = make_store ("project-two");
  g_autoptr (GPtrArray) secrets = NULL;
  g_autoptr (GError) error = NULL;

  secret_store_open (one, &error);
  g_assert_no_error (error);
  secret_store_open (two, &error);
  g_assert_no_error (error);
  secret_store_set (one, "A", "1", &error);
  g_assert_no_error (error);
  secrets = secret_store_list (two, WEIR_SECRET_SYSTEM, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (secrets->len, ==, 0);
}

static void
test_no_service (void)
{
  g_autoptr (WeirSecretStore) store = make_store ("no-service");
  g_autoptr (GError) error = NULL;

  secret_store_open (store, &error);
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_SUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("WEIR_TEST_KEYRING") == NULL)
    g_test_add_func ("/secrets-libsecret/no-service", test_no_service);
  else
    {
      secret_store_cases_add ("secrets-libsecret", make_store);
      g_test_add_func ("/secrets-libsecret/projects", test_projects);
    }

  return g_test_run ();
}
