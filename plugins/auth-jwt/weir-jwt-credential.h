/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

typedef enum
{
  WEIR_JWT_LOCATION_HEADER,
  WEIR_JWT_LOCATION_COOKIE,
  WEIR_JWT_LOCATION_QUERY,
} WeirJwtLocation;

#define WEIR_TYPE_JWT_LOCATION (weir_jwt_location_get_type ())

GType weir_jwt_location_get_type (void) G_GNUC_CONST;

/* Where to look for a token. */
typedef struct
{
  WeirJwtLocation location;
  const char *name;       /* NULL: the usual one */
  gboolean strict_scheme; /* "Bearer" as it is spelt here, and one space */
} WeirJwtPlace;

/* A piece of a header, or a copy of something else. */
typedef struct
{
  const char *text;
  gsize length;
  char *owned;
} WeirJwtCredential;

void weir_jwt_credential_clear (WeirJwtCredential *self);

typedef enum
{
  WEIR_JWT_FOUND_NOTHING,
  WEIR_JWT_FOUND_ONE,
  WEIR_JWT_FOUND_SEVERAL, /* which one a function would take cannot be known */
} WeirJwtFound;

WeirJwtFound
weir_jwt_credential_find (WeirJwtCredential *self, WeirHead *head, const WeirJwtPlace *place);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WeirJwtCredential, weir_jwt_credential_clear)

G_END_DECLS
