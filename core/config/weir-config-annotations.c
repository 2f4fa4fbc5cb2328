/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "// @fluxbase:rate-limit 100/min": what the code of a function says about itself. It was
 * written for another server, so nothing of it is an error here. */

#include "config/weir-config-data-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/weir-rate-limits.h"
#include "base/weir-suggest-private.h"

#define MARK "@fluxbase:"
/* What stands further down is not read. */
#define MAX_SIZE (256 * 1024)
#define MAX_TIMEOUT_S 86400

typedef enum
{
  OPTIONAL,
  LIST,
  FLAG,
  NUMBER,
  SECONDS,
  RATE,
  STRING,
  ALLOW, /* nothing, or true or false */
  DENY,  /* the other way round, and the stronger word */
  SILENT,
} Meaning;

// clang-format off
static const struct
{
  const char *key;
  const char *option;
  Meaning meaning;
} keys[] = {
  { "allow-unauthenticated", "auth", OPTIONAL },
  { "cors-origins", "cors_origins", LIST },
  { "cors-methods", "cors_methods", LIST },
  { "cors-headers", "cors_headers", LIST },
  { "cors-credentials", "cors_credentials", FLAG },
  { "cors-max-age", "cors_max_age", NUMBER },
  { "rate-limit", "rate_limit", RATE },
  { "timeout", "request_timeout_ms", SECONDS },
  { "memory", "memory_limit_mb", NUMBER },
  { "description", NULL, SILENT },
  { "public", NULL, SILENT },
  { "namespace", "namespace", STRING },
  { "disable-execution-logs", "logs", DENY },
  { "disable-logs", "logs", DENY },
  { "allow-net", "allow_net", ALLOW },
  { "deny-net", "allow_net", DENY },
  { "allow-env", "allow_env", ALLOW },
  { "deny-env", "allow_env", DENY },
};
// clang-format on

typedef struct
{
  WeirSource source;
  WeirReport *warnings; /* nullable */
  GHashTable *layer;
  GHashTable *seen;
  WeirRateLimits rate;
  guint line;
  guint rate_line;
} Reader;

static void
warn (Reader *self, const char *key, const char *why)
{
  if (self->warnings != NULL)
    weir_report_warn (self->warnings,
                      "%s:%u: %s%s %s",
                      self->source.name,
                      self->line,
                      MARK,
                      key,
                      why);
}

static WeirNode *
new_node (Reader *self, WeirNodeKind kind, const char *key, guint line)
{
  WeirNode *node = weir_node_new (kind, line, 1);

  node->key = g_strdup (key);
  node->key_line = line;
  node->key_column = 1;
  return node;
}

static void
read_option (Reader *self, const char *name, WeirNode *node)
{
  const WeirOption *option = weir_config_schema_find (WEIR_OPTION_FUNCTION, name);

  weir_source_read (&self->source, self->layer, option, node);
}

static void
read_string (Reader *self, const char *name, const char *text, guint line)
{
  g_autoptr (WeirNode) node = new_node (self, WEIR_NODE_STRING, name, line);

  node->string = g_utf8_make_valid (text, -1);
  read_option (self, name, node);
}

static void
read_list (Reader *self, const char *name, const char *text)
{
  g_autoptr (WeirNode) node = new_node (self, WEIR_NODE_ARRAY, name, self->line);
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  for (char **word = words; *word != NULL; word++)
    {
      WeirNode *child;

      if (*g_strstrip (*word) == '\0')
        continue;
      child = weir_node_new (WEIR_NODE_STRING, self->line, 1);
      child->string = g_utf8_make_valid (*word, -1);
      weir_node_append (node, child);
    }
  read_option (self, name, node);
}

static void
read_number (Reader *self, const char *key, const char *name, const char *text, gint64 factor)
{
  g_autoptr (WeirNode) node = new_node (self, WEIR_NODE_INTEGER, name, self->line);

  if (!g_ascii_string_to_signed (text, 10, 0, G_MAXINT32, &node->integer, NULL) ||
      (factor > 1 && node->integer > MAX_TIMEOUT_S))
    {
      warn (self, key, "is not a number that would do here");
      return;
    }
  node->integer *= factor;
  read_option (self, name, node);
}

static void
read_flag (Reader *self, const char *name, const char *text)
{
  g_autoptr (WeirNode) node = new_node (self, WEIR_NODE_BOOLEAN, name, self->line);

  node->boolean = g_str_equal (text, "true");
  read_option (self, name, node);
}

/* What is denied in one line is not allowed by another. */
static void
read_leave (Reader *self, const char *key, const char *name, const char *text, gboolean deny)
{
  g_autoptr (WeirNode) node = NULL;
  gboolean on = *text == '\0' || g_str_equal (text, "true");

  if (!on && !g_str_equal (text, "false"))
    {
      warn (self, key, "is neither true nor false");
      return;
    }
  if (!deny && weir_layer_get (self->layer, name) != NULL)
    return;
  node = new_node (self, WEIR_NODE_BOOLEAN, name, self->line);
  node->boolean = on != deny;
  read_option (self, name, node);
}

