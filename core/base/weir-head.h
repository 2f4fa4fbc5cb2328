/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "base/weir-version.h"

G_BEGIN_DECLS

/* The fields that the core itself asks for; all others are WEIR_FIELD_OTHER. */
typedef enum
{
  WEIR_FIELD_OTHER,
  WEIR_FIELD_ACCEPT_ENCODING,
  WEIR_FIELD_AUTHORIZATION,
  WEIR_FIELD_CONNECTION,
  WEIR_FIELD_CONTENT_LENGTH,
  WEIR_FIELD_CONTENT_TYPE,
  WEIR_FIELD_COOKIE,
  WEIR_FIELD_DATE,
  WEIR_FIELD_EXPECT,
  WEIR_FIELD_FORWARDED,
  WEIR_FIELD_HOST,
  WEIR_FIELD_KEEP_ALIVE,
  WEIR_FIELD_LOCATION,
  WEIR_FIELD_ORIGIN,
  WEIR_FIELD_PROXY_CONNECTION,
  WEIR_FIELD_SEC_WEBSOCKET_PROTOCOL,
  WEIR_FIELD_SERVER,
  WEIR_FIELD_SET_COOKIE,
  WEIR_FIELD_TE,
  WEIR_FIELD_TRACEPARENT,
  WEIR_FIELD_TRAILER,
  WEIR_FIELD_TRANSFER_ENCODING,
  WEIR_FIELD_UPGRADE,
  WEIR_FIELD_X_AUTH_CLAIMS,
  WEIR_FIELD_X_DENO_CLIENT_ADDRESS,
  WEIR_FIELD_X_FORWARDED_FOR,
  WEIR_FIELD_X_REQUEST_ID,
  WEIR_FIELD_LAST /*< skip >*/
} WeirFieldId;

#define WEIR_TYPE_FIELD_ID (weir_field_id_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_field_id_get_type (void) G_GNUC_CONST;

WEIR_AVAILABLE_IN_ALL
WeirFieldId weir_field_id_lookup (const char *name, gsize length);

/* One header field. Neither string ends in a NUL that may be relied on. */
typedef struct
{
  const char *name;
  const char *value;
  guint32 value_length;
  guint16 name_length;
  guint16 id; /* a WeirFieldId */
} WeirField;

/* The head of a request or of a response: start line and fields. It may borrow
 * its strings from whoever parsed it until weir_head_retain() is called.
 * Not thread-safe: it belongs to the exchange that carries it. */
typedef struct _WeirHead WeirHead;

#define WEIR_TYPE_HEAD (weir_head_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_head_get_type (void) G_GNUC_CONST;

WEIR_AVAILABLE_IN_ALL
WeirHead *weir_head_new (void);
WEIR_AVAILABLE_IN_ALL
WeirHead *weir_head_ref (WeirHead *self);
WEIR_AVAILABLE_IN_ALL
void weir_head_unref (WeirHead *self);
/* Copies whatever is still borrowed into the head's own arena. */
WEIR_AVAILABLE_IN_ALL
void weir_head_retain (WeirHead *self);
/* Empties it for another use, keeping the arena's memory. */
WEIR_AVAILABLE_IN_ALL
void weir_head_reset (WeirHead *self);

/* Start line of a request. All four copy. Method "GET"; target in origin form
 * ("/a?b", or "*"); scheme "http"; authority "host:port" as the client wrote it. */
WEIR_AVAILABLE_IN_ALL
void weir_head_set_request (WeirHead *self,
                            const char *method,
                            const char *scheme,
                            const char *authority,
                            const char *target);
WEIR_AVAILABLE_IN_ALL
void weir_head_set_target (WeirHead *self, const char *target);
WEIR_AVAILABLE_IN_ALL
const char *weir_head_get_method (WeirHead *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_head_get_scheme (WeirHead *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_head_get_authority (WeirHead *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_head_get_target (WeirHead *self);

/* Status line of a response. */
WEIR_AVAILABLE_IN_ALL
void weir_head_set_status (WeirHead *self, guint status);
WEIR_AVAILABLE_IN_ALL
guint weir_head_get_status (WeirHead *self);

/* Fields, in the order they arrived; names keep their spelling and compare
 * without regard to case. add copies, add_borrowed does not (C only), set
 * replaces every field of that name by one. */
WEIR_AVAILABLE_IN_ALL
void weir_head_add (WeirHead *self, const char *name, const char *value);
WEIR_AVAILABLE_IN_ALL
void weir_head_add_borrowed (WeirHead *self,
                             WeirFieldId id,
                             const char *name,
                             gsize name_length,
                             const char *value,
                             gsize value_length);
WEIR_AVAILABLE_IN_ALL
void weir_head_set (WeirHead *self, const char *name, const char *value);
WEIR_AVAILABLE_IN_ALL
void weir_head_remove (WeirHead *self, const char *name);
WEIR_AVAILABLE_IN_ALL
void weir_head_remove_id (WeirHead *self, WeirFieldId id);

/* All values of a name joined by ", " (transfer full, nullable). For bindings
 * and slow paths; C on the hot path uses weir_head_find(). */
WEIR_AVAILABLE_IN_ALL
char *weir_head_dup (WeirHead *self, const char *name);
WEIR_AVAILABLE_IN_ALL
char **weir_head_dup_all (WeirHead *self, const char *name);
WEIR_AVAILABLE_IN_ALL
gboolean weir_head_has (WeirHead *self, const char *name);
WEIR_AVAILABLE_IN_ALL
char **weir_head_dup_names (WeirHead *self);

/* Where a request may carry a credential; decoded; NULL without it (transfer full). */
WEIR_AVAILABLE_IN_ALL
char *weir_head_dup_bearer (WeirHead *self); /* of Authorization */
WEIR_AVAILABLE_IN_ALL
char *weir_head_dup_cookie (WeirHead *self, const char *name);
WEIR_AVAILABLE_IN_ALL
char *weir_head_dup_query (WeirHead *self, const char *name);

/* C only: the first field of a well-known name, or NULL; and the whole array. */
WEIR_AVAILABLE_IN_ALL
const WeirField *weir_head_find (WeirHead *self, WeirFieldId id);
WEIR_AVAILABLE_IN_ALL
const WeirField *weir_head_get_fields (WeirHead *self, guint *n_fields);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirHead, weir_head_unref)

G_END_DECLS
