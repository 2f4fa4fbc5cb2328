/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

typedef enum
{
  WEIR_KEY_CREDENTIAL_NONE,
  WEIR_KEY_CREDENTIAL_MALFORMED, /* where only keys belong, and not one key */
  WEIR_KEY_CREDENTIAL_MAYBE,     /* where others have theirs too; it need not be a key */
  WEIR_KEY_CREDENTIAL_KEY,
} WeirKeyCredentialKind;

/* What a request shows in place of a key: a piece of a header, or a copy of something else. */
typedef struct
{
  WeirKeyCredentialKind kind;
  const char *text; /* not terminated */
  gsize length;     /* 0: what is there can be no key */
  char *owned;
} WeirKeyCredential;

/* Longer ones are no keys. */
#define WEIR_KEY_CREDENTIAL_MAX 256

void weir_key_credential_find (WeirKeyCredential *self, WeirHead *head);
void weir_key_credential_clear (WeirKeyCredential *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WeirKeyCredential, weir_key_credential_clear)

G_END_DECLS