/* One line for each unit; of two for one unit the later counts. */
static void
read_rate (Reader *self, const char *key, const char *text)
{
  WeirRateLimits limits;

  if (!weir_rate_limits_parse (&limits, text) || limits.per_minute > 0 || strchr (text, ','))
    {
      warn (self, key, "is not N/min, N/hour or N/day");
      return;
    }
  if (limits.minute > 0)
    self->rate.minute = limits.minute;
  if (limits.hour > 0)
    self->rate.hour = limits.hour;
  if (limits.day > 0)
    self->rate.day = limits.day;
  if (self->rate_line == 0)
    self->rate_line = self->line;
}

static void
read_unknown (Reader *self, const char *key)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *why = NULL;
  const char *known;

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    g_ptr_array_add (words, (gpointer) keys[i].key);
  g_ptr_array_add (words, NULL);
  known = weir_suggest (key, (const char *const *) words->pdata);
  why = known != NULL ? g_strdup_printf ("is unknown; did you mean %s%s?", MARK, known)
                      : g_strdup ("is unknown");
  warn (self, key, why);
}

static void
read_annotation (Reader *self, const char *key, const char *text)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (keys) && !g_str_equal (keys[i].key, key); i++)
    ;
  if (i == G_N_ELEMENTS (keys))
    {
      read_unknown (self, key);
      return;
    }
  if (keys[i].meaning != RATE && !g_hash_table_add (self->seen, (gpointer) keys[i].key))
    return;

  switch (keys[i].meaning)
    {
    /* Not public: one who says who calls is known, and has to prove it. */
    case OPTIONAL:
      read_string (self, keys[i].option, "optional", self->line);
      break;
    case LIST:
      read_list (self, keys[i].option, text);
      break;
    case FLAG:
      read_flag (self, keys[i].option, text);
      break;
    case NUMBER:
      read_number (self, key, keys[i].option, text, 1);
      break;
    case SECONDS:
      read_number (self, key, keys[i].option, text, 1000);
      break;
    case RATE:
      read_rate (self, key, text);
      break;
    case STRING:
      read_string (self, keys[i].option, text, self->line);
      break;
    case ALLOW:
      read_leave (self, key, keys[i].option, text, FALSE);
      break;
    case DENY:
      read_leave (self, key, keys[i].option, text, TRUE);
      break;
    case SILENT:
      break;
    }
}

/* Only lines that are comment from their beginning: "//", "/" "*" or "*". */
static void
read_line (Reader *self, char *line)
{
  g_autofree char *key = NULL;
  char *end;
  gsize length;

  g_strstrip (line);
  if (g_str_has_prefix (line, "//") || g_str_has_prefix (line, "/*"))
    line += 2;
  else if (*line == '*')
    line += 1;
  else
    return;
  g_strchug (line);
  if (!g_str_has_prefix (line, MARK))
    return;
  line += sizeof MARK - 1;
  length = strspn (line, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_");
  if (length == 0 || length > 64)
    return;

  key = g_ascii_strdown (line, (gssize) length);
  line += length;
  if (*line != '\0' && !g_ascii_isspace (*line) && !g_str_has_prefix (line, "*/"))
    return;
  end = line + strlen (line);
  if (end - line >= 2 && g_str_has_suffix (line, "*/"))
    end[-2] = '\0';
  read_annotation (self, key, g_strstrip (line));
}

/* What is wrong with a value is worth a word, and no more. */
static void
pass_on_problems (Reader *self)
{
  for (guint i = 0; self->warnings != NULL && i < self->source.report->problems->len; i++)
    {
      const GError *error = g_ptr_array_index (self->source.report->problems, i);

      weir_report_warn (self->warnings, "%s", error->message);
    }
}

void
weir_config_parse_annotations (const char *text,
                               gsize length,
                               const char *shown,
                               GHashTable *layer,
                               WeirReport *warnings)
{
  g_autoptr (WeirReport) problems = weir_report_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  Reader self = { .source = { problems, shown, NULL },
                  .warnings = warnings,
                  .layer = layer,
                  .seen = seen };
  const char *end = text + MIN (length, MAX_SIZE);

  while (text < end)
    {
      const char *newline = memchr (text, '\n', end - text);
      gsize size = (newline != NULL ? newline : end) - text;

      self.line++;
      if (g_strstr_len (text, (gssize) size, MARK) != NULL)
        {
          g_autofree char *line = g_strndup (text, size);

          read_line (&self, line);
        }
      text += size + 1;
    }
  if (self.rate_line > 0)
    {
      g_autofree char *rate = weir_rate_limits_to_text (&self.rate);

      read_string (&self, "rate_limit", rate, self.rate_line);
    }
  pass_on_problems (&self);
}

void
weir_config_read_annotations (const char *path,
                              const char *shown,
                              GHashTable *layer,
                              WeirReport *warnings)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  g_autofree char *text = NULL;
  gsize length = 0;
  struct stat status;

  if (fd < 0)
    return;
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    {
      gssize n;

      text = g_malloc (MAX_SIZE);
      while (length < MAX_SIZE &&
             ((n = read (fd, text + length, MAX_SIZE - length)) > 0 || (n < 0 && errno == EINTR)))
        length += MAX (n, 0);
      weir_config_parse_annotations (text, length, shown, layer, warnings);
    }
  close (fd);
}
