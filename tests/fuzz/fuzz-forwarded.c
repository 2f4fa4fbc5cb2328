/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "fuzz.h"
#include "http/weir-forwarded-private.h"

/* What comes out goes into a request line. */
static void
check (const WeirForwarded *told)
{
  g_assert_true (told->scheme == NULL || strcmp (told->scheme, "http") == 0 ||
                 strcmp (told->scheme, "https") == 0);
  for (const char *c = told->authority; c != NULL && *c != '\0'; c++)
    g_assert_true (g_ascii_isalnum (*c) || strchr (".-_:[]", *c) != NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *const networks[] = { "10.0.0.0/8", "::1", NULL };
  g_autoptr (WeirTrustedProxies) proxies = weir_trusted_proxies_new (networks);
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 3);
  guint n = g_strv_length (lines);

  for (guint i = 0; i < n; i++)
    {
      g_auto (WeirForwarded) told = { NULL };
      g_autoptr (GInetAddress) node = NULL;
      guint16 port;

      weir_forwarded_read (&told, proxies, lines[i]);
      check (&told);
      node = weir_forwarded_parse_node (lines[i], strlen (lines[i]), &port);
    }
  {
    g_auto (WeirForwarded) told = { NULL };

    weir_forwarded_read_x (&told,
                           proxies,
                           n > 0 ? lines[0] : NULL,
                           n > 1 ? lines[1] : NULL,
                           n > 2 ? lines[2] : NULL);
    check (&told);
  }
  return 0;
}
