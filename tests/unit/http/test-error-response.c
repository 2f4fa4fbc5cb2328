/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-error-response-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define SECRET "/home/someone/secret \"quoted\"\n\x01 \xff"

static char *
format (int code, WeirDialect dialect, guint *status, const char **type)
{
  g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR, code, SECRET);
  g_autoptr (GBytes) body =
      weir_error_response_format (error, dialect, "id-1", NULL, 0, status, type);
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  g_assert_cmpuint (*status, ==, weir_error_response_get_status (error, dialect));
  return g_strndup (data, length);
}

static const struct
{
  int code;
  guint status;
  const char *type;
  const char *body;
} supabase[] = {
  { WEIR_ERROR_NOT_FOUND, 404, "text/plain", "Function not found" },
  { WEIR_ERROR_BOOT_FAILED,
    503,
    "application/json",
    "{\"code\":\"BOOT_ERROR\",\"message\":\"Worker failed to boot (please check logs)\"}" },
  { WEIR_ERROR_WORKER_FAILED,
    500,
    "application/json",
    "{\"code\":\"WORKER_ERROR\",\"message\":\"Function exited due to an error (please check "
    "logs)\"}" },
  { WEIR_ERROR_WORKER_LIMIT,
    546,
    "application/json",
    "{\"code\":\"WORKER_LIMIT\",\"message\":\"Worker failed to respond due to a resource limit "
    "(please check logs)\"}" },
  { WEIR_ERROR_BAD_GATEWAY, 502, "text/plain", "Bad Gateway" },
  { WEIR_ERROR_TIMED_OUT,
    504,
    "application/json",
    "{\"message\":\"The upstream server is timing out\"}" },
  { WEIR_ERROR_METHOD_NOT_ALLOWED,
    405,
    "application/json",
    "{\"message\":\"Method not allowed\"}" },
  { WEIR_ERROR_FAILED,
    500,
    "application/json",
    "{\"code\":\"Internal Server Error\",\"message\":\"Request failed due to an internal server "
    "error\"}" },
};

static void
test_supabase (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (supabase); i++)
    {
      guint status;
      const char *type;
      g_autofree char *body = format (supabase[i].code, WEIR_DIALECT_SUPABASE, &status, &type);

      g_assert_cmpuint (status, ==, supabase[i].status);
      g_assert_true (g_str_has_prefix (type, supabase[i].type));
      g_assert_cmpstr (body, ==, supabase[i].body);
    }
}

