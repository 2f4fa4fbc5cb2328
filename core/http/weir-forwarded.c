/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-forwarded-private.h"

#include <string.h>

/* "[" INET6_ADDRSTRLEN "]:65535" and to spare. */
#define NODE_MAX_LENGTH 64
#define AUTHORITY_MAX_LENGTH 255
/* A chain of more proxies than this is not one. */
#define MAX_ELEMENTS 64

void
weir_forwarded_clear (WeirForwarded *self)
{
  g_clear_object (&self->client);
  g_clear_pointer (&self->scheme, g_free);
  g_clear_pointer (&self->authority, g_free);
}

/* ---- the words of a header ---- */

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t';
}

static gboolean
read_port (const char *text, guint16 *port)
{
  guint64 value;

  if (strlen (text) > 5 || !g_ascii_string_to_unsigned (text, 10, 0, 65535, &value, NULL))
    return FALSE;
  *port = (guint16) value;
  return TRUE;
}

GInetAddress *
weir_forwarded_parse_node (const char *text, gsize length, guint16 *port)
{
  char node[NODE_MAX_LENGTH + 1];
  char *address = node;
  char *colon;

  *port = 0;
  if (length == 0 || length > NODE_MAX_LENGTH || memchr (text, '\0', length) != NULL ||
      memchr (text, '%', length) != NULL)
    return NULL;
  memcpy (node, text, length);
  node[length] = '\0';

  if (node[0] == '[')
    {
      char *end = strchr (node, ']');

      if (end == NULL || memchr (node, ':', end - node) == NULL ||
          (end[1] != '\0' && (end[1] != ':' || !read_port (end + 2, port))))
        return NULL;
      *end = '\0';
      address++;
    }
  else if ((colon = strchr (node, ':')) != NULL && strchr (colon + 1, ':') == NULL)
    {
      if (!read_port (colon + 1, port))
        return NULL;
      *colon = '\0';
    }
  return g_inet_address_new_from_string (address);
}

static char *
dup_scheme (const char *text, gsize length)
{
  if (length == 5 && g_ascii_strncasecmp (text, "https", 5) == 0)
    return g_strdup ("https");
  if (length == 4 && g_ascii_strncasecmp (text, "http", 4) == 0)
    return g_strdup ("http");
  if (length == 3 && g_ascii_strncasecmp (text, "wss", 3) == 0)
    return g_strdup ("https");
  if (length == 2 && g_ascii_strncasecmp (text, "ws", 2) == 0)
    return g_strdup ("http");
  return NULL;
}

static char *
dup_authority (const char *text, gsize length)
{
  if (length == 0 || length > AUTHORITY_MAX_LENGTH)
    return NULL;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && (text[i] == '\0' || strchr (".-_:[]", text[i]) == NULL))
      return NULL;
  return g_strndup (text, length);
}

/* ---- X-Forwarded-* ---- */

typedef struct
{
  const char *start; /* NULL: there are no more */
  const char *text;
  gsize length;
} Cursor;

static void
start_at_end (Cursor *self, const char *list)
{
  self->start = list;
  self->text = list != NULL ? list + strlen (list) + 1 : NULL;
}

/* The next one to the left, without the spaces around it. */
static gboolean
step_left (Cursor *self)
{
  const char *end;
  const char *begin;

  if (self->start == NULL || self->text <= self->start)
    return FALSE;
  end = self->text - 1; /* the comma, or the end */
  begin = end;
  while (begin > self->start && begin[-1] != ',')
    begin--;
  self->text = begin;
  while (begin < end && is_space (*begin))
    begin++;
  while (end > begin && is_space (end[-1]))
    end--;
  self->length = end - begin;
  return TRUE;
}

static const char *
get_word (const Cursor *self)
{
  const char *word = self->text;

  while (is_space (*word))
    word++;
  return word;
}

/* The one so many from the right, or the first there is. */
static gboolean
find_from_right (Cursor *self, const char *list, guint n)
{
  gboolean found = FALSE;

  start_at_end (self, list);
  for (guint i = 0; i < n && step_left (self); i++)
    found = TRUE;
  return found;
}

/* Returns how many proxies have added to the lists, the peer included. */
static guint
find_client (WeirForwarded *self, WeirTrustedProxies *proxies, const char *list)
{
  Cursor cursor;
  guint n_hops = 0;

  start_at_end (&cursor, list);
  while (n_hops < MAX_ELEMENTS && step_left (&cursor))
    {
      guint16 port;
      g_autoptr (GInetAddress) address =
          weir_forwarded_parse_node (get_word (&cursor), cursor.length, &port);

      if (address == NULL)
        break;
      g_set_object (&self->client, address);
      self->port = port;
      n_hops++;
      if (!weir_trusted_proxies_match (proxies, address))
        break;
    }
  return MAX (n_hops, 1);
}

