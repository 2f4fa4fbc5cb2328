/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-text-private.h"

#include <gio/gio.h>
#include <string.h>

static gboolean
is_address (const char *text)
{
  const char *colon = strrchr (text, ':');
  guint64 port;

  /* A path that is not absolute would lead somewhere else from each folder. */
  if (g_str_has_prefix (text, "unix:"))
    return text[5] == '/' || (text[5] == '@' && text[6] != '\0');
  if (colon == NULL || colon == text || strpbrk (text, " \t\r\n/") != NULL)
    return FALSE;
  if (!g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    return FALSE;
  if (*text == '[')
    return colon[-1] == ']';

  /* An IPv6 address without brackets is ambiguous. */
  return memchr (text, ':', colon - text) == NULL;
}

static gboolean
is_network (const char *text)
{
  g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (text, NULL);

  return mask != NULL || g_str_equal (text, "unix");
}

static gboolean
is_method (const char *text)
{
  static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", NULL };

  return g_strv_contains (methods, text);
}

/* As browsers write it: what differs by a letter is another one. */
static gboolean
is_origin (const char *text)
{
  const char *host = strstr (text, "://");

  if (g_str_equal (text, "*") || g_str_equal (text, "null"))
    return TRUE;
  return host != NULL && host > text && host[3] != '\0' &&
         text[strcspn (text, G_CSET_A_2_Z "*,; \t\"'")] == '\0' && strchr (host + 3, '/') == NULL;
}

const char *
weir_config_text_explain_item (WeirOptionType type, const char *text)
{
  if (type == WEIR_OPTION_ADDRESSES && !is_address (text))
    return "is not host:port, as in \"127.0.0.1:9000\" or \"[::1]:9000\", nor \"unix:/PATH\" or "
           "\"unix:@NAME\"";
  if (type == WEIR_OPTION_NETWORKS && !is_network (text))
    return "is not an address, as in \"10.0.0.1\", \"10.0.0.0/8\" or \"unix\"";
  if (type == WEIR_OPTION_METHODS && !is_method (text))
    return "is none of GET, HEAD, POST, PUT, PATCH and DELETE";
  if (type == WEIR_OPTION_ORIGINS && !is_origin (text))
    return "is not an origin as browsers send it, as in \"https://app.example.com\" or "
           "\"http://localhost:3000\", nor \"*\"";
  return NULL;
}

#define ROUTE_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._~!$&'()*+,;=@/"

/* Whatever could be written in two ways would be two routes. */
const char *
weir_config_text_explain_route (const char *text)
{
  static const char *const taken[] = { "/functions/v1", "/api/v1", "/_weir" };
  g_auto (GStrv) segments = NULL;

  if (*text != '/')
    return "begins with \"/\"";
  if (strchr (text, ':') != NULL)
    return "is one path: there are no patterns such as \":id\"";
  if (text[strspn (text, ROUTE_CHARACTERS)] != '\0' || strlen (text) > 255)
    return "has at most 255 letters, digits and signs that a URL may have as they are";
  segments = g_strsplit (text + 1, "/", -1);
  for (char **segment = segments; *segment != NULL && text[1] != '\0'; segment++)
    if (**segment == '\0' || g_str_equal (*segment, ".") || g_str_equal (*segment, ".."))
      return "has no empty part, nor \".\" nor \"..\"";
  for (gsize i = 0; i < G_N_ELEMENTS (taken); i++)
    if (g_str_has_prefix (text, taken[i]) && strchr ("/", text[strlen (taken[i])]) != NULL)
      return "is none of Weir's own: /functions/v1, /api/v1, /_weir";
  return NULL;
}
