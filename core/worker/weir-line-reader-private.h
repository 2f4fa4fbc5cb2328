/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

#define WEIR_LINE_MAX (1024 * 1024)

/* Cuts a stream of bytes into lines of valid UTF-8. A line over WEIR_LINE_MAX bytes is
 * given as far as that, and the rest of it is dropped. */
typedef struct
{
  GByteArray *partial; /* NULL: nothing waits for its newline */
  gboolean skipping;
  guint64 cut; /* lines that were too long */
} WeirLineReader;

typedef void (*WeirLineFunc) (const char *line, gpointer user_data);

void weir_line_reader_feed (WeirLineReader *self,
                            const guint8 *data,
                            gsize length,
                            WeirLineFunc func,
                            gpointer user_data);
/* The stream is over: gives the last line, if it has no newline. */
void weir_line_reader_end (WeirLineReader *self, WeirLineFunc func, gpointer user_data);
void weir_line_reader_clear (WeirLineReader *self);

G_END_DECLS
