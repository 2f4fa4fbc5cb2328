/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-request-line-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output-private.h"

/* ---- JSON ---- */

/* Texts, numbers and all names; what has to be quoted may take more. */
#define ROOM 640

static char *
put_number (char *p, guint64 number)
{
  char digits[20];
  char *start = digits + sizeof digits;
  gsize length;

  if (number < 10)
    {
      *p = '0' + number;
      return p + 1;
    }
  do
    *--start = '0' + number % 10;
  while ((number /= 10) != 0);
  length = digits + sizeof digits - start;
  memcpy (p, start, length);
  return p + length;
}

/* With so many digits after the point, or as a part of the time. */
static char *
put_digits (char *p, guint number, guint n_digits)
{
  for (guint i = n_digits; i > 0; i--, number /= 10)
    p[i - 1] = '0' + number % 10;
  return p + n_digits;
}

/* The highest bit of a byte is set if one of those up to it has to be quoted. */
static guint64
find_odd (guint64 word)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);
  guint64 quote = word ^ ones * '"';
  guint64 slash = word ^ ones * '\\';

  return (word | (word + ones) | ((word - ones * ' ') & ~word) | ((quote - ones) & ~quote) |
          ((slash - ones) & ~slash)) &
         ones << 7;
}

static guint64
read_word (const char *text)
{
  guint64 word;

  memcpy (&word, text, sizeof word);
  return word;
}

static guint64
read_half (const char *text)
{
  guint32 half;

  memcpy (&half, text, sizeof half);
  return half;
}

/* Eight at a time; of the last ones some are looked at twice. */
static gboolean
is_plain (const char *text, gsize length)
{
  guint64 odd = 0;
  gsize i;

  if (length >= 8)
    {
      for (i = 0; i + 8 < length; i += 8)
        odd |= find_odd (read_word (text + i));
      return (odd | find_odd (read_word (text + length - 8))) == 0;
    }
  if (length >= 4)
    return find_odd (read_half (text) | read_half (text + length - 4) << 32) == 0;
  for (i = 0; i < length; i++)
    if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
      return FALSE;
  return TRUE;
}

static char *
dup_quoted (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), valid);

  return json_to_string (node, FALSE);
}

/* Makes room for more than is known; → where to go on. */
static char *
make_room (GString *out, char *p, gsize length)
{
  gsize used = p - out->str;

  if (used + length < out->allocated_len)
    return p;
  out->len = used;
  g_string_set_size (out, used + length);
  return out->str + used;
}

/* Of a text that is known here, whose length the compiler knows then. */
#define PUT(p, text) ((char *) memcpy ((p), (text), sizeof (text) - 1) + sizeof (text) - 1)

static char *
put_string (GString *out, char *p, const char *value)
{
  gsize length;

  if (value == NULL)
    return PUT (p, "null");
  length = strlen (value);
  p = make_room (out, p, length + ROOM);
  if (!is_plain (value, length))
    {
      g_autofree char *quoted = dup_quoted (value);

      return g_stpcpy (make_room (out, p, strlen (quoted) + ROOM), quoted);
    }
  *p++ = '"';
  memcpy (p, value, length);
  p += length;
  *p++ = '"';
  return p;
}

/* A time as text, but for what is less than a second: that is the same for many. */
typedef struct
{
  const char *format;
  GDateTime *(*make) (gint64 second);
  gint64 second;
  char text[24];
} Stamp;

static char *
put_stamp (char *p, Stamp *self, gint64 time)
{
  gint64 second = time / G_USEC_PER_SEC;

  if (second != self->second)
    {
      g_autoptr (GDateTime) date = self->make (second);
      g_autofree char *text = g_date_time_format (date, self->format);

      g_strlcpy (self->text, text, sizeof self->text);
      self->second = second;
    }
  return g_stpcpy (p, self->text);
}

static char *
put_time (char *p, gint64 time)
{
  static Stamp stamp = { "%Y-%m-%dT%H:%M:%S.", g_date_time_new_from_unix_utc, -1, "" };

  p = put_digits (put_stamp (p, &stamp, time), time % G_USEC_PER_SEC, 6);
  return PUT (p, "Z\"");
}

void
cli_request_line_append_json (GString *out, WeirRequestRecord *record)
{
  guint status = weir_request_record_get_status (record);
  gint64 duration = MAX (0, weir_request_record_get_duration (record));
  char *p = make_room (out, out->str + out->len, ROOM);

  p = put_time (PUT (p, "{\"type\":\"request\",\"time\":\""),
                weir_request_record_get_ended (record));
  p = put_string (out, PUT (p, ",\"method\":"), weir_request_record_get_method (record));
  p = put_string (out, PUT (p, ",\"target\":"), weir_request_record_get_target (record));
  p = PUT (p, ",\"status\":");
  p = status != 0 ? put_number (p, status) : PUT (p, "null");
  p = put_number (PUT (p, ",\"duration_ms\":"), duration / 1000);
  *p++ = '.';
  p = put_digits (p, duration % 1000, 3);
  p = PUT (p, ",\"bytes_received\":");
  p = put_number (p, weir_request_record_get_bytes_received (record));
  p = PUT (p, ",\"bytes_sent\":");
  p = put_number (p, weir_request_record_get_bytes_sent (record));
  p = put_string (out, PUT (p, ",\"function\":"), weir_request_record_get_function (record));
  p = put_string (out, PUT (p, ",\"request_id\":"), weir_request_record_get_request_id (record));
  p = put_string (out, PUT (p, ",\"client\":"), weir_request_record_get_client (record));
  p = put_string (out,
                  PUT (p, ",\"authenticator\":"),
                  weir_request_record_get_authenticator (record));
  p = put_string (out, PUT (p, ",\"subject\":"), weir_request_record_get_subject (record));
  p = PUT (p, ",\"aborted\":");
  p = g_stpcpy (p, weir_request_record_get_aborted (record) ? "true" : "false");
  p = put_string (out, PUT (p, ",\"error\":"), weir_request_record_get_error (record));
  p = PUT (p, "}\n");
  *p = '\0';
  out->len = p - out->str;
}

