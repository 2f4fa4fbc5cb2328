/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-request-line-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output-private.h"

/* ---- JSON ---- */

static void
append_number (GString *out, guint64 number)
{
  char digits[20];
  char *p = digits + sizeof digits;

  do
    *--p = '0' + number % 10;
  while ((number /= 10) != 0);
  g_string_append_len (out, p, digits + sizeof digits - p);
}

/* "1.234": as many digits as there are. */
static void
append_thousandths (GString *out, gint64 number)
{
  guint rest = number % 1000;

  append_number (out, number / 1000);
  g_string_append_c (out, '.');
  g_string_append_c (out, '0' + rest / 100);
  g_string_append_c (out, '0' + rest / 10 % 10);
  g_string_append_c (out, '0' + rest % 10);
}

static gboolean
is_plain (const char *text)
{
  for (; *text != '\0'; text++)
    if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
      return FALSE;
  return TRUE;
}

static void
append_quoted (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), valid);
  g_autofree char *quoted = json_to_string (node, FALSE);

  g_string_append (out, quoted);
}

/* name comes with what stands around it: ",\"method\":". */
static void
append_string (GString *out, const char *name, const char *value)
{
  g_string_append (out, name);
  if (value == NULL)
    g_string_append (out, "null");
  else if (is_plain (value))
    {
      g_string_append_c (out, '"');
      g_string_append (out, value);
      g_string_append_c (out, '"');
    }
  else
    append_quoted (out, value);
}

/* The day and the second are the same for many. */
static void
append_time (GString *out)
{
  static gint64 second;
  static char text[24];
  gint64 now = g_get_real_time ();
  guint rest = now % G_USEC_PER_SEC;
  char digits[8];

  if (now / G_USEC_PER_SEC != second)
    {
      g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (now / G_USEC_PER_SEC);
      g_autofree char *formatted = g_date_time_format (date, "%Y-%m-%dT%H:%M:%S");

      g_strlcpy (text, formatted, sizeof text);
      second = now / G_USEC_PER_SEC;
    }
  g_string_append (out, text);
  digits[0] = '.';
  for (guint i = 6; i > 0; i--, rest /= 10)
    digits[i] = '0' + rest % 10;
  digits[7] = 'Z';
  g_string_append_len (out, digits, sizeof digits);
}

void
cli_request_line_append_json (GString *out, WeirRequestRecord *record)
{
  guint status = weir_request_record_get_status (record);

  g_string_append (out, "{\"type\":\"request\",\"time\":\"");
  append_time (out);
  append_string (out, "\",\"method\":", weir_request_record_get_method (record));
  append_string (out, ",\"target\":", weir_request_record_get_target (record));
  g_string_append (out, ",\"status\":");
  if (status != 0)
    append_number (out, status);
  else
    g_string_append (out, "null");
  g_string_append (out, ",\"duration_ms\":");
  append_thousandths (out, MAX (0, weir_request_record_get_duration (record)));
  g_string_append (out, ",\"bytes_received\":");
  append_number (out, weir_request_record_get_bytes_received (record));
  g_string_append (out, ",\"bytes_sent\":");
  append_number (out, weir_request_record_get_bytes_sent (record));
  append_string (out, ",\"function\":", weir_request_record_get_function (record));
  append_string (out, ",\"request_id\":", weir_request_record_get_request_id (record));
  append_string (out, ",\"client\":", weir_request_record_get_client (record));
  append_string (out, ",\"authenticator\":", weir_request_record_get_authenticator (record));
  append_string (out, ",\"subject\":", weir_request_record_get_subject (record));
  g_string_append (out, ",\"aborted\":");
  g_string_append (out, weir_request_record_get_aborted (record) ? "true" : "false");
  append_string (out, ",\"error\":", weir_request_record_get_error (record));
  g_string_append (out, "}\n");
}

/* ---- for a person ---- */

static char *
duration_text (gint64 microseconds)
{
  if (microseconds < 10 * 1000)
    return g_strdup_printf ("%.1f ms", microseconds / 1000.0);
  if (microseconds < 1000 * 1000)
    return g_strdup_printf ("%.0f ms", microseconds / 1000.0);
  return g_strdup_printf ("%.2f s", microseconds / 1000000.0);
}

static char *
size_text (guint64 bytes)
{
  static const char *const units[] = { "kB", "MB", "GB", "TB" };
  double size = bytes;
  guint unit = 0;

  if (bytes < 1000)
    return g_strdup_printf ("%u B", (guint) bytes);
  for (size /= 1000; size >= 1000 && unit + 1 < G_N_ELEMENTS (units); unit++)
    size /= 1000;
  return g_strdup_printf ("%.1f %s", size, units[unit]);
}

static CliStyle
status_style (guint status)
{
  if (status >= 500 || status == 0)
    return CLI_STYLE_RED;
  if (status >= 400)
    return CLI_STYLE_YELLOW;
  return status >= 300 ? CLI_STYLE_CYAN : CLI_STYLE_GREEN;
}

/* " jwt:ada", or nothing. */
static char *
caller_text (WeirRequestRecord *record)
{
  const char *authenticator = weir_request_record_get_authenticator (record);
  const char *subject = weir_request_record_get_subject (record);
  g_autofree char *text = NULL;
  g_autofree char *clean = NULL;
  g_autofree char *styled = NULL;

  if (authenticator == NULL)
    return g_strdup ("");
  text = subject != NULL ? g_strdup_printf ("%s:%.40s", authenticator, subject)
                         : g_strdup (authenticator);
  clean = cli_clean (text, FALSE);
  styled = cli_styled (stdout, CLI_STYLE_CYAN, clean);
  return g_strconcat (" ", styled, NULL);
}

void
cli_request_line_append_text (GString *out, WeirRequestRecord *record)
{
  guint code = weir_request_record_get_status (record);
  const char *function = weir_request_record_get_function (record);
  const char *error = weir_request_record_get_error (record);
  g_autofree char *time = cli_clock_text ();
  g_autofree char *method = cli_clean (weir_request_record_get_method (record), FALSE);
  g_autofree char *target = cli_clean (weir_request_record_get_target (record), FALSE);
  g_autofree char *number = code != 0 ? g_strdup_printf ("%u", code) : g_strdup ("---");
  g_autofree char *status = cli_styled (stdout, status_style (code), number);
  g_autofree char *duration = duration_text (weir_request_record_get_duration (record));
  g_autofree char *size = size_text (weir_request_record_get_bytes_sent (record));
  g_autofree char *id = g_strdup_printf ("%.8s", weir_request_record_get_request_id (record));
  g_autofree char *dim_id = cli_styled (stdout, CLI_STYLE_DIM, id);
  g_autofree char *caller = caller_text (record);
  g_autofree char *reason = error != NULL ? cli_clean (error, FALSE) : NULL;

  g_string_append_printf (out,
                          "%s %-4s %s %s %s %s %s %s%s%s%s%s\n",
                          time,
                          method,
                          target,
                          status,
                          duration,
                          size,
                          function != NULL ? function : "-",
                          dim_id,
                          caller,
                          weir_request_record_get_aborted (record) ? _ (" (client left)") : "",
                          reason != NULL ? ": " : "",
                          reason != NULL ? reason : "");
}
