/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-head.h"
#include "io/weir-buffer-private.h"

G_BEGIN_DECLS

/* Writes the head of a request to a worker: the target in absolute form, for that is how
 * the worker learns the URL as the client wrote it. Returns NULL, or a phrase that says
 * what cannot be sent; then nothing was written. */
const char *weir_request_head_write (WeirBuffer *buffer,
                                     WeirHead *head,
                                     const char *extra,
                                     const char *upgrade,
                                     gint64 body_length);

G_END_DECLS
