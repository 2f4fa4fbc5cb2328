/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "fuzz.h"
#include "weir-key-credential.h"

static const char *const names[] = { "x-api-key", "authorization", "x-client-key",
                                     "apikey",    "x-service-key", "clientkey" };

static void
add_field (WeirHead *head, const char *name, const char *value)
{
  WeirFieldId id = weir_field_id_lookup (name, strlen (name));

  weir_head_add_borrowed (head, id, name, strlen (name), value, strlen (value));
}

/* Lines: the target, then values; the first character of each chooses the header. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 8);
  g_autoptr (WeirHead) head = weir_head_new ();
  g_auto (WeirKeyCredential) credential;

  weir_head_set_request (head, "GET", "http", "localhost", lines[0] != NULL ? lines[0] : "/");
  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    if (lines[i][0] != '\0')
      add_field (head, names[(guint8) lines[i][0] % G_N_ELEMENTS (names)], lines[i] + 1);

  weir_key_credential_find (&credential, head);
  if (credential.kind == WEIR_KEY_CREDENTIAL_NONE)
    return 0;
  g_assert_cmpuint (credential.length, <=, WEIR_KEY_CREDENTIAL_MAX);
  g_assert_true (credential.kind != WEIR_KEY_CREDENTIAL_KEY || credential.length > 0);
  g_assert_true (credential.kind != WEIR_KEY_CREDENTIAL_MALFORMED || credential.length == 0);
  for (gsize i = 0; i < credential.length; i++)
    g_assert_true (g_ascii_isgraph (credential.text[i]));
  return 0;
}