static JsonObject *
parse (JsonParser *parser, const char *body)
{
  g_autoptr (GError) error = NULL;

  json_parser_load_from_data (parser, body, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

static void
check_body (int code, WeirDialect dialect, const char *body, const char *type)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object, *inner;

  if (body[0] != '{')
    {
      g_assert_cmpint (dialect, ==, WEIR_DIALECT_SUPABASE);
      g_assert_true (g_str_has_prefix (type, "text/plain"));
      return;
    }

  g_assert_cmpstr (type, ==, "application/json");
  object = parse (parser, body);
  switch (dialect)
    {
    case WEIR_DIALECT_WEIR:
      inner = json_object_get_object_member (object, "error");
      g_assert_cmpstr (json_object_get_string_member (inner, "request_id"), ==, "id-1");
      g_assert_true (
          g_str_has_prefix (json_object_get_string_member (inner, "message"), "/home/someone"));
      g_assert_nonnull (json_object_get_string_member (inner, "code"));
      break;
    case WEIR_DIALECT_SUPABASE:
      if (code != WEIR_ERROR_UNAUTHORIZED && code != WEIR_ERROR_FORBIDDEN)
        g_assert_null (strstr (body, "/home"));
      break;
    case WEIR_DIALECT_FLUXBASE:
      g_assert_nonnull (json_object_get_string_member (object, "error"));
      g_assert_nonnull (json_object_get_string_member (object, "code"));
      g_assert_cmpstr (json_object_get_string_member (object, "request_id"), ==, "id-1");
      break;
    case WEIR_DIALECT_FLUX:
      g_assert_nonnull (json_object_get_string_member (object, "error"));
      g_assert_nonnull (json_object_get_string_member (object, "message"));
      break;
    }
}

/* Each code has a row, each row a valid body, and a code means the same in every dialect. */
static void
test_all (void)
{
  for (int code = WEIR_ERROR_FAILED; code <= WEIR_ERROR_REQUEST_TIMEOUT; code++)
    {
      guint first = 0;

      for (WeirDialect dialect = WEIR_DIALECT_WEIR; dialect <= WEIR_DIALECT_FLUX; dialect++)
        {
          guint status;
          const char *type;
          g_autofree char *body = format (code, dialect, &status, &type);

          g_assert_cmpuint (status, >=, 400);
          g_assert_cmpuint (status, <=, 599);
          if (first == 0)
            first = status;
          g_assert_cmpuint (status, ==, first);
          check_body (code, dialect, body, type);
        }
    }
}

/* What a client of a dialect looks up: the code, or what there is instead of one. */
static char *
dup_word (int code, WeirDialect dialect)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  guint status;
  const char *type;
  g_autofree char *body = format (code, dialect, &status, &type);
  JsonObject *object;

  if (body[0] != '{')
    return g_steal_pointer (&body);
  object = parse (parser, body);
  if (dialect == WEIR_DIALECT_WEIR)
    object = json_object_get_object_member (object, "error");
  if (dialect == WEIR_DIALECT_FLUX)
    return g_strdup (json_object_get_string_member (object, "error"));
  if (json_object_has_member (object, "code"))
    return g_strdup (json_object_get_string_member (object, "code"));
  return g_strdup (json_object_get_string_member_with_default (object, "message", "{\"msg\"}"));
}

/* Whoever gets a code looks it up there. */
static void
test_manual (void)
{
  static const char *const files[] = {
    [WEIR_DIALECT_WEIR] = "errors.md",
    [WEIR_DIALECT_SUPABASE] = "errors.md",
    [WEIR_DIALECT_FLUXBASE] = "errors.md",
    [WEIR_DIALECT_FLUX] = "flux.md",
  };

  for (WeirDialect dialect = WEIR_DIALECT_WEIR; dialect <= WEIR_DIALECT_FLUX; dialect++)
    {
      g_autofree char *path =
          g_test_build_filename (G_TEST_DIST, "..", "docs", files[dialect], NULL);
      g_autofree char *manual = NULL;
      g_autoptr (GError) error = NULL;

      g_file_get_contents (path, &manual, NULL, &error);
      g_assert_no_error (error);
      for (int code = WEIR_ERROR_FAILED; code <= WEIR_ERROR_REQUEST_TIMEOUT; code++)
        {
          g_autofree char *word = dup_word (code, dialect);
          g_autofree char *quoted = g_strdup_printf ("`%s`", word);

          /* By then nobody is there to be told. */
          if (code != WEIR_ERROR_CANCELLED && strstr (manual, quoted) == NULL)
            g_error ("docs/%s says nothing of %s", files[dialect], quoted);
        }
    }
}

static void
test_foreign (void)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no file");
  g_autoptr (GBytes) body = NULL;
  g_autofree char *text = NULL;
  guint status;
  const char *type;

  body =
      weir_error_response_format (error, WEIR_DIALECT_WEIR, NULL, "Try this.", 0, &status, &type);
  text = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  g_assert_cmpuint (status, ==, 500);
  g_assert_cmpstr (
      text,
      ==,
      "{\"error\":{\"code\":\"failed\",\"message\":\"no file\",\"hint\":\"Try this.\"}}");
  g_assert_null (weir_error_response_get_hint (-1));
  g_assert_null (weir_error_response_get_hint (9999));
  g_assert_nonnull (weir_error_response_get_hint (WEIR_ERROR_NOT_FOUND));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/http/error-response/supabase", test_supabase);
  g_test_add_func ("/http/error-response/all", test_all);
  g_test_add_func ("/http/error-response/manual", test_manual);
  g_test_add_func ("/http/error-response/foreign", test_foreign);
  return g_test_run ();
}
