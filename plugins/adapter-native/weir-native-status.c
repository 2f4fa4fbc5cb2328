/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-native-status.h"

#include <string.h>

/* RFC 9110 §15 and the registry. */
static const char *
get_phrase (guint status)
{
  static const struct
  {
    guint status;
    const char *phrase;
  } phrases[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 203, "Non-Authoritative Information" },
    { 204, "No Content" },
    { 205, "Reset Content" },
    { 206, "Partial Content" },
    { 207, "Multi-Status" },
    { 208, "Already Reported" },
    { 226, "IM Used" },
    { 300, "Multiple Choices" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 402, "Payment Required" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 407, "Proxy Authentication Required" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 416, "Range Not Satisfiable" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 423, "Locked" },
    { 424, "Failed Dependency" },
    { 425, "Too Early" },
    { 426, "Upgrade Required" },
    { 428, "Precondition Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 451, "Unavailable For Legal Reasons" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
    { 507, "Insufficient Storage" },
    { 511, "Network Authentication Required" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (phrases); i++)
    {
      if (phrases[i].status == status)
        return phrases[i].phrase;
    }
  return "";
}

gsize
weir_native_status_write (guint status, char *line)
{
  const char *phrase = get_phrase (status);
  gsize length = strlen (phrase);

  memcpy (line, "HTTP/1.1 ", 9);
  line[9] = (char) ('0' + status / 100 % 10);
  line[10] = (char) ('0' + status / 10 % 10);
  line[11] = (char) ('0' + status % 10);
  line[12] = ' ';
  memcpy (line + 13, phrase, length);
  memcpy (line + 13 + length, "\r\n", 2);
  return 13 + length + 2;
}

WeirError
weir_native_status_get_error (guint status, const char **word)
{
  switch (status)
    {
    case 405:
      *word = "method-not-allowed";
      return WEIR_ERROR_METHOD_NOT_ALLOWED;
    case 408:
      *word = "request-timeout";
      return WEIR_ERROR_REQUEST_TIMEOUT;
    case 413:
      *word = "body-too-large";
      return WEIR_ERROR_BODY_TOO_LARGE;
    case 414:
      *word = "uri-too-long";
      return WEIR_ERROR_URI_TOO_LONG;
    case 431:
      *word = "head-too-large";
      return WEIR_ERROR_HEAD_TOO_LARGE;
    case 503:
      *word = "overloaded";
      return WEIR_ERROR_OVERLOADED;
    case 501:
    case 505:
      *word = "not-supported";
      return WEIR_ERROR_NOT_SUPPORTED;
    default:
      *word = "bad-request";
      return WEIR_ERROR_BAD_REQUEST;
    }
}
