/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-head.h"

#include <string.h>

/**
 * WeirFieldId:
 * @WEIR_FIELD_OTHER: any field that has no word of its own here
 * @WEIR_FIELD_ACCEPT_ENCODING: `accept-encoding`
 * @WEIR_FIELD_AUTHORIZATION: `authorization`
 * @WEIR_FIELD_CONNECTION: `connection`
 * @WEIR_FIELD_CONTENT_LENGTH: `content-length`
 * @WEIR_FIELD_CONTENT_TYPE: `content-type`
 * @WEIR_FIELD_COOKIE: `cookie`
 * @WEIR_FIELD_DATE: `date`
 * @WEIR_FIELD_EXPECT: `expect`
 * @WEIR_FIELD_FORWARDED: `forwarded`
 * @WEIR_FIELD_HOST: `host`
 * @WEIR_FIELD_KEEP_ALIVE: `keep-alive`
 * @WEIR_FIELD_LOCATION: `location`
 * @WEIR_FIELD_ORIGIN: `origin`
 * @WEIR_FIELD_PROXY_CONNECTION: `proxy-connection`
 * @WEIR_FIELD_SEC_WEBSOCKET_PROTOCOL: `sec-websocket-protocol`
 * @WEIR_FIELD_SERVER: `server`
 * @WEIR_FIELD_SET_COOKIE: `set-cookie`
 * @WEIR_FIELD_TE: `te`
 * @WEIR_FIELD_TRACEPARENT: `traceparent`
 * @WEIR_FIELD_TRAILER: `trailer`
 * @WEIR_FIELD_TRANSFER_ENCODING: `transfer-encoding`
 * @WEIR_FIELD_UPGRADE: `upgrade`
 * @WEIR_FIELD_X_AUTH_CLAIMS: `x-auth-claims`
 * @WEIR_FIELD_X_DENO_CLIENT_ADDRESS: `x-deno-client-address`
 * @WEIR_FIELD_X_FORWARDED_FOR: `x-forwarded-for`
 * @WEIR_FIELD_X_REQUEST_ID: `x-request-id`
 *
 * The header fields that the core itself asks for. The nick of a value is the
 * name of the field, in lower case.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirFieldId,
                    weir_field_id,
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_OTHER, "other"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_ACCEPT_ENCODING, "accept-encoding"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_AUTHORIZATION, "authorization"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_CONNECTION, "connection"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_CONTENT_LENGTH, "content-length"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_CONTENT_TYPE, "content-type"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_COOKIE, "cookie"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_DATE, "date"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_EXPECT, "expect"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_FORWARDED, "forwarded"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_HOST, "host"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_KEEP_ALIVE, "keep-alive"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_LOCATION, "location"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_ORIGIN, "origin"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_PROXY_CONNECTION, "proxy-connection"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_SEC_WEBSOCKET_PROTOCOL,
                                         "sec-websocket-protocol"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_SERVER, "server"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_SET_COOKIE, "set-cookie"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_TE, "te"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_TRACEPARENT, "traceparent"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_TRAILER, "trailer"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_TRANSFER_ENCODING, "transfer-encoding"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_UPGRADE, "upgrade"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_X_AUTH_CLAIMS, "x-auth-claims"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_X_DENO_CLIENT_ADDRESS, "x-deno-client-address"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_X_FORWARDED_FOR, "x-forwarded-for"),
                    G_DEFINE_ENUM_VALUE (WEIR_FIELD_X_REQUEST_ID, "x-request-id"))

/* A letter of word also matches the other case, which is one bit apart; letters have a bit that
 * dashes do not have. */
static inline gboolean
matches_eight (const char *name, const char *word)
{
  const guint64 letter = G_GUINT64_CONSTANT (0x4040404040404040);
  guint64 a, b;

  memcpy (&a, name, 8);
  memcpy (&b, word, 8);
  return (a | (b & letter) >> 1) == b;
}

/* word is of small letters and dashes. */
static inline gboolean
matches (const char *name, const char *word, gsize length)
{
  gsize at = 0;

  for (; at + 8 <= length; at += 8)
    {
      if (!matches_eight (name + at, word + at))
        return FALSE;
    }
  if (at > 0 && at < length)
    return matches_eight (name + length - 8, word + length - 8);
  for (; at < length; at++)
    {
      if ((name[at] | (word[at] & 0x40) >> 1) != word[at])
        return FALSE;
    }
  return TRUE;
}

#define TRY(word, id)                                                                              \
  if (matches (name, word, sizeof word - 1))                                                       \
  return id

/**
 * weir_field_id_lookup:
 * @name: the name of a header field; need not end in a NUL
 * @length: the length of @name, in bytes
 *
 * Looks for the well-known field of a name, without regard to case.
 *
 * Returns: what @name is known as, %WEIR_FIELD_OTHER for everything else
 *
 * Since: 1.0
 */
WeirFieldId
weir_field_id_lookup (const char *name, gsize length)
{
  switch (length)
    {
    case 2:
      TRY ("te", WEIR_FIELD_TE);
      break;
    case 4:
      TRY ("host", WEIR_FIELD_HOST);
      TRY ("date", WEIR_FIELD_DATE);
      break;
    case 6:
      TRY ("cookie", WEIR_FIELD_COOKIE);
      TRY ("origin", WEIR_FIELD_ORIGIN);
      TRY ("expect", WEIR_FIELD_EXPECT);
      TRY ("server", WEIR_FIELD_SERVER);
      break;
    case 7:
      TRY ("upgrade", WEIR_FIELD_UPGRADE);
      TRY ("trailer", WEIR_FIELD_TRAILER);
      break;
    case 8:
      TRY ("location", WEIR_FIELD_LOCATION);
      break;
    case 9:
      TRY ("forwarded", WEIR_FIELD_FORWARDED);
      break;
    case 10:
      TRY ("connection", WEIR_FIELD_CONNECTION);
      TRY ("keep-alive", WEIR_FIELD_KEEP_ALIVE);
      TRY ("set-cookie", WEIR_FIELD_SET_COOKIE);
      break;
    case 11:
      TRY ("traceparent", WEIR_FIELD_TRACEPARENT);
      break;
    case 12:
      TRY ("content-type", WEIR_FIELD_CONTENT_TYPE);
      TRY ("x-request-id", WEIR_FIELD_X_REQUEST_ID);
      break;
    case 13:
      TRY ("authorization", WEIR_FIELD_AUTHORIZATION);
      TRY ("x-auth-claims", WEIR_FIELD_X_AUTH_CLAIMS);
      break;
    case 14:
      TRY ("content-length", WEIR_FIELD_CONTENT_LENGTH);
      break;
    case 15:
      TRY ("accept-encoding", WEIR_FIELD_ACCEPT_ENCODING);
      TRY ("x-forwarded-for", WEIR_FIELD_X_FORWARDED_FOR);
      break;
    case 16:
      TRY ("proxy-connection", WEIR_FIELD_PROXY_CONNECTION);
      break;
    case 17:
      TRY ("transfer-encoding", WEIR_FIELD_TRANSFER_ENCODING);
      break;
    case 21:
      TRY ("x-deno-client-address", WEIR_FIELD_X_DENO_CLIENT_ADDRESS);
      break;
    case 22:
      TRY ("sec-websocket-protocol", WEIR_FIELD_SEC_WEBSOCKET_PROTOCOL);
      break;
    default: /* a length, not one of our enums */
      break;
    }
  return WEIR_FIELD_OTHER;
}
