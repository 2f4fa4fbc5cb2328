/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "fuzz.h"
#include "weir-jwt-token.h"

#define SECRET "a secret of enough bytes for a test"

/* Whatever it is, it is read as a token, as its claims, and as keys. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = (const char *) data;
  const WeirJwtRules rules = { NULL };
  g_autoptr (WeirJwtKeySet) keys = weir_jwt_key_set_new ();
  g_autoptr (WeirJwtKeySet) read = weir_jwt_key_set_new ();
  g_autoptr (WeirJwtKey) key = weir_jwt_key_new_secret (SECRET, strlen (SECRET));
  g_autoptr (WeirIdentity) identity = NULL;
  g_autoptr (WeirJwtObject) object = NULL;
  g_autoptr (GError) error = NULL;
  gint64 expires;

  weir_jwt_key_set_add (keys, key);
  if (weir_jwt_token_verify (text, size, keys, &rules, 0, &identity, &expires, &error) ==
      WEIR_JWT_VERIFIED)
    g_assert_nonnull (weir_identity_get_claims (identity));
  else
    g_assert_true (g_error_matches (error, WEIR_ERROR, WEIR_ERROR_UNAUTHORIZED) ||
                   g_error_matches (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND) ||
                   g_error_matches (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT));

  object = weir_jwt_object_parse (text, size, NULL);
  if (object != NULL)
    {
      g_autofree char *name = weir_jwt_object_dup_string (object, "kid");
      g_autoptr (GArray) list = weir_jwt_value_list (weir_jwt_object_find (object, "aud"));
      double number;

      g_assert_true (name == NULL || g_utf8_validate (name, -1, NULL));
      g_assert_true (list == NULL || list->len <= size);
      weir_jwt_value_get_number (weir_jwt_object_find (object, "exp"), &number);
    }
  weir_jwt_key_set_read (read, text, size, NULL);
  return 0;
}
