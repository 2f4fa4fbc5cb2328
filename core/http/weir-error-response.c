/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "base/weir-json-text-private.h"
#include "http/weir-error-response-private.h"

#define JSON "application/json"
#define TEXT "text/plain;charset=UTF-8"

/* What Supabase's own stack answers with: its clients and their tests compare the text, and
 * it must not tell what happened inside. */
#define SUPABASE(code, message) "{\"code\":\"" code "\",\"message\":\"" message "\"}"
#define KONG(message) "{\"message\":\"" message "\"}"

typedef struct
{
  guint status;
  const char *word;     /* UPPER_SNAKE, for Fluxbase */
  const char *flux;     /* Flux's word */
  const char *supabase; /* the whole body; NULL: {"msg": message} */
  const char *hint;
} Row;

#define SUPABASE_INTERNAL                                                                          \
  SUPABASE ("Internal Server Error", "Request failed due to an internal server error")

// clang-format off
static const Row rows[] = {
  [WEIR_ERROR_FAILED] = { 500, "INTERNAL_ERROR", "internal_error", SUPABASE_INTERNAL,
    "This is a fault of the server or of a plugin; its log says more." },
  [WEIR_ERROR_INVALID_ARGUMENT] = { 400, "INVALID_ARGUMENT", "validation_failed",
    KONG ("Bad request"), NULL },
  [WEIR_ERROR_INVALID_STATE] = { 409, "CONFLICT", "conflict", KONG ("Conflict"), NULL },
  [WEIR_ERROR_NOT_FOUND] = { 404, "NOT_FOUND", "route_not_found", "Function not found",
    "`weir list` prints the functions that there are." },
  [WEIR_ERROR_METHOD_NOT_ALLOWED] = { 405, "METHOD_NOT_ALLOWED", "method_not_allowed",
    KONG ("Method not allowed"), "The allow header lists the methods that are taken." },
  [WEIR_ERROR_BAD_REQUEST] = { 400, "BAD_REQUEST", "bad_request", KONG ("Bad request"), NULL },
  [WEIR_ERROR_HEAD_TOO_LARGE] = { 431, "HEAD_TOO_LARGE", "head_too_large",
    KONG ("Request header fields too large"), "Send fewer or shorter headers, or cookies." },
  [WEIR_ERROR_BODY_TOO_LARGE] = { 413, "PAYLOAD_TOO_LARGE", "payload_too_large",
    KONG ("Request size limit exceeded"),
    "Send less at a time, or raise the adapter's max_body_size." },
  [WEIR_ERROR_URI_TOO_LONG] = { 414, "URI_TOO_LONG", "uri_too_long",
    KONG ("Request URI too long"), "Put long values into the body." },
  [WEIR_ERROR_UNAUTHORIZED] = { 401, "UNAUTHORIZED", "unauthorized", NULL,
    "Send an Authorization: Bearer header, or let everybody call the function with auth = false." },
  [WEIR_ERROR_FORBIDDEN] = { 403, "FORBIDDEN", "forbidden", NULL, NULL },
  [WEIR_ERROR_RATE_LIMITED] = { 429, "RATE_LIMIT_EXCEEDED", "rate_limit_exceeded",
    SUPABASE ("RATE_LIMIT_EXCEEDED", "Rate limit exceeded"),
    "Wait as long as the retry-after header says." },
  [WEIR_ERROR_BOOT_FAILED] = { 503, "BOOT_FAILED", "runtime_unreachable",
    SUPABASE ("BOOT_ERROR", "Worker failed to boot (please check logs)"),
    "Correct the function and save it: it is started anew with the next request." },
  [WEIR_ERROR_WORKER_FAILED] = { 500, "WORKER_FAILED", "FunctionExecutionError",
    SUPABASE ("WORKER_ERROR", "Function exited due to an error (please check logs)"),
    "The function's process ended while it worked on this; its log says why." },
  [WEIR_ERROR_WORKER_LIMIT] = { 546, "WORKER_LIMIT", "FunctionExecutionError",
    SUPABASE ("WORKER_LIMIT",
              "Worker failed to respond due to a resource limit (please check logs)"),
    "Raise the function's limit, or let it do less at a time." },
  [WEIR_ERROR_BAD_GATEWAY] = { 502, "BAD_GATEWAY", "runtime_unreachable", "Bad Gateway",
    "What the function sent is not a valid response." },
  [WEIR_ERROR_TIMED_OUT] = { 504, "TIMEOUT", "timeout",
    KONG ("The upstream server is timing out"),
    "Raise request_timeout_ms of the function, or answer sooner." },
  [WEIR_ERROR_OVERLOADED] = { 503, "OVERLOADED", "pool_saturated",
    KONG ("The server is overloaded"), "Try again in a moment." },
  [WEIR_ERROR_NOT_SUPPORTED] = { 501, "NOT_SUPPORTED", "not_supported", KONG ("Not implemented"),
    NULL },
  [WEIR_ERROR_CANCELLED] = { 499, "CANCELLED", "cancelled", KONG ("Client closed request"), NULL },
  [WEIR_ERROR_EXISTS] = { 409, "ALREADY_EXISTS", "conflict", KONG ("Conflict"), NULL },
  [WEIR_ERROR_REQUEST_TIMEOUT] = { 408, "REQUEST_TIMEOUT", "request_timeout",
    KONG ("Request timeout"), "The request did not arrive in time." },
};
// clang-format on

