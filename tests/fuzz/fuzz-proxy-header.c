/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "fuzz.h"
#include "io/weir-proxy-header.h"

/* However little of it is there, what is read later does not contradict what was read before;
 * and nothing is taken that did not come. */

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  WeirProxyHeader whole, part;
  WeirProxyResult result = weir_proxy_header_read (&whole, data, size);

  if (result == WEIR_PROXY_DONE)
    {
      g_assert_cmpuint (whole.length, >=, 16);
      g_assert_cmpuint (whole.length, <=, size);
      g_assert_cmpuint (whole.length, <=, WEIR_PROXY_HEADER_MAX);
      g_assert_true (whole.told || whole.family == G_SOCKET_FAMILY_INVALID);
    }
  for (size_t length = 0; length < MIN (size, WEIR_PROXY_HEADER_MAX + 16); length++)
    {
      /* A copy, so that a sanitizer sees who reads beyond it. */
      g_autofree guint8 *copy = g_memdup2 (data, length);
      WeirProxyResult early = weir_proxy_header_read (&part, copy != NULL ? copy : data, length);

      if (early == WEIR_PROXY_MORE)
        continue;
      g_assert_cmpint (early, ==, result);
      if (early == WEIR_PROXY_DONE)
        g_assert_cmpint (memcmp (part.address, whole.address, sizeof part.address), ==, 0);
    }
  if (result == WEIR_PROXY_MORE)
    g_assert_cmpuint (size, <, WEIR_PROXY_HEADER_MAX);
  return 0;
}
