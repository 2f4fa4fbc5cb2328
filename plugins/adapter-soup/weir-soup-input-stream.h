/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What libsoup reads of a conversation. */
#define WEIR_SOUP_TYPE_INPUT_STREAM (weir_soup_input_stream_get_type ())

G_DECLARE_FINAL_TYPE (WeirSoupInputStream,
                      weir_soup_input_stream,
                      WEIR_SOUP,
                      INPUT_STREAM,
                      GInputStream)

WeirSoupInputStream *weir_soup_input_stream_new (void);
/* text: static; what was put before has been read. */
void weir_soup_input_stream_put (WeirSoupInputStream *self, const char *text);
/* What was put is read first, then comes the end. */
void weir_soup_input_stream_end (WeirSoupInputStream *self);

G_END_DECLS
