/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-head-private.h"

#include <string.h>

#include "base/weir-text-private.h"

/**
 * WeirField: (skip)
 * @name: the name, @name_length bytes
 * @value: the value, @value_length bytes
 * @value_length: bytes of @value
 * @name_length: bytes of @name
 * @id: the [enum@Weir.FieldId] of @name
 *
 * One header field. Neither string ends in a NUL that may be relied on. C only.
 *
 * Since: 1.0
 */

/**
 * WeirHead:
 *
 * The head of a request or of a response: its start line and its header fields.
 *
 * A head may borrow the strings of its fields from whoever parsed them until
 * [method@Head.retain] is called. It is not thread-safe: it belongs to the
 * exchange that carries it, on the thread where that lives.
 *
 * Since: 1.0
 */

#define FIRST_FIELDS 16

G_DEFINE_BOXED_TYPE (WeirHead, weir_head, weir_head_ref, weir_head_unref)

/**
 * weir_head_new:
 *
 * Creates an empty head.
 *
 * Returns: (transfer full): the new head
 *
 * Since: 1.0
 */
WeirHead *
weir_head_new (void)
{
  WeirHead *self = weir_head_take_spare ();

  if (self == NULL)
    self = g_new0 (WeirHead, 1);
  g_atomic_ref_count_init (&self->ref_count);
  return self;
}

/**
 * weir_head_ref:
 * @self: a head
 *
 * Takes a reference. Any thread may hold one; only one at a time may use it.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
WeirHead *
weir_head_ref (WeirHead *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * weir_head_unref:
 * @self: (transfer full): a head
 *
 * Drops a reference; the last one frees the head.
 *
 * Since: 1.0
 */
void
weir_head_unref (WeirHead *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->ref_count))
    weir_head_keep_spare (self);
}

/**
 * weir_head_retain:
 * @self: a head
 *
 * Copies every string that is still borrowed into the head's own memory. To be
 * called before the memory it was parsed from may change.
 *
 * Since: 1.0
 */
void
weir_head_retain (WeirHead *self)
{
  g_return_if_fail (self != NULL);

  if (!self->borrows)
    return;

  weir_head_arena_keep_fields (self);
  self->borrows = FALSE;
}

/**
 * weir_head_reset:
 * @self: a head
 *
 * Empties the head for another use and keeps its memory. Every string got from
 * it before is gone.
 *
 * Since: 1.0
 */
void
weir_head_reset (WeirHead *self)
{
  g_return_if_fail (self != NULL);

  self->status = 0;
  self->method = self->scheme = self->authority = self->target = NULL;
  self->n_fields = 0;
  self->present = 0;
  self->borrows = FALSE;
  weir_head_arena_reset (self);
}

/**
 * weir_head_set_request:
 * @self: a head
 * @method: (nullable): the method, such as "GET"
 * @scheme: (nullable): "http" or "https"
 * @authority: (nullable): host and port as the client wrote them
 * @target: (nullable): the target in origin form, or "*"
 *
 * Sets the start line of a request.
 *
 * Since: 1.0
 */
void
weir_head_set_request (WeirHead *self,
                       const char *method,
                       const char *scheme,
                       const char *authority,
                       const char *target)
{
  g_return_if_fail (self != NULL);

  self->method = weir_head_arena_dup (self, method);
  self->scheme = weir_head_arena_dup (self, scheme);
  self->authority = weir_head_arena_dup (self, authority);
  self->target = weir_head_arena_dup (self, target);
}

/**
 * weir_head_set_target:
 * @self: a head
 * @target: (nullable): the target in origin form, or "*"
 *
 * Changes the target of a request.
 *
 * Since: 1.0
 */
void
weir_head_set_target (WeirHead *self, const char *target)
{
  g_return_if_fail (self != NULL);

  self->target = weir_head_arena_dup (self, target);
}

