/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange.h"

G_BEGIN_DECLS

/* The one table from WeirError to status and body, for each dialect. Errors of other domains
 * are WEIR_ERROR_FAILED. */
guint weir_error_response_get_status (const GError *error, WeirDialect dialect);
/* Returns the body; content_type: (out) static string. hint: (nullable) in place of the one
 * that the table has. retry_after: seconds, 0 for none. */
GBytes *weir_error_response_format (const GError *error,
                                    WeirDialect dialect,
                                    const char *request_id,
                                    const char *hint,
                                    guint retry_after,
                                    guint *status,
                                    const char **content_type);
/* A line that says what to do, or NULL. */
const char *weir_error_response_get_hint (int code);

G_END_DECLS
