/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "io/weir-crc32c-private.h"
#include "io/weir-proxy-header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define SIGNATURE_LENGTH 12

/* command, client, then length and rest. */
static GByteArray *
make_header (guint8 command, guint8 client, const guint8 *rest, guint16 length)
{
  GByteArray *header = g_byte_array_new ();
  const guint8 fixed[] = { command, client, (guint8) (length >> 8), (guint8) length };

  g_byte_array_append (header, (const guint8 *) SIGNATURE, SIGNATURE_LENGTH);
  g_byte_array_append (header, fixed, sizeof fixed);
  return g_byte_array_append (header, rest, length);
}

static WeirProxyResult
read_bytes (GByteArray *bytes, WeirProxyHeader *header)
{
  return weir_proxy_header_read (header, bytes->data, bytes->len);
}

static const guint8 tcp4[] = { 203, 0, 113, 7, 192, 0, 2, 1, 0xc7, 0x38, 0x01, 0xbb };

static void
test_tcp4 (void)
{
  g_autoptr (GByteArray) bytes = make_header (0x21, 0x11, tcp4, sizeof tcp4);
  WeirProxyHeader header;

  g_byte_array_append (bytes, (const guint8 *) "GET", 3);
  g_assert_cmpint (read_bytes (bytes, &header), ==, WEIR_PROXY_DONE);
  g_assert_cmpuint (header.length, ==, 28);
  g_assert_true (header.told);
  g_assert_cmpint (header.family, ==, G_SOCKET_FAMILY_IPV4);
  g_assert_cmpmem (header.address, 4, tcp4, 4);
  g_assert_cmpuint (header.port, ==, 51000);
}

static void
test_tcp6 (void)
{
  guint8 rest[36 + 5] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7, [32] = 0xc7, 0x38, [36] = 4, 0, 2 };
  g_autoptr (GByteArray) bytes = make_header (0x21, 0x21, rest, sizeof rest);
  WeirProxyHeader header;

  g_assert_cmpint (read_bytes (bytes, &header), ==, WEIR_PROXY_DONE);
  g_assert_cmpint (header.family, ==, G_SOCKET_FAMILY_IPV6);
  g_assert_cmpmem (header.address, 16, rest, 16);
  g_assert_cmpuint (header.port, ==, 51000);
}

static void
test_without_address (void)
{
  guint8 rest[216] = "/run/client";
  g_autoptr (GByteArray) local_socket = make_header (0x21, 0x31, rest, sizeof rest);
  g_autoptr (GByteArray) itself = make_header (0x20, 0x11, tcp4, sizeof tcp4);
  g_autoptr (GByteArray) unknown = make_header (0x21, 0x00, tcp4, 5);
  WeirProxyHeader header;

  g_assert_cmpint (read_bytes (local_socket, &header), ==, WEIR_PROXY_DONE);
  g_assert_true (header.told);
  g_assert_cmpint (header.family, ==, G_SOCKET_FAMILY_INVALID);
  g_assert_cmpint (read_bytes (itself, &header), ==, WEIR_PROXY_DONE);
  g_assert_false (header.told);
  g_assert_cmpuint (header.length, ==, 28);
  g_assert_cmpint (read_bytes (unknown, &header), ==, WEIR_PROXY_DONE);
  g_assert_false (header.told);
  g_assert_cmpuint (header.length, ==, 21);
}

/* What a proxy says of its own connection is skipped, were it of datagrams. */
static void
test_local (void)
{
  static const guint8 clients[] = { 0x00, 0x12, 0x22, 0x32, 0x41, 0xff };

  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autoptr (GByteArray) bytes = make_header (0x20, clients[i], tcp4, 3);
      WeirProxyHeader header;

      g_assert_cmpint (read_bytes (bytes, &header), ==, WEIR_PROXY_DONE);
      g_assert_false (header.told);
      g_assert_cmpuint (header.length, ==, 19);
    }
}

/* RFC 3720, B.4. */
static void
test_crc32c (void)
{
  static const guint8 command[48] = {
    [0] = 0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, 0x28, [40] = 0x02
  };
  guint8 data[32] = { 0 };

  g_assert_cmphex (weir_crc32c (0, data, 0), ==, 0);
  g_assert_cmphex (weir_crc32c (0, data, 32), ==, 0x8a9136aa);
  memset (data, 0xff, 32);
  g_assert_cmphex (weir_crc32c (0, data, 32), ==, 0x62a8ab43);
  for (guint8 i = 0; i < 32; i++)
    data[i] = i;
  g_assert_cmphex (weir_crc32c (0, data, 32), ==, 0x46dd794e);
  g_assert_cmphex (weir_crc32c (weir_crc32c (0, data, 7), data + 7, 25), ==, 0x46dd794e);
  for (guint8 i = 0; i < 32; i++)
    data[i] = 31 - i;
  g_assert_cmphex (weir_crc32c (0, data, 32), ==, 0x113fdb5c);
  g_assert_cmphex (weir_crc32c (0, command, sizeof command), ==, 0xd9963a56);
}