/**
 * weir_head_get_method:
 * @self: a head
 *
 * Returns: (nullable): the method of a request
 *
 * Since: 1.0
 */
const char *
weir_head_get_method (WeirHead *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->method;
}

/**
 * weir_head_get_scheme:
 * @self: a head
 *
 * Returns: (nullable): the scheme that the client used
 *
 * Since: 1.0
 */
const char *
weir_head_get_scheme (WeirHead *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->scheme;
}

/**
 * weir_head_get_authority:
 * @self: a head
 *
 * Returns: (nullable): host and port as the client wrote them
 *
 * Since: 1.0
 */
const char *
weir_head_get_authority (WeirHead *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->authority;
}

/**
 * weir_head_get_target:
 * @self: a head
 *
 * Returns: (nullable): path and query of a request, or "*"
 *
 * Since: 1.0
 */
const char *
weir_head_get_target (WeirHead *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->target;
}

/**
 * weir_head_set_status:
 * @self: a head
 * @status: a status code
 *
 * Sets the status of a response.
 *
 * Since: 1.0
 */
void
weir_head_set_status (WeirHead *self, guint status)
{
  g_return_if_fail (self != NULL);

  self->status = status;
}

/**
 * weir_head_get_status:
 * @self: a head
 *
 * Returns: the status of a response; 0 for a request
 *
 * Since: 1.0
 */
guint
weir_head_get_status (WeirHead *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->status;
}

/* A name is a token and a value has no line in it: a stage that copies text of a
 * client into a field must not be able to add a second field by it. */
static gboolean
is_valid_name (const char *name)
{
  gsize length = name != NULL ? strlen (name) : 0;

  return length > 0 && length <= G_MAXUINT16 &&
         weir_text_skip (name, length, WEIR_TEXT_TOKEN) == length;
}

static gboolean
is_valid_value (const char *value)
{
  return value != NULL && strpbrk (value, "\r\n") == NULL && strlen (value) <= G_MAXUINT32;
}

/* Most of the ids that are asked for were never there. */
static gboolean
may_have (WeirHead *self, WeirFieldId id)
{
  return (self->present & G_GUINT64_CONSTANT (1) << id) != 0;
}

static gboolean
field_is (const WeirField *field, WeirFieldId id, const char *name, gsize length)
{
  if (field->id != id)
    return FALSE;
  return id != WEIR_FIELD_OTHER ||
         (field->name_length == length && g_ascii_strncasecmp (field->name, name, length) == 0);
}

void
weir_head_grow (WeirHead *self)
{
  self->n_allocated = self->n_allocated == 0 ? FIRST_FIELDS : self->n_allocated * 2;
  self->fields = g_renew (WeirField, self->fields, self->n_allocated);
}

/* Takes out every field of the name from `from` on. */
static void
remove_from (WeirHead *self, guint from, WeirFieldId id, const char *name, gsize length)
{
  guint kept = from;

  for (guint i = from; i < self->n_fields; i++)
    {
      if (!field_is (&self->fields[i], id, name, length))
        self->fields[kept++] = self->fields[i];
    }
  self->n_fields = kept;
}

static WeirField
copy_field (WeirHead *self,
            const char *name,
            gsize name_length,
            const char *value,
            gsize value_length)
{
  return (WeirField){
    .name = weir_head_arena_copy (self, name, name_length),
    .value = weir_head_arena_copy (self, value, value_length),
    .value_length = value_length,
    .name_length = name_length,
    .id = weir_field_id_lookup (name, name_length),
  };
}

/**
 * weir_head_add:
 * @self: a head
 * @name: the name of a field; a token
 * @value: its value, without line breaks
 *
 * Adds a field after those that are there, even if there is one of that name.
 *
 * Since: 1.0
 */
void
weir_head_add (WeirHead *self, const char *name, const char *value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (is_valid_name (name));
  g_return_if_fail (is_valid_value (value));

  weir_head_append (self, copy_field (self, name, strlen (name), value, strlen (value)));
}

