/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* The kind of record that an encrypted secret is kept as. */
#define WEIR_SECRET_KIND "secret"

/* Encrypts and decrypts with one master key. */
typedef struct _WeirSecretBox WeirSecretBox;

WeirSecretBox *weir_secret_box_new (const guint8 *master_key);
void weir_secret_box_free (WeirSecretBox *self);
/* What a store keeps of a secret that has its value. */
WeirRecord *weir_secret_box_close (WeirSecretBox *self, WeirSecret *secret);
/* self: (nullable) without one the secret comes without its value. Damage, another key, and a
 * record that was moved to another name are all WEIR_ERROR_FAILED. */
WeirSecret *weir_secret_box_open (WeirSecretBox *self, WeirRecord *record, GError **error);
/* The key of the record that a secret is kept under. */
char *weir_secret_box_dup_record_key (const char *scope, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSecretBox, weir_secret_box_free)

G_END_DECLS
