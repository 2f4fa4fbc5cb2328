/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* JSON from strangers: strict, bounded in depth, and with each name of an object once. */

typedef enum
{
  WEIR_JWT_NULL,
  WEIR_JWT_BOOLEAN,
  WEIR_JWT_NUMBER,
  WEIR_JWT_STRING,
  WEIR_JWT_ARRAY,
  WEIR_JWT_OBJECT,
} WeirJwtKind;

/* A piece of the text that was parsed, which must stay. */
typedef struct
{
  WeirJwtKind kind;
  const char *text;
  gsize length;
} WeirJwtValue;

typedef struct _WeirJwtObject WeirJwtObject;

/* The whole text must be one object. Errors: WEIR_ERROR_INVALID_ARGUMENT, without a word of
 * the text. */
WeirJwtObject *weir_jwt_object_parse (const char *text, gsize length, GError **error);
void weir_jwt_object_free (WeirJwtObject *self);
const WeirJwtValue *weir_jwt_object_find (WeirJwtObject *self, const char *name);
/* NULL when there is none, or it is no string. */
char *weir_jwt_object_dup_string (WeirJwtObject *self, const char *name);

char *weir_jwt_value_dup_string (const WeirJwtValue *value);
gboolean weir_jwt_value_get_number (const WeirJwtValue *value, double *number);
/* The elements of an array, of WeirJwtValue; NULL when it is none. */
GArray *weir_jwt_value_list (const WeirJwtValue *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirJwtObject, weir_jwt_object_free)

G_END_DECLS
