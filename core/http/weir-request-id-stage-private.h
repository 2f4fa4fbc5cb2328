/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-stage.h"

G_BEGIN_DECLS

/* Keeps the caller's sane x-request-id (at most 64 of [A-Za-z0-9._-]), else the trace id
 * of a valid traceparent, else makes one; it goes to the function and to the client. */
#define WEIR_TYPE_REQUEST_ID_STAGE (weir_request_id_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirRequestIdStage, weir_request_id_stage, WEIR, REQUEST_ID_STAGE, GObject)

WeirRequestIdStage *weir_request_id_stage_new (void);

G_END_DECLS
