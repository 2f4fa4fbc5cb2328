/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "base/weir-head.h"
#include "fuzz.h"

/* Lines: the target, then values of Authorization and Cookie in turn. What is found is a piece of
 * what was sent, or was decoded from it. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 8);
  g_autoptr (WeirHead) head = weir_head_new ();
  g_autofree char *bearer = NULL;
  g_autofree char *cookie = NULL;
  g_autofree char *query = NULL;

  weir_head_set_request (head, "GET", "http", "localhost", lines[0] != NULL ? lines[0] : "/");
  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      WeirFieldId id = i % 2 == 1 ? WEIR_FIELD_AUTHORIZATION : WEIR_FIELD_COOKIE;
      const char *name = i % 2 == 1 ? "authorization" : "cookie";

      weir_head_add_borrowed (head, id, name, strlen (name), lines[i], strlen (lines[i]));
    }
  bearer = weir_head_dup_bearer (head);
  cookie = weir_head_dup_cookie (head, "token");
  query = weir_head_dup_query (head, "token");
  g_assert_true (bearer == NULL || strstr (text, bearer) != NULL);
  g_assert_true (cookie == NULL || strstr (text, cookie) != NULL);
  g_assert_true (query == NULL || strlen (query) <= size);
  return 0;
}
