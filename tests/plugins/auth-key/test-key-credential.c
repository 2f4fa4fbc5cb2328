/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "weir-key-credential.h"

#define K "flx_live_0123456789"

typedef struct
{
  const char *fields; /* "name: value" lines */
  const char *target;
  WeirKeyCredentialKind kind;
  const char *text; /* NULL: none, or one that can be no key */
} Case;

static const Case cases[] = {
  { "", "/", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "x-api-key: " K, "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "X-API-Key: " K, "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "x-api-key: Bearer " K, "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "x-api-key:   " K "  ", "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "x-api-key: anything", "/", WEIR_KEY_CREDENTIAL_KEY, "anything" },
  { "x-api-key: ", "/", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "x-api-key: Bearer", "/", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "x-api-key: two words", "/", WEIR_KEY_CREDENTIAL_MALFORMED, NULL },
  { "x-api-key: Basic " K, "/", WEIR_KEY_CREDENTIAL_MALFORMED, NULL },
  { "x-api-key: \303\244", "/", WEIR_KEY_CREDENTIAL_MALFORMED, NULL },
  { "x-api-key: a\tb", "/", WEIR_KEY_CREDENTIAL_MALFORMED, NULL },
  { "x-api-key: a\nx-api-key: a", "/", WEIR_KEY_CREDENTIAL_MALFORMED, NULL },
  { "x-service-key: " K, "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "x-api-key: one\nx-service-key: two", "/", WEIR_KEY_CREDENTIAL_KEY, "one" },
  { "x-api-key: one\nauthorization: Bearer two", "/", WEIR_KEY_CREDENTIAL_KEY, "one" },
  { "authorization: Bearer " K, "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "authorization: bEARER " K, "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "authorization: " K, "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "authorization: ServiceKey " K, "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "authorization: ServiceKey other", "/", WEIR_KEY_CREDENTIAL_KEY, "other" },
  { "authorization: ServiceKey a b", "/", WEIR_KEY_CREDENTIAL_MALFORMED, NULL },
  { "authorization: Bearer a.b.c", "/", WEIR_KEY_CREDENTIAL_MAYBE, "a.b.c" },
  { "authorization: Bearer flx_", "/", WEIR_KEY_CREDENTIAL_MAYBE, "flx_" },
  { "authorization: Bearer a b", "/", WEIR_KEY_CREDENTIAL_MAYBE, NULL },
  { "authorization: Bearer", "/", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "authorization: Bearer ", "/", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "authorization: Basic YTpi", "/", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "authorization: Bearers " K, "/", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "authorization: Bearer a\nauthorization: Bearer b", "/", WEIR_KEY_CREDENTIAL_MALFORMED, NULL },
  { "x-client-key: fbk_1", "/", WEIR_KEY_CREDENTIAL_KEY, "fbk_1" },
  { "clientkey: a.b.c", "/", WEIR_KEY_CREDENTIAL_MAYBE, "a.b.c" },
  { "apikey: " K, "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "apikey: a.b.c", "/", WEIR_KEY_CREDENTIAL_MAYBE, "a.b.c" },
  { "apikey: " K "\nauthorization: Bearer a.b.c", "/", WEIR_KEY_CREDENTIAL_MAYBE, "a.b.c" },
  { "apikey: " K "\nauthorization: Basic YTpi", "/", WEIR_KEY_CREDENTIAL_KEY, K },
  { "", "/f?clientkey=" K, WEIR_KEY_CREDENTIAL_KEY, K },
  { "", "/f?clientkey=%66lx_a", WEIR_KEY_CREDENTIAL_KEY, "flx_a" },
  { "", "/f?clientkey=other", WEIR_KEY_CREDENTIAL_MAYBE, "other" },
  { "", "/f?clientkey=", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "", "/f?clientkey=%zz", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "", "/f?clientkey=a%00b", WEIR_KEY_CREDENTIAL_NONE, NULL },
  { "", "/f?clientkey=a%0ab", WEIR_KEY_CREDENTIAL_MAYBE, NULL },
  { "apikey: " K, "/f?clientkey=other", WEIR_KEY_CREDENTIAL_KEY, K },
};

static WeirHead *
make_head (const char *fields, const char *target)
{
  WeirHead *head = weir_head_new ();
  g_auto (GStrv) lines = g_strsplit (fields, "\n", -1);

  weir_head_set_request (head, "GET", "http", "localhost", target);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *value = strstr (lines[i], ": ");

      if (value == NULL)
        continue;
      *value = '\0';
      weir_head_add (head, lines[i], value + 2);
    }
  return head;
}

static void
test_cases (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (WeirHead) head = make_head (one->fields, one->target);
  g_auto (WeirKeyCredential) credential;

  weir_key_credential_find (&credential, head);
  g_assert_cmpint (credential.kind, ==, one->kind);
  if (one->text != NULL)
    g_assert_cmpmem (credential.text, credential.length, one->text, strlen (one->text));
  else
    g_assert_true (one->kind == WEIR_KEY_CREDENTIAL_NONE || credential.length == 0);
}

static void
test_length (void)
{
  g_autofree char *longest = g_strnfill (WEIR_KEY_CREDENTIAL_MAX, 'a');
  g_autofree char *too_long = g_strconcat ("x-api-key: a", longest, NULL);
  g_autofree char *fits = g_strconcat ("x-api-key: ", longest, NULL);
  g_autoptr (WeirHead) first = make_head (fits, "/");
  g_autoptr (WeirHead) second = make_head (too_long, "/");
  g_auto (WeirKeyCredential) credential;

  weir_key_credential_find (&credential, first);
  g_assert_cmpint (credential.kind, ==, WEIR_KEY_CREDENTIAL_KEY);
  weir_key_credential_find (&credential, second);
  g_assert_cmpint (credential.kind, ==, WEIR_KEY_CREDENTIAL_MALFORMED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/key-credential/%u", i);

      g_test_add_data_func (path, &cases[i], test_cases);
    }
  g_test_add_func ("/key-credential/length", test_length);

  return g_test_run ();
}