void
weir_forwarded_read_x (WeirForwarded *self,
                       WeirTrustedProxies *proxies,
                       const char *forwarded_for,
                       const char *forwarded_proto,
                       const char *forwarded_host)
{
  guint n_hops = find_client (self, proxies, forwarded_for);
  Cursor cursor;

  if (find_from_right (&cursor, forwarded_proto, n_hops))
    self->scheme = dup_scheme (get_word (&cursor), cursor.length);
  if (find_from_right (&cursor, forwarded_host, n_hops))
    self->authority = dup_authority (get_word (&cursor), cursor.length);
}

/* ---- Forwarded ---- */

typedef struct
{
  char *node;
  char *proto;
  char *host;
} Element;

static void
clear_element (gpointer data)
{
  Element *element = data;

  g_free (element->node);
  g_free (element->proto);
  g_free (element->host);
}

static gboolean
is_token_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Forgives what many write without the quotes that it would need: addresses with a colon. */
static gboolean
is_value_char (char c)
{
  return is_token_char (c) || (c != '\0' && strchr (":[]", c) != NULL);
}

static const char *
read_token (const char *text, gboolean (*is_good) (char c), char **token)
{
  const char *end = text;

  while (is_good (*end))
    end++;
  if (end == text)
    return NULL;
  *token = g_strndup (text, end - text);
  return end;
}

static const char *
read_quoted (const char *text, char **value)
{
  g_autoptr (GString) plain = g_string_new (NULL);

  for (text++; *text != '"'; text++)
    {
      if (*text == '\\')
        text++;
      if ((guchar) *text < 0x20 && *text != '\t')
        return NULL;
      g_string_append_c (plain, *text);
    }
  *value = g_strdup (plain->str);
  return text + 1;
}

static const char *
skip_spaces (const char *text)
{
  while (is_space (*text))
    text++;
  return text;
}

/* name "=" value; a name that comes twice in one element makes it an error. */
static const char *
read_pair (const char *text, Element *element)
{
  g_autofree char *name = NULL;
  g_autofree char *value = NULL;
  char **place = NULL;

  text = read_token (text, is_token_char, &name);
  if (text == NULL || *text != '=')
    return NULL;
  text++;
  text = *text == '"' ? read_quoted (text, &value) : read_token (text, is_value_char, &value);
  if (text == NULL)
    return NULL;

  if (g_ascii_strcasecmp (name, "for") == 0)
    place = &element->node;
  else if (g_ascii_strcasecmp (name, "proto") == 0)
    place = &element->proto;
  else if (g_ascii_strcasecmp (name, "host") == 0)
    place = &element->host;
  if (place != NULL && *place != NULL)
    return NULL;
  if (place != NULL)
    *place = g_steal_pointer (&value);
  return text;
}

static const char *
read_element (const char *text, Element *element)
{
  for (;;)
    {
      text = skip_spaces (text);
      if (*text == '\0' || *text == ',')
        return text;
      if (*text == ';')
        {
          text++;
          continue;
        }
      text = read_pair (text, element);
      if (text == NULL)
        return NULL;
      text = skip_spaces (text);
      if (*text != ';' && *text != ',' && *text != '\0')
        return NULL;
    }
}

static GArray *
read_elements (const char *text)
{
  g_autoptr (GArray) elements = g_array_new (FALSE, TRUE, sizeof (Element));

  g_array_set_clear_func (elements, clear_element);
  for (;; text++)
    {
      g_array_set_size (elements, elements->len + 1);
      text = read_element (text, &g_array_index (elements, Element, elements->len - 1));
      if (text == NULL || elements->len > MAX_ELEMENTS)
        return NULL;
      if (*text == '\0')
        return g_steal_pointer (&elements);
    }
}

void
weir_forwarded_read (WeirForwarded *self, WeirTrustedProxies *proxies, const char *forwarded)
{
  g_autoptr (GArray) elements = forwarded != NULL ? read_elements (forwarded) : NULL;
  const Element *told = NULL;

  for (guint i = elements != NULL ? elements->len : 0; i > 0; i--)
    {
      const Element *element = &g_array_index (elements, Element, i - 1);
      g_autoptr (GInetAddress) address = NULL;
      guint16 port;

      if (told == NULL)
        told = element;
      if (element->node != NULL)
        address = weir_forwarded_parse_node (element->node, strlen (element->node), &port);
      if (address == NULL)
        break;
      told = element;
      g_set_object (&self->client, address);
      self->port = port;
      if (!weir_trusted_proxies_match (proxies, address))
        break;
    }
  if (told != NULL && told->proto != NULL)
    self->scheme = dup_scheme (told->proto, strlen (told->proto));
  if (told != NULL && told->host != NULL)
    self->authority = dup_authority (told->host, strlen (told->host));
}
