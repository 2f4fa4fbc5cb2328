/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-error.h"

/**
 * WeirError:
 * @WEIR_ERROR_FAILED: something failed that has no better word
 * @WEIR_ERROR_INVALID_ARGUMENT: a value that the caller gave makes no sense
 * @WEIR_ERROR_INVALID_STATE: the object cannot do this now
 * @WEIR_ERROR_NOT_FOUND: no function, file or object of that name
 * @WEIR_ERROR_METHOD_NOT_ALLOWED: the route does not take this method
 * @WEIR_ERROR_BAD_REQUEST: the request breaks the rules of HTTP
 * @WEIR_ERROR_HEAD_TOO_LARGE: the request's head is over the limit
 * @WEIR_ERROR_BODY_TOO_LARGE: a body is over the limit
 * @WEIR_ERROR_URI_TOO_LONG: the request's target is over the limit
 * @WEIR_ERROR_UNAUTHORIZED: no credential, or not a valid one
 * @WEIR_ERROR_FORBIDDEN: a valid credential that may not do this
 * @WEIR_ERROR_RATE_LIMITED: too many requests
 * @WEIR_ERROR_BOOT_FAILED: no worker could be started for the function
 * @WEIR_ERROR_WORKER_FAILED: the worker ended under the request
 * @WEIR_ERROR_WORKER_LIMIT: the worker was ended for going over a limit
 * @WEIR_ERROR_BAD_GATEWAY: the worker's answer is not valid HTTP
 * @WEIR_ERROR_TIMED_OUT: no answer within the deadline
 * @WEIR_ERROR_OVERLOADED: every place is taken
 * @WEIR_ERROR_NOT_SUPPORTED: valid, but not offered here
 * @WEIR_ERROR_CANCELLED: given up by the caller
 * @WEIR_ERROR_EXISTS: there is one already
 * @WEIR_ERROR_REQUEST_TIMEOUT: the client did not send its request in time
 *
 * What can go wrong between a client and a function. The nick of a code is the
 * word used on the wire.
 *
 * Since: 1.0
 */

/**
 * weir_error_quark:
 *
 * Returns: the domain of [error@Weir.Error]
 *
 * Since: 1.0
 */
/* The formatter would read the dashes as minus signs. */
/* clang-format off */
G_DEFINE_QUARK (weir-error-quark, weir_error)
/* clang-format on */

G_DEFINE_ENUM_TYPE (WeirError,
                    weir_error,
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_INVALID_ARGUMENT, "invalid-argument"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_INVALID_STATE, "invalid-state"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_NOT_FOUND, "not-found"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_METHOD_NOT_ALLOWED, "method-not-allowed"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_BAD_REQUEST, "bad-request"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_HEAD_TOO_LARGE, "head-too-large"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_BODY_TOO_LARGE, "body-too-large"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_URI_TOO_LONG, "uri-too-long"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_UNAUTHORIZED, "unauthorized"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_FORBIDDEN, "forbidden"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_RATE_LIMITED, "rate-limited"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_BOOT_FAILED, "boot-failed"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_WORKER_FAILED, "worker-failed"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_WORKER_LIMIT, "worker-limit"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_BAD_GATEWAY, "bad-gateway"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_TIMED_OUT, "timed-out"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_OVERLOADED, "overloaded"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_NOT_SUPPORTED, "not-supported"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_CANCELLED, "cancelled"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_EXISTS, "exists"),
                    G_DEFINE_ENUM_VALUE (WEIR_ERROR_REQUEST_TIMEOUT, "request-timeout"))
