/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "weir-soup-connection.h"

G_BEGIN_DECLS

/* Where libsoup writes how a response begins. */
#define WEIR_SOUP_TYPE_OUTPUT_STREAM (weir_soup_output_stream_get_type ())

G_DECLARE_FINAL_TYPE (WeirSoupOutputStream,
                      weir_soup_output_stream,
                      WEIR_SOUP,
                      OUTPUT_STREAM,
                      GOutputStream)

WeirSoupOutputStream *weir_soup_output_stream_new (void);
/* connection: (nullable), borrowed: without one, what is written is thrown away. */
void weir_soup_output_stream_set_connection (WeirSoupOutputStream *self,
                                             WeirSoupConnection *connection);

G_END_DECLS
