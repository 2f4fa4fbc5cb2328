/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-rate-limits.h"

#include <string.h>

/**
 * WeirRateLimits:
 * @per_minute: calls that are given back in a minute, one by one; 0 for no limit of this kind
 * @burst: calls that may be made at once when none was made for long
 * @minute: calls within a minute; 0 for no limit
 * @hour: calls within an hour; 0 for no limit
 * @day: calls within a day; 0 for no limit
 *
 * How often somebody may call: at a rate with room for a burst, or so many times within a
 * window that the first call opens.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (WeirRateLimits, weir_rate_limits, weir_rate_limits_copy, weir_rate_limits_free)

/**
 * weir_rate_limits_copy:
 * @self: limits
 *
 * Returns: (transfer full): a copy
 *
 * Since: 1.0
 */
WeirRateLimits *
weir_rate_limits_copy (const WeirRateLimits *self)
{
  return g_memdup2 (self, sizeof *self);
}

/**
 * weir_rate_limits_free:
 * @self: (transfer full): limits
 *
 * Since: 1.0
 */
void
weir_rate_limits_free (WeirRateLimits *self)
{
  g_free (self);
}

static const char *
skip_spaces (const char *text)
{
  while (*text == ' ' || *text == '\t')
    text++;
  return text;
}

/* What follows the number, or NULL. */
static const char *
read_number (const char *text, guint32 *number)
{
  guint64 value = 0;

  if (!g_ascii_isdigit (*text))
    return NULL;
  for (; g_ascii_isdigit (*text); text++)
    {
      value = value * 10 + (*text - '0');
      if (value > WEIR_RATE_LIMITS_MAX)
        return NULL;
    }
  if (value == 0)
    return NULL;
  *number = value;
  return text;
}

static const char *
skip_word (const char *text, const char *word)
{
  gsize length = strlen (word);

  if (g_ascii_strncasecmp (text, word, length) != 0 || g_ascii_isalnum (text[length]))
    return NULL;
  return text + length;
}

static const char *
read_window (WeirRateLimits *self, const char *text)
{
  guint32 number;
  const char *rest = read_number (text, &number);
  const char *end;

  if (rest == NULL || *rest != '/')
    return NULL;
  rest++;
  if ((end = skip_word (rest, "min")) != NULL || (end = skip_word (rest, "minute")) != NULL)
    self->minute = number;
  else if ((end = skip_word (rest, "hour")) != NULL)
    self->hour = number;
  else if ((end = skip_word (rest, "day")) != NULL)
    self->day = number;
  return end;
}

/* The window of a minute that was read is a rate after all when a burst is named with it. */
static const char *
read_burst (WeirRateLimits *self, const char *text)
{
  const char *rest = skip_word (text, "burst");

  if (rest == NULL || self->minute == 0)
    return NULL;
  rest = read_number (skip_spaces (rest), &self->burst);
  self->per_minute = self->minute;
  self->minute = 0;
  return rest;
}

static gboolean
read_text (WeirRateLimits *self, const char *text)
{
  const char *rest = read_window (self, skip_spaces (text));

  if (rest == NULL)
    return FALSE;
  rest = skip_spaces (rest);
  if (g_ascii_isalpha (*rest))
    {
      rest = read_burst (self, rest);
      return rest != NULL && *skip_spaces (rest) == '\0';
    }
  while (*rest == ',')
    {
      rest = read_window (self, skip_spaces (rest + 1));
      if (rest == NULL)
        return FALSE;
      rest = skip_spaces (rest);
    }
  return *rest == '\0';
}

/**
 * weir_rate_limits_parse: (skip)
 * @self: where to put the numbers
 * @text: `60/min burst 120`, or `100/min, 1000/hour, 5000/day` with any of the three
 *
 * Reads limits as configuration writes them, without allocating anything.
 *
 * Returns: whether @text is that; if not, @self is all zero
 *
 * Since: 1.0
 */
gboolean
weir_rate_limits_parse (WeirRateLimits *self, const char *text)
{
  memset (self, 0, sizeof *self);
  if (read_text (self, text))
    return TRUE;

  memset (self, 0, sizeof *self);
  return FALSE;
}

/**
 * weir_rate_limits_new_from_text:
 * @text: `60/min burst 120`, or `100/min, 1000/hour, 5000/day` with any of the three
 *
 * Reads limits as configuration writes them.
 *
 * Returns: (transfer full) (nullable): the limits, or %NULL if @text is something else
 *
 * Since: 1.0
 */
WeirRateLimits *
weir_rate_limits_new_from_text (const char *text)
{
  WeirRateLimits limits;

  g_return_val_if_fail (text != NULL, NULL);

  return weir_rate_limits_parse (&limits, text) ? weir_rate_limits_copy (&limits) : NULL;
}

static void
append_window (GString *text, guint32 number, const char *unit)
{
  if (number > 0)
    g_string_append_printf (text, "%s%u/%s", text->len > 0 ? ", " : "", number, unit);
}

/**
 * weir_rate_limits_to_text:
 * @self: limits
 *
 * Returns: (transfer full): as [func@Weir.RateLimits.new_from_text] reads it
 *
 * Since: 1.0
 */
char *
weir_rate_limits_to_text (const WeirRateLimits *self)
{
  GString *text = g_string_new (NULL);

  g_return_val_if_fail (self != NULL, NULL);

  if (self->per_minute > 0)
    g_string_append_printf (text, "%u/min burst %u", self->per_minute, self->burst);
  append_window (text, self->minute, "min");
  append_window (text, self->hour, "hour");
  append_window (text, self->day, "day");
  return g_string_free (text, FALSE);
}
