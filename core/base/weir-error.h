/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "base/weir-version.h"

G_BEGIN_DECLS

#define WEIR_ERROR (weir_error_quark ())

/* New codes go to the end: the numbers are ABI, the nicks are words of the wire. */
typedef enum
{
  WEIR_ERROR_FAILED,
  WEIR_ERROR_INVALID_ARGUMENT,
  WEIR_ERROR_INVALID_STATE,
  WEIR_ERROR_NOT_FOUND,
  WEIR_ERROR_METHOD_NOT_ALLOWED,
  WEIR_ERROR_BAD_REQUEST,
  WEIR_ERROR_HEAD_TOO_LARGE,
  WEIR_ERROR_BODY_TOO_LARGE,
  WEIR_ERROR_URI_TOO_LONG,
  WEIR_ERROR_UNAUTHORIZED,
  WEIR_ERROR_FORBIDDEN,
  WEIR_ERROR_RATE_LIMITED,
  WEIR_ERROR_BOOT_FAILED,
  WEIR_ERROR_WORKER_FAILED,
  WEIR_ERROR_WORKER_LIMIT,
  WEIR_ERROR_BAD_GATEWAY,
  WEIR_ERROR_TIMED_OUT,
  WEIR_ERROR_OVERLOADED,
  WEIR_ERROR_NOT_SUPPORTED,
  WEIR_ERROR_CANCELLED,
  WEIR_ERROR_EXISTS,
  WEIR_ERROR_REQUEST_TIMEOUT,
} WeirError;

#define WEIR_TYPE_ERROR (weir_error_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_error_get_type (void) G_GNUC_CONST;

WEIR_AVAILABLE_IN_ALL
GQuark weir_error_quark (void);

G_END_DECLS