/* ---- for a person ---- */

static char *
put_style (char *p, gboolean colours, CliStyle style)
{
  return colours ? g_stpcpy (p, cli_style_code (style)) : p;
}

static char *
put_style_end (char *p, gboolean colours)
{
  return colours ? PUT (p, CLI_STYLE_END) : p;
}

static char *
put_clean (GString *out, char *p, const char *text)
{
  gsize length = text != NULL ? strlen (text) : 0;
  g_autofree char *clean = NULL;

  if (length == 0)
    return p;
  p = make_room (out, p, length + ROOM);
  if (is_plain (text, length) && text[length - 1] != ' ')
    return (char *) memcpy (p, text, length) + length;
  clean = cli_clean (text, FALSE);
  return g_stpcpy (make_room (out, p, strlen (clean) + ROOM), clean);
}

static char *
put_clock (char *p, gint64 time)
{
  static Stamp stamp = { "%H:%M:%S", g_date_time_new_from_unix_local, -1, "" };

  return put_stamp (p, &stamp, time);
}

static char *
put_method (GString *out, char *p, const char *method)
{
  gsize start = p - out->str;

  p = put_clean (out, p, method);
  while (p - out->str < (gssize) start + 4)
    *p++ = ' ';
  return p;
}

/* With a digit after the point. */
static char *
put_tenths (char *p, guint64 tenths)
{
  p = put_number (p, tenths / 10);
  *p++ = '.';
  return put_digits (p, tenths % 10, 1);
}

static char *
put_duration (char *p, guint64 microseconds)
{
  if (microseconds < 10 * 1000)
    return PUT (put_tenths (p, (microseconds + 50) / 100), " ms");
  if (microseconds < 1000 * 1000)
    return PUT (put_number (p, (microseconds + 500) / 1000), " ms");
  p = put_number (p, (microseconds + 5000) / 1000000);
  *p++ = '.';
  return PUT (put_digits (p, (microseconds + 5000) / 10000 % 100, 2), " s");
}

static char *
put_size (char *p, guint64 bytes)
{
  static const char *const units[] = { " kB", " MB", " GB", " TB" };
  guint64 size = 1000;
  guint unit = 0;

  if (bytes < size)
    return PUT (put_number (p, bytes), " B");
  for (; bytes / size >= 1000 && unit + 1 < G_N_ELEMENTS (units); unit++)
    size *= 1000;
  return g_stpcpy (put_tenths (p, bytes / (size / 10) + (bytes % (size / 10) >= size / 20)),
                   units[unit]);
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

static char *
put_status (char *p, guint status, gboolean colours)
{
  p = put_style (p, colours, status_style (status));
  p = status != 0 ? put_number (p, status) : PUT (p, "---");
  return put_style_end (p, colours);
}

/* The beginning of an id is enough to tell requests apart. */
static char *
put_id (GString *out, char *p, const char *id, gboolean colours)
{
  char start[9];

  g_strlcpy (start, id != NULL ? id : "-", sizeof start);
  p = put_clean (out, put_style (p, colours, CLI_STYLE_DIM), start);
  return put_style_end (p, colours);
}

/* " jwt:ada", or nothing. */
static char *
put_caller (GString *out, char *p, WeirRequestRecord *record, gboolean colours)
{
  const char *authenticator = weir_request_record_get_authenticator (record);
  const char *subject = weir_request_record_get_subject (record);
  char start[41];

  if (authenticator == NULL)
    return p;
  *p++ = ' ';
  p = put_clean (out, put_style (p, colours, CLI_STYLE_CYAN), authenticator);
  if (subject != NULL)
    {
      g_strlcpy (start, subject, sizeof start);
      *p++ = ':';
      p = put_clean (out, p, start);
    }
  return put_style_end (p, colours);
}

void
cli_request_line_append_text (GString *out, WeirRequestRecord *record, gboolean colours)
{
  const char *function = weir_request_record_get_function (record);
  const char *error = weir_request_record_get_error (record);
  char *p = make_room (out, out->str + out->len, ROOM);

  p = put_style (p, colours, CLI_STYLE_DIM);
  p = put_clock (p, weir_request_record_get_ended (record));
  p = PUT (put_style_end (p, colours), " ");
  p = put_method (out, p, weir_request_record_get_method (record));
  p = put_clean (out, PUT (p, " "), weir_request_record_get_target (record));
  p = put_status (PUT (p, " "), weir_request_record_get_status (record), colours);
  p = put_duration (PUT (p, " "), MAX (0, weir_request_record_get_duration (record)));
  p = put_size (PUT (p, " "), weir_request_record_get_bytes_sent (record));
  p = put_clean (out, PUT (p, " "), function != NULL ? function : "-");
  p = put_id (out, PUT (p, " "), weir_request_record_get_request_id (record), colours);
  p = put_caller (out, p, record, colours);
  if (weir_request_record_get_aborted (record))
    p = put_clean (out, p, _ (" (client left)"));
  if (error != NULL)
    p = put_clean (out, PUT (p, ": "), error);
  *p++ = '\n';
  *p = '\0';
  out->len = p - out->str;
}