/**
 * weir_head_add_borrowed: (skip)
 * @self: a head
 * @id: what weir_field_id_lookup() says of @name
 * @name: the name, which the caller has checked
 * @name_length: its length; at most 65535
 * @value: the value, which the caller has checked
 * @value_length: its length
 *
 * Adds a field without a copy. Both strings must stay as they are until
 * [method@Head.retain], [method@Head.reset] or the end of the head.
 *
 * Since: 1.0
 */
void
weir_head_add_borrowed (WeirHead *self,
                        WeirFieldId id,
                        const char *name,
                        gsize name_length,
                        const char *value,
                        gsize value_length)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (id < WEIR_FIELD_LAST);
  g_return_if_fail (name_length <= G_MAXUINT16 && value_length <= G_MAXUINT32);

  weir_head_lend (self, id, name, name_length, value, value_length);
}

/**
 * weir_head_set:
 * @self: a head
 * @name: the name of a field; a token
 * @value: its value, without line breaks
 *
 * Replaces every field of that name by one, which stands where the first stood.
 *
 * Since: 1.0
 */
void
weir_head_set (WeirHead *self, const char *name, const char *value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (is_valid_name (name));
  g_return_if_fail (is_valid_value (value));

  weir_head_put (self, name, strlen (name), value, strlen (value));
}

void
weir_head_put (WeirHead *self,
               const char *name,
               gsize name_length,
               const char *value,
               gsize value_length)
{
  WeirField field = copy_field (self, name, name_length, value, value_length);

  for (guint i = 0; i < self->n_fields; i++)
    {
      if (!field_is (&self->fields[i], field.id, field.name, field.name_length))
        continue;
      self->fields[i] = field;
      remove_from (self, i + 1, field.id, field.name, field.name_length);
      return;
    }
  weir_head_append (self, field);
}

/**
 * weir_head_remove:
 * @self: a head
 * @name: the name of a field
 *
 * Removes every field of that name.
 *
 * Since: 1.0
 */
void
weir_head_remove (WeirHead *self, const char *name)
{
  gsize length;

  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  length = strlen (name);
  remove_from (self, 0, weir_field_id_lookup (name, length), name, length);
}

/**
 * weir_head_remove_id:
 * @self: a head
 * @id: a well-known field; not %WEIR_FIELD_OTHER
 *
 * Removes every field of a well-known name.
 *
 * Since: 1.0
 */
void
weir_head_remove_id (WeirHead *self, WeirFieldId id)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (id > WEIR_FIELD_OTHER && id < WEIR_FIELD_LAST);

  if (may_have (self, id))
    remove_from (self, 0, id, NULL, 0);
}

void
weir_head_remove_field (WeirHead *self, const WeirField *field)
{
  remove_from (self, 0, field->id, field->name, field->name_length);
}

/**
 * weir_head_find: (skip)
 * @self: a head
 * @id: a well-known field; not %WEIR_FIELD_OTHER
 *
 * Finds the first field of a well-known name.
 *
 * Returns: (nullable): the field, until the head is changed
 *
 * Since: 1.0
 */
const WeirField *
weir_head_find (WeirHead *self, WeirFieldId id)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (!may_have (self, id))
    return NULL;
  for (guint i = 0; i < self->n_fields; i++)
    {
      if (self->fields[i].id == id)
        return &self->fields[i];
    }
  return NULL;
}

/**
 * weir_head_get_fields: (skip)
 * @self: a head
 * @n_fields: (out) (optional): how many there are
 *
 * Gives the fields, in the order they arrived.
 *
 * Returns: (nullable): the fields, until the head is changed
 *
 * Since: 1.0
 */
const WeirField *
weir_head_get_fields (WeirHead *self, guint *n_fields)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (n_fields != NULL)
    *n_fields = self->n_fields;
  return self->fields;
}