/* An extension, the checksum, and another one behind it. */
static GByteArray *
make_summed (void)
{
  guint8 rest[sizeof tcp4 + 5 + 7 + 4] = { 0 };
  GByteArray *bytes;
  guint32 sum;

  memcpy (rest, tcp4, sizeof tcp4);
  memcpy (rest + sizeof tcp4, "\x02\0\x02hi\x03\0\x04", 8);
  memcpy (rest + sizeof tcp4 + 12, "\x04\0\x01x", 4);
  bytes = make_header (0x21, 0x11, rest, sizeof rest);
  sum = GUINT32_TO_BE (weir_crc32c (0, bytes->data, bytes->len));
  memcpy (bytes->data + 16 + sizeof tcp4 + 8, &sum, 4);
  g_byte_array_append (bytes, (const guint8 *) "GET", 3);
  return bytes;
}

static void
test_checksum (void)
{
  g_autoptr (GByteArray) bytes = make_summed ();
  WeirProxyHeader header;

  g_assert_cmpint (read_bytes (bytes, &header), ==, WEIR_PROXY_DONE);
  g_assert_true (header.told);
  for (guint i = 16; i < header.length; i++)
    {
      g_autoptr (GByteArray) wrong = make_summed ();

      wrong->data[i] ^= 0x20;
      g_assert_cmpint (read_bytes (wrong, &header), ==, WEIR_PROXY_BAD);
      /* Another kind of extension would not be a checksum any more. */
      if (i == 16 + sizeof tcp4 + 4)
        i++;
    }
}

/* Byte by byte there is no result before the last one. */
static void
test_pieces (void)
{
  g_autoptr (GByteArray) bytes = make_header (0x21, 0x11, tcp4, sizeof tcp4);
  WeirProxyHeader header;

  for (guint length = 0; length < bytes->len; length++)
    g_assert_cmpint (weir_proxy_header_read (&header, bytes->data, length), ==, WEIR_PROXY_MORE);
  g_assert_cmpint (read_bytes (bytes, &header), ==, WEIR_PROXY_DONE);
}

static void
assert_bad (guint8 command, guint8 client, const guint8 *rest, guint16 length)
{
  g_autoptr (GByteArray) bytes = make_header (command, client, rest, length);
  WeirProxyHeader header;

  g_assert_cmpint (read_bytes (bytes, &header), ==, WEIR_PROXY_BAD);
}

static void
test_bad (void)
{
  static const char *others[] = { "GET / HTTP/1.1\r\n",
                                  "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
                                  "\r\n\r\nG" };
  guint8 extended[sizeof tcp4 + 4] = { [sizeof tcp4] = 1, 0, 2, 0 };
  guint8 large[WEIR_PROXY_HEADER_MAX] = { 0 };
  guint8 short_sum[sizeof tcp4 + 5] = { [sizeof tcp4] = 3, 0, 2 };
  WeirProxyHeader header;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmpint (
        weir_proxy_header_read (&header, (const guint8 *) others[i], strlen (others[i])),
        ==,
        WEIR_PROXY_BAD);
  assert_bad (0x11, 0x11, tcp4, sizeof tcp4);         /* version 1 */
  assert_bad (0x22, 0x11, tcp4, sizeof tcp4);         /* a command that there is not */
  assert_bad (0x21, 0x12, tcp4, sizeof tcp4);         /* datagrams */
  assert_bad (0x21, 0x10, tcp4, sizeof tcp4);         /* of nothing */
  assert_bad (0x21, 0x41, tcp4, sizeof tcp4);         /* no family */
  assert_bad (0x21, 0x11, tcp4, sizeof tcp4 - 1);     /* cut off */
  assert_bad (0x21, 0x21, tcp4, sizeof tcp4);         /* of the other family */
  assert_bad (0x21, 0x11, extended, sizeof extended); /* an extension beyond the end */
  assert_bad (0x21, 0x11, extended, sizeof tcp4 + 2); /* half an extension */
  assert_bad (0x21, 0x11, short_sum, sizeof short_sum);
  assert_bad (0x21, 0x00, large, sizeof large); /* longer than anybody needs */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/proxy-header/tcp4", test_tcp4);
  g_test_add_func ("/proxy-header/tcp6", test_tcp6);
  g_test_add_func ("/proxy-header/without-address", test_without_address);
  g_test_add_func ("/proxy-header/local", test_local);
  g_test_add_func ("/proxy-header/crc32c", test_crc32c);
  g_test_add_func ("/proxy-header/checksum", test_checksum);
  g_test_add_func ("/proxy-header/pieces", test_pieces);
  g_test_add_func ("/proxy-header/bad", test_bad);
  return g_test_run ();
}
