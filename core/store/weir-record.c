/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-record.h"

/**
 * WeirRecord:
 *
 * One thing that a [iface@Weir.Store] keeps: its kind, its key, perhaps a name, and its
 * fields.
 *
 * The kind and the key together are what it is found by. A name, where there is one, is held
 * by one record of a kind at a time. The fields are a dictionary of the type `a{sv}`. A record
 * is immutable and may be used in any thread.
 *
 * Since: 1.0
 */
struct _WeirRecord
{
  char *kind;
  char *key;
  char *name;
  GVariant *fields;
  guint64 version;
  gint64 created;
  gint64 updated;
};

/* clang-format off */
G_DEFINE_BOXED_TYPE (WeirRecord, weir_record, weir_record_ref, weir_record_unref)
/* clang-format on */

/**
 * weir_record_new:
 * @kind: what sort of thing it is, such as `api-key`
 * @key: what it is found by, among those of its kind
 * @name: (nullable): a name that no other record of the kind has
 * @fields: what is known about it, of the type `a{sv}`; a floating reference is taken over
 *
 * Makes a record that no store has seen yet.
 *
 * Returns: (transfer full): the record
 *
 * Since: 1.0
 */
WeirRecord *
weir_record_new (const char *kind, const char *key, const char *name, GVariant *fields)
{
  return weir_record_new_stored (kind, key, name, fields, 0, 0, 0);
}

/**
 * weir_record_new_stored:
 * @kind: what sort of thing it is
 * @key: what it is found by, among those of its kind
 * @name: (nullable): a name that no other record of the kind has
 * @fields: what is known about it, of the type `a{sv}`; a floating reference is taken over
 * @version: how often it was written
 * @created: when it was first written, in milliseconds since 1970
 * @updated: when it was last written, in milliseconds since 1970
 *
 * Makes the record that a store gives out.
 *
 * Returns: (transfer full): the record
 *
 * Since: 1.0
 */
WeirRecord *
weir_record_new_stored (const char *kind,
                        const char *key,
                        const char *name,
                        GVariant *fields,
                        guint64 version,
                        gint64 created,
                        gint64 updated)
{
  WeirRecord *self;

  g_return_val_if_fail (kind != NULL && *kind != '\0', NULL);
  g_return_val_if_fail (key != NULL && *key != '\0', NULL);
  g_return_val_if_fail (fields != NULL, NULL);
  g_return_val_if_fail (g_variant_is_of_type (fields, G_VARIANT_TYPE_VARDICT), NULL);

  self = g_atomic_rc_box_new0 (WeirRecord);
  self->kind = g_strdup (kind);
  self->key = g_strdup (key);
  self->name = g_strdup (name);
  self->fields = g_variant_ref_sink (fields);
  self->version = version;
  self->created = created;
  self->updated = updated;

  return self;
}

/**
 * weir_record_copy_with:
 * @self: a record
 * @name: (nullable): its other name, or %NULL for none
 * @fields: its other fields, of the type `a{sv}`; a floating reference is taken over
 *
 * Makes what an update writes: it keeps the version, so that a store can tell whether
 * somebody else changed the record meanwhile.
 *
 * Returns: (transfer full): the other record
 *
 * Since: 1.0
 */
WeirRecord *
weir_record_copy_with (WeirRecord *self, const char *name, GVariant *fields)
{
  g_return_val_if_fail (self != NULL, NULL);

  return weir_record_new_stored (self->kind,
                                 self->key,
                                 name,
                                 fields,
                                 self->version,
                                 self->created,
                                 self->updated);
}

/**
 * weir_record_ref:
 * @self: a record
 *
 * Returns: (transfer full): the same record
 *
 * Since: 1.0
 */
