/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-control-channel-private.h"

#include <json-glib/json-glib.h>

#define NESTING_MAX 16
#define WORD_MAX 128
#define FILE_MAX 4096

/* How many events of a kind there were since the window opened. */
typedef struct
{
  const char *what;
  WeirControlChannel *channel;
  gint64 opened;
  guint count;
  guint dropped;
  guint64 timer;
} Window;

struct _WeirControlChannel
{
  WeirClock *clock;
  const WeirControlChannelCallbacks *callbacks;
  gpointer user_data;
  gboolean settled; /* ready or failed was said */
  gboolean second_said;
  gboolean closed;
  Window logs;
  Window errors;
};

static const char *const form_words[] = { "serve", "fetch", "default", "handler",
                                          "flux",  "node",  NULL };
static const char *const level_words[] = { "info", "debug", "warn", "error", NULL };
static const char *const code_words[] = {
  "threw", "syntax", "missing-module", "not-cached", "not-permitted", "no-handler", "timeout", NULL
};
static const char *const kind_words[] = { "uncaught", "handler", "response", "rejection", NULL };

/* The parser calls itself for each level: a line of brackets must not eat the stack. It also
 * takes comments and single quotes, in which a quote of ours could hide; JSON has neither. */
static gboolean
is_flat_enough (const char *line)
{
  guint depth = 0;
  gboolean quoted = FALSE;

  for (const char *p = line; *p != '\0'; p++)
    {
      if (*p == '\\' && quoted && p[1] != '\0')
        p++;
      else if (*p == '"')
        quoted = !quoted;
      else if (!quoted && (*p == '/' || *p == '\''))
        return FALSE;
      else if (!quoted && (*p == '{' || *p == '['))
        {
          if (++depth > NESTING_MAX)
            return FALSE;
        }
      else if (!quoted && (*p == '}' || *p == ']') && depth > 0)
        depth--;
    }
  return TRUE;
}

static JsonNode *
parse (const char *line)
{
  g_autoptr (JsonParser) parser = NULL;

  if (line[0] != '{' || !is_flat_enough (line))
    return NULL;
  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, line, -1, NULL))
    return NULL;
  if (json_parser_get_root (parser) == NULL ||
      !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  return json_parser_steal_root (parser);
}

/* A string member, valid and no longer than it may be; NULL if it is none. Escapes can
 * make surrogates that are no characters, so what the parser gives is checked again. */
static char *
dup_text (JsonObject *object, const char *name, glong max)
{
  JsonNode *node = json_object_get_member (object, name);
  char *text;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  text = g_utf8_make_valid (json_node_get_string (node), -1);
  if (strlen (text) > (gsize) max && g_utf8_strlen (text, -1) > max)
    *g_utf8_offset_to_pointer (text, max) = '\0';
  return text;
}

/* One of the words of a closed list; its first word stands for what is not in it. */
static const char *
get_word (JsonObject *object, const char *name, const char *const *words)
{
  g_autofree char *text = dup_text (object, name, WORD_MAX);

  for (guint i = 0; text != NULL && words[i] != NULL; i++)
    if (g_str_equal (text, words[i]))
      return words[i];
  return words[0];
}

static gint64
get_number (JsonObject *object, const char *name, gint64 max)
{
  JsonNode *node = json_object_get_member (object, name);
  double number;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return 0;
  if (json_node_get_value_type (node) != G_TYPE_INT64 &&
      json_node_get_value_type (node) != G_TYPE_DOUBLE)
    return 0;
  number = json_node_get_double (node);
  return number > 0 ? (gint64) MIN (number, (double) max) : 0;
}

/* An id that did not come from us word for word must not get into a log line. */
static char *
dup_request_id (JsonObject *object)
{
  g_autofree char *id = dup_text (object, "request_id", WORD_MAX);

  if (id == NULL || id[0] == '\0')
    return NULL;
  for (const char *p = id; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p))
      return NULL;
  return g_steal_pointer (&id);
}

static void
emit_log (WeirControlChannel *self, const char *level, const char *message, const char *id)
{
  if (!self->closed && self->callbacks->log != NULL)
    self->callbacks->log (level, message, id, self->user_data);
}

static void
on_window_over (gpointer user_data)
{
  Window *window = user_data;
  g_autofree char *text = g_strdup_printf ("%u more %s dropped: over %d in %d seconds",
                                           window->dropped,
                                           window->what,
                                           WEIR_CONTROL_EVENTS_MAX,
                                           WEIR_CONTROL_WINDOW_MS / 1000);

  window->timer = 0;
  window->dropped = 0;
  emit_log (window->channel, "warn", text, NULL);
}

/* FALSE: too many; the event is counted, and the count is said when the window is over. */
static gboolean
admit (WeirControlChannel *self, Window *window)
{
  gint64 now = weir_clock_now (self->clock);
  gint64 length = (gint64) WEIR_CONTROL_WINDOW_MS * 1000;

  if (window->count == 0 || now - window->opened >= length)
    {
      window->opened = now;
      window->count = 0;
    }
  if (window->count < WEIR_CONTROL_EVENTS_MAX)
    {
      window->count++;
      return TRUE;
    }
  window->dropped++;
  if (window->timer == 0)
    window->timer = weir_clock_arm (self->clock,
                                    (window->opened + length - now + 999) / 1000,
                                    on_window_over,
                                    window);
  return FALSE;
}

static void
take_log (WeirControlChannel *self, JsonObject *object)
{
  g_autofree char *message = dup_text (object, "message", WEIR_CONTROL_MESSAGE_MAX);
  g_autofree char *id = dup_request_id (object);

  if (admit (self, &self->logs))
    emit_log (self, get_word (object, "level", level_words), message != NULL ? message : "", id);
}

