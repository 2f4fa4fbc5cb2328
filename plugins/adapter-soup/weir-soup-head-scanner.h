/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where a field lies, counted from the first byte of the head. */
typedef struct
{
  guint32 name;
  guint32 name_length;
  guint32 value;
  guint32 value_length;
} WeirSoupSpan;

typedef enum
{
  WEIR_SOUP_SCAN_MORE,
  WEIR_SOUP_SCAN_DONE,
  WEIR_SOUP_SCAN_REFUSED,
} WeirSoupScan;

/* Reads the head of an HTTP/1 request, byte by byte and across any number of reads, by the
 * letter of the grammar: libsoup forgives what others take for a second request. It keeps
 * no copy of the bytes, only where things are. */
typedef struct
{
  guint max_size;
  guint max_fields;

  guint state;
  guint32 position; /* of the next byte; once done, the length of the head */
  guint32 method;
  guint32 method_length;
  guint32 target;
  guint32 target_length;
  guint32 version;
  guint minor;
  GArray *fields; /* WeirSoupSpan */

  guint status;       /* when refused: what to answer */
  const char *reason; /* when refused: static text for the client */
} WeirSoupHeadScanner;

void weir_soup_head_scanner_init (WeirSoupHeadScanner *self, guint max_size, guint max_fields);
void weir_soup_head_scanner_clear (WeirSoupHeadScanner *self);
/* Makes it ready for the next head. */
void weir_soup_head_scanner_reset (WeirSoupHeadScanner *self);
/* data: everything from the first byte of the head on, also what was there at the last call. */
WeirSoupScan
weir_soup_head_scanner_feed (WeirSoupHeadScanner *self, const char *data, gsize length);

G_END_DECLS
