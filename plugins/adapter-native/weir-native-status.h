/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* "HTTP/1.1 200 OK\r\n"; line: of at least WEIR_NATIVE_STATUS_LINE bytes. Returns its length. */
#define WEIR_NATIVE_STATUS_LINE 64
gsize weir_native_status_write (guint status, char *line);
/* What is said when a request is refused: the error's code, as WEIR_ERROR and as a word. */
WeirError weir_native_status_get_error (guint status, const char **word);

G_END_DECLS
