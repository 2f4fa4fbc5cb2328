/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "io/weir-response-writer.h"

static void
test_framing (void)
{
  static const struct
  {
    guint status;
    gint64 length;
    gboolean is_head;
    guint minor_version;
    WeirResponseFraming framing;
  } cases[] = {
    { 200, 3, FALSE, 1, WEIR_RESPONSE_FRAMING_LENGTH },
    { 200, 0, FALSE, 0, WEIR_RESPONSE_FRAMING_LENGTH },
    { 200, -1, FALSE, 1, WEIR_RESPONSE_FRAMING_CHUNKED },
    { 200, -1, FALSE, 0, WEIR_RESPONSE_FRAMING_CLOSE },
    { 200, 3, TRUE, 1, WEIR_RESPONSE_FRAMING_LENGTH },
    { 200, -1, TRUE, 1, WEIR_RESPONSE_FRAMING_NONE },
    { 200, -1, TRUE, 0, WEIR_RESPONSE_FRAMING_NONE },
    { 204, 3, FALSE, 1, WEIR_RESPONSE_FRAMING_NONE },
    { 304, -1, FALSE, 1, WEIR_RESPONSE_FRAMING_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (weir_response_writer_choose_framing (cases[i].status,
                                                          cases[i].length,
                                                          cases[i].is_head,
                                                          cases[i].minor_version),
                     ==,
                     cases[i].framing);
}

static void
test_status (void)
{
  static const guint pairs[][2] = { { 0, 500 },   { 101, 500 }, { 199, 500 },
                                    { 200, 200 }, { 999, 999 }, { 1000, 500 } };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autoptr (WeirHead) head = weir_head_new ();

      weir_head_set_status (head, pairs[i][0]);
      g_assert_cmpuint (weir_response_writer_get_status (head), ==, pairs[i][1]);
    }
}

/* Nothing that could be taken for framing, or for one more line. */
static void
test_fields (void)
{
  static const char *const dropped[][2] = {
    { "Connection", "x" },         { "content-length", "3" }, { "Date", "now" },
    { "Keep-Alive", "1" },         { "Trailer", "x" },        { "Proxy-Connection", "x" },
    { "Transfer-Encoding", "x" },  { "Upgrade", "x" },        { "X-Line", "a\nSet-Cookie: b" },
    { "X-Return", "a\rX-Two: b" }, { "", "nameless" },
  };
  g_autoptr (WeirHead) head = weir_head_new ();
  g_autofree char *text = NULL;
  char *end;

  weir_head_add (head, "x-first", "1");
  for (guint i = 0; i < G_N_ELEMENTS (dropped); i++)
    weir_head_add_borrowed (head,
                            weir_field_id_lookup (dropped[i][0], strlen (dropped[i][0])),
                            dropped[i][0],
                            strlen (dropped[i][0]),
                            dropped[i][1],
                            strlen (dropped[i][1]));
  weir_head_add_borrowed (head, WEIR_FIELD_OTHER, "x-nul", 5, "a\0b", 3);
  weir_head_add (head, "Set-Cookie", "a");
  weir_head_add (head, "Set-Cookie", "b");

  text = g_malloc (weir_response_writer_measure (head));
  end = weir_response_writer_put_fields (text, head);
  end = weir_response_writer_put_framing (end, WEIR_RESPONSE_FRAMING_LENGTH, G_MAXINT64, "close");
  g_assert_cmpint (end - text, <=, weir_response_writer_measure (head));
  *end = '\0';
  g_assert_cmpstr (text,
                   ==,
                   "x-first: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
                   "Content-Length: 9223372036854775807\r\nConnection: close\r\n\r\n");
}

static void
test_lines (void)
{
  char line[WEIR_RESPONSE_CHUNK_LINE + 1];
  char text[128];

  line[weir_response_writer_put_chunk_line (line, 0xabcdef)] = '\0';
  g_assert_cmpstr (line, ==, "abcdef\r\n");
  g_assert_cmpuint (weir_response_writer_put_chunk_line (line, G_MAXSIZE),
                    <=,
                    WEIR_RESPONSE_CHUNK_LINE);
  *weir_response_writer_put_framing (text, WEIR_RESPONSE_FRAMING_CHUNKED, -1, "keep-alive") = '\0';
  g_assert_cmpstr (text, ==, "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n");
  *weir_response_writer_put_framing (text, WEIR_RESPONSE_FRAMING_CLOSE, -1, NULL) = '\0';
  g_assert_cmpstr (text, ==, "\r\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/response-writer/framing", test_framing);
  g_test_add_func ("/response-writer/status", test_status);
  g_test_add_func ("/response-writer/fields", test_fields);
  g_test_add_func ("/response-writer/lines", test_lines);
  return g_test_run ();
}
