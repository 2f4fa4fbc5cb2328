/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-node-private.h"

G_BEGIN_DECLS

typedef enum
{
  WEIR_OPTION_SERVER,
  WEIR_OPTION_FUNCTION,
} WeirOptionScope;

typedef enum
{
  WEIR_OPTION_BOOLEAN,
  WEIR_OPTION_INTEGER,
  WEIR_OPTION_STRING,
  WEIR_OPTION_NAME,     /* letters, digits, "-" and "_", a letter first */
  WEIR_OPTION_ROUTE,    /* a path of URLs */
  WEIR_OPTION_METHODS,  /* an array of methods of HTTP */
  WEIR_OPTION_WORD,     /* one of those that "unit" has, as "open|closed" */
  WEIR_OPTION_RATE,     /* limits, "off", or the name of a plan */
  WEIR_OPTION_ORIGINS,  /* an array of what browsers send as Origin, and "*" */
  WEIR_OPTION_NETWORKS, /* an array of addresses, with or without a mask, and "unix" */
  WEIR_OPTION_PATH,     /* made absolute when read */
  WEIR_OPTION_STRINGS,  /* an array */
  WEIR_OPTION_FLAGS,    /* an array, or one string that stands for it */
  WEIR_OPTION_PATHS,
  WEIR_OPTION_ADDRESSES, /* "host:port" */
  WEIR_OPTION_TABLE,     /* of strings */
  WEIR_OPTION_AUTH,      /* a word, or a boolean that stands for one */
} WeirOptionType;

/* One option. This is the only list of them: what is accepted, what it defaults to, what
 * `config explain` shows and what the manual says all come from here. */
typedef struct
{
  const char *name;     /* dotted for options in a table */
  const char *spelling; /* the camelCase one of function.json, or NULL */
  WeirOptionScope scope;
  WeirOptionType type;
  gint64 minimum;
  gint64 maximum;
  const char *fallback; /* GVariant text, or NULL for none */
  const char *unit;     /* for the manual, or NULL */
  const char *doc;
} WeirOption;

const WeirOption *weir_config_schema_get_options (guint *n_options);
const WeirOption *weir_config_schema_find (WeirOptionScope scope, const char *name);
/* The built-in value, or NULL. */
GVariant *weir_config_schema_dup_fallback (const WeirOption *option);
/* NULL when nothing is near enough. Of the server's options only those whose dotted name
 * begins with prefix are looked at, and the answer is without it. */
const char *
weir_config_schema_suggest (WeirOptionScope scope, const char *prefix, const char *name);

/* The table of the manual, as Markdown. */
char *weir_config_schema_dup_markdown (WeirOptionScope scope);

G_END_DECLS