WeirRecord *
weir_record_ref (WeirRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

static void
weir_record_clear (gpointer data)
{
  WeirRecord *self = data;

  g_free (self->kind);
  g_free (self->key);
  g_free (self->name);
  g_variant_unref (self->fields);
}

/**
 * weir_record_unref:
 * @self: (transfer full): a record
 *
 * Since: 1.0
 */
void
weir_record_unref (WeirRecord *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release_full (self, weir_record_clear);
}

/**
 * weir_record_get_kind:
 * @self: a record
 *
 * Returns: what sort of thing it is
 *
 * Since: 1.0
 */
const char *
weir_record_get_kind (WeirRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->kind;
}

/**
 * weir_record_get_key:
 * @self: a record
 *
 * Returns: what it is found by, among those of its kind
 *
 * Since: 1.0
 */
const char *
weir_record_get_key (WeirRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->key;
}

/**
 * weir_record_get_name:
 * @self: a record
 *
 * Returns: (nullable): the name that no other record of its kind has
 *
 * Since: 1.0
 */
const char *
weir_record_get_name (WeirRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

/**
 * weir_record_get_fields:
 * @self: a record
 *
 * Returns: (transfer none): what is known about it, of the type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
weir_record_get_fields (WeirRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->fields;
}

/**
 * weir_record_get_version:
 * @self: a record
 *
 * Returns: how often it was written; 0 for one that no store has seen
 *
 * Since: 1.0
 */
guint64
weir_record_get_version (WeirRecord *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->version;
}

/**
 * weir_record_get_created:
 * @self: a record
 *
 * Returns: when it was first written, in milliseconds since 1970
 *
 * Since: 1.0
 */
gint64
weir_record_get_created (WeirRecord *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->created;
}

/**
 * weir_record_get_updated:
 * @self: a record
 *
 * Returns: when it was last written, in milliseconds since 1970
 *
 * Since: 1.0
 */
gint64
weir_record_get_updated (WeirRecord *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->updated;
}

/* ---- changes ---- */

/**
 * WeirChangeAction:
 * @WEIR_CHANGE_CREATE: write a record whose key and name must be free
 * @WEIR_CHANGE_UPDATE: write a record that must be there, in the version given if that is
 *   not 0
 * @WEIR_CHANGE_PUT: write a record, whether it is there or not
 * @WEIR_CHANGE_REMOVE: remove a record that must be there, in the version given if that is
 *   not 0
 *
 * What a change does.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirChangeAction,
                    weir_change_action,
                    G_DEFINE_ENUM_VALUE (WEIR_CHANGE_CREATE, "create"),
                    G_DEFINE_ENUM_VALUE (WEIR_CHANGE_UPDATE, "update"),
                    G_DEFINE_ENUM_VALUE (WEIR_CHANGE_PUT, "put"),
                    G_DEFINE_ENUM_VALUE (WEIR_CHANGE_REMOVE, "remove"))

/**
 * WeirChange:
 *
 * One step of what [method@Weir.Store.apply_async] does completely or not at all.
 *
 * Since: 1.0
 */
struct _WeirChange
{
  WeirChangeAction action;
  WeirRecord *record;
};

/* clang-format off */
G_DEFINE_BOXED_TYPE (WeirChange, weir_change, weir_change_ref, weir_change_unref)
/* clang-format on */

/**
 * weir_change_new:
 * @action: what to do
 * @record: with what; to remove, only its kind, key and version matter
 *
 * Returns: (transfer full): the change
 *
 * Since: 1.0
 */
WeirChange *
weir_change_new (WeirChangeAction action, WeirRecord *record)
{
  WeirChange *self;

  g_return_val_if_fail (record != NULL, NULL);

  self = g_atomic_rc_box_new0 (WeirChange);
  self->action = action;
  self->record = weir_record_ref (record);

  return self;
}

/**
 * weir_change_ref:
 * @self: a change
 *
 * Returns: (transfer full): the same change
 *
 * Since: 1.0
 */
WeirChange *
weir_change_ref (WeirChange *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

static void
weir_change_clear (gpointer data)
{
  WeirChange *self = data;

  weir_record_unref (self->record);
}

/**
 * weir_change_unref:
 * @self: (transfer full): a change
 *
 * Since: 1.0
 */
void
weir_change_unref (WeirChange *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release_full (self, weir_change_clear);
}

/**
 * weir_change_get_action:
 * @self: a change
 *
 * Returns: what it does
 *
 * Since: 1.0
 */
WeirChangeAction
weir_change_get_action (WeirChange *self)
{
  g_return_val_if_fail (self != NULL, WEIR_CHANGE_CREATE);

  return self->action;
}

/**
 * weir_change_get_record:
 * @self: a change
 *
 * Returns: (transfer none): the record that it writes or removes
 *
 * Since: 1.0
 */
WeirRecord *
weir_change_get_record (WeirChange *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->record;
}