/* Free with clear_failure(): its strings are its own while it is being made. */
static void
read_failure (JsonObject *object, WeirWorkerFailure *failure)
{
  failure->message = dup_text (object, "message", WEIR_CONTROL_MESSAGE_MAX);
  if (failure->message == NULL)
    failure->message = g_strdup ("no message");
  failure->stack = dup_text (object, "stack", WEIR_CONTROL_STACK_MAX);
  failure->file = dup_text (object, "file", FILE_MAX);
  failure->line = get_number (object, "line", G_MAXINT);
  failure->column = get_number (object, "column", G_MAXINT);
  failure->source = dup_text (object, "source", WEIR_CONTROL_SOURCE_MAX);
  failure->request_id = dup_request_id (object);
}

static void
clear_failure (WeirWorkerFailure *failure)
{
  g_free ((char *) failure->message);
  g_free ((char *) failure->stack);
  g_free ((char *) failure->file);
  g_free ((char *) failure->source);
  g_free ((char *) failure->request_id);
}

static void
take_error (WeirControlChannel *self, JsonObject *object)
{
  WeirWorkerFailure failure = { .kind = get_word (object, "kind", kind_words) };

  if (!admit (self, &self->errors))
    return;
  read_failure (object, &failure);
  if (self->callbacks->error != NULL)
    self->callbacks->error (&failure, self->user_data);
  clear_failure (&failure);
}

/* TRUE for the first answer to the load command. */
static gboolean
settle (WeirControlChannel *self, const char *type)
{
  if (!self->settled)
    {
      self->settled = TRUE;
      return TRUE;
    }
  if (!self->second_said)
    g_info ("A worker answered the load command more than once (%s); it is ignored", type);
  self->second_said = TRUE;
  return FALSE;
}

static void
take_ready (WeirControlChannel *self, JsonObject *object)
{
  JsonNode *load_ms = json_object_get_member (object, "load_ms");
  double number = 0;

  if (!settle (self, "ready"))
    return;
  if (load_ms != NULL && JSON_NODE_HOLDS_VALUE (load_ms))
    number = json_node_get_double (load_ms);
  if (!(number >= 0 && number < 1e9))
    number = 0;
  if (self->callbacks->ready != NULL)
    self->callbacks->ready (get_word (object, "form", form_words), number, self->user_data);
}

static void
take_failed (WeirControlChannel *self, JsonObject *object)
{
  WeirWorkerFailure failure = { .kind = get_word (object, "code", code_words) };

  if (!settle (self, "failed"))
    return;
  read_failure (object, &failure);
  if (self->callbacks->failed != NULL)
    self->callbacks->failed (&failure, self->user_data);
  clear_failure (&failure);
}

static void
take_task (WeirControlChannel *self, JsonObject *object)
{
  if (self->callbacks->task != NULL)
    self->callbacks->task (get_number (object, "pending", G_MAXINT), self->user_data);
}

static void
take_pong (WeirControlChannel *self, JsonObject *object)
{
  if (self->callbacks->pong != NULL)
    self->callbacks->pong (get_number (object, "id", G_MAXINT), self->user_data);
}

static const struct
{
  const char *type;
  void (*take) (WeirControlChannel *self, JsonObject *object);
} events[] = {
  { "log", take_log },     { "error", take_error },   { "task", take_task },
  { "ready", take_ready }, { "failed", take_failed }, { "pong", take_pong },
};

void
weir_control_channel_take_line (WeirControlChannel *self, const char *line)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *type = NULL;

  g_return_if_fail (line != NULL);

  if (self->closed)
    return;
  node = parse (line);
  if (node == NULL)
    {
      weir_control_channel_take_text (self, line);
      return;
    }
  type = dup_text (json_node_get_object (node), "type", WORD_MAX);
  for (guint i = 0; type != NULL && i < G_N_ELEMENTS (events); i++)
    if (g_str_equal (events[i].type, type))
      {
        events[i].take (self, json_node_get_object (node));
        return;
      }
}

void
weir_control_channel_take_text (WeirControlChannel *self, const char *text)
{
  g_autofree char *cut = NULL;

  g_return_if_fail (text != NULL);

  if (self->closed || text[0] == '\0' || !admit (self, &self->logs))
    return;
  if (g_utf8_strlen (text, -1) > WEIR_CONTROL_MESSAGE_MAX)
    cut = g_utf8_substring (text, 0, WEIR_CONTROL_MESSAGE_MAX);
  emit_log (self, "info", cut != NULL ? cut : text, NULL);
}

WeirControlChannel *
weir_control_channel_new (WeirClock *clock,
                          const WeirControlChannelCallbacks *callbacks,
                          gpointer user_data)
{
  WeirControlChannel *self = g_new0 (WeirControlChannel, 1);

  self->clock = g_object_ref (clock);
  self->callbacks = callbacks;
  self->user_data = user_data;
  self->logs.what = "log messages were";
  self->logs.channel = self;
  self->errors.what = "errors were";
  self->errors.channel = self;
  return self;
}

void
weir_control_channel_close (WeirControlChannel *self)
{
  self->closed = TRUE;
  weir_clock_disarm (self->clock, self->logs.timer);
  weir_clock_disarm (self->clock, self->errors.timer);
  self->logs.timer = self->errors.timer = 0;
}

void
weir_control_channel_free (WeirControlChannel *self)
{
  weir_control_channel_close (self);
  g_object_unref (self->clock);
  g_free (self);
}