static int
get_code (const GError *error)
{
  if (error->domain == WEIR_ERROR && error->code >= 0 && error->code < G_N_ELEMENTS (rows))
    return error->code;
  return WEIR_ERROR_FAILED;
}

guint
weir_error_response_get_status (const GError *error, WeirDialect dialect)
{
  return rows[get_code (error)].status;
}

const char *
weir_error_response_get_hint (int code)
{
  return code >= 0 && code < G_N_ELEMENTS (rows) ? rows[code].hint : NULL;
}

/* name comes with what stands before it: "{\"error\"". */
static void
append_member (GString *json, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_string_append (json, name);
  g_string_append_c (json, ':');
  weir_json_append_string (json, value);
}

static void
append_seconds (GString *json, guint retry_after)
{
  if (retry_after > 0)
    g_string_append_printf (json, ",\"retry_after\":%u", retry_after);
}

static void
append_weir (GString *json, int code, const char *message, const char *hint, const char *request_id)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (WEIR_TYPE_ERROR);

  append_member (json, "{\"error\":{\"code\"", g_enum_get_value (klass, code)->value_nick);
  append_member (json, ",\"message\"", message);
  append_member (json, ",\"hint\"", hint != NULL ? hint : rows[code].hint);
  append_member (json, ",\"request_id\"", request_id);
  g_string_append (json, "}}");
}

static void
append_supabase (GString *json, int code, const char *message)
{
  if (rows[code].supabase != NULL)
    {
      g_string_append (json, rows[code].supabase);
      return;
    }
  append_member (json, "{\"msg\"", message);
  g_string_append_c (json, '}');
}

static void
append_fluxbase (GString *json,
                 int code,
                 const char *message,
                 const char *request_id,
                 guint retry_after)
{
  append_member (json, "{\"error\"", message);
  append_member (json, ",\"code\"", rows[code].word);
  append_member (json, ",\"request_id\"", request_id);
  append_seconds (json, retry_after);
  g_string_append_c (json, '}');
}

static void
append_flux (GString *json, int code, const char *message, guint retry_after)
{
  append_member (json, "{\"error\"", rows[code].flux);
  append_member (json, ",\"message\"", message);
  append_seconds (json, retry_after);
  g_string_append_c (json, '}');
}

GBytes *
weir_error_response_format (const GError *error,
                            WeirDialect dialect,
                            const char *request_id,
                            const char *hint,
                            guint retry_after,
                            guint *status,
                            const char **content_type)
{
  GString *json = g_string_sized_new (256);
  int code = get_code (error);

  switch (dialect)
    {
    case WEIR_DIALECT_WEIR:
      append_weir (json, code, error->message, hint, request_id);
      break;
    case WEIR_DIALECT_SUPABASE:
      append_supabase (json, code, error->message);
      break;
    case WEIR_DIALECT_FLUXBASE:
      append_fluxbase (json, code, error->message, request_id, retry_after);
      break;
    case WEIR_DIALECT_FLUX:
      append_flux (json, code, error->message, retry_after);
      break;
    }

  *status = rows[code].status;
  *content_type = json->str[0] == '{' ? JSON : TEXT;
  return g_string_free_to_bytes (json);
}
