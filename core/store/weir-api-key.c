/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-api-key.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/weir-error.h"

#define LIVE "flx_live_"
#define TEST "flx_test_"
/* 32 characters of 62: 190 bits. */
#define RANDOM_LENGTH 32
#define ID_LENGTH 12
/* "flx_live_" and four more. */
#define PREFIX_LENGTH 13
#define MAX_NAME 256

/**
 * WeirApiKey:
 *
 * What is known about one API key. The key itself is not: whoever made it has seen it once,
 * and only its digest is kept.
 *
 * It is immutable and may be used in any thread. All times are milliseconds since 1970.
 *
 * Since: 1.0
 */
struct _WeirApiKey
{
  char *id;
  char *name;
  char *hash;
  char *prefix;
  char *plan;
  char **scopes;
  gint64 created;
  gint64 last_used;
  gint64 expires;
  gint64 revoked;
  guint64 version;
};

/* clang-format off */
G_DEFINE_BOXED_TYPE (WeirApiKey, weir_api_key, weir_api_key_ref, weir_api_key_unref)
/* clang-format on */

/**
 * weir_api_key_ref:
 * @self: a key
 *
 * Returns: (transfer full): the same key
 *
 * Since: 1.0
 */
WeirApiKey *
weir_api_key_ref (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

static void
weir_api_key_clear (gpointer data)
{
  WeirApiKey *self = data;

  g_free (self->id);
  g_free (self->name);
  g_free (self->hash);
  g_free (self->prefix);
  g_free (self->plan);
  g_strfreev (self->scopes);
}

/**
 * weir_api_key_unref:
 * @self: (transfer full): a key
 *
 * Since: 1.0
 */
void
weir_api_key_unref (WeirApiKey *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release_full (self, weir_api_key_clear);
}

static WeirApiKey *
weir_api_key_copy (WeirApiKey *self)
{
  WeirApiKey *copy = g_atomic_rc_box_new0 (WeirApiKey);

  copy->id = g_strdup (self->id);
  copy->name = g_strdup (self->name);
  copy->hash = g_strdup (self->hash);
  copy->prefix = g_strdup (self->prefix);
  copy->plan = g_strdup (self->plan);
  copy->scopes = g_strdupv (self->scopes);
  copy->created = self->created;
  copy->last_used = self->last_used;
  copy->expires = self->expires;
  copy->revoked = self->revoked;
  copy->version = self->version;

  return copy;
}

/* ---- a new one ---- */

static gboolean
fill_random (guint8 *bytes, gsize length, GError **error)
{
  gsize done = 0;

  while (done < length)
    {
      gssize n = getrandom (bytes + done, length - done, 0);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_set_error (error,
                       WEIR_ERROR,
                       WEIR_ERROR_FAILED,
                       "The system has no random numbers: %s",
                       g_strerror (errno));
          return FALSE;
        }
      done += n;
    }

  return TRUE;
}

static gboolean
append_random (GString *text, gsize length, GError **error)
{
  static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const guint n_digits = sizeof digits - 1;
  const guint limit = 256 - 256 % n_digits; /* beyond it, some digits would come more often */
  gsize done = 0;

  while (done < length)
    {
      guint8 bytes[64];

      if (!fill_random (bytes, sizeof bytes, error))
        return FALSE;
      for (guint i = 0; i < sizeof bytes && done < length; i++)
        if (bytes[i] < limit)
          {
            g_string_append_c (text, digits[bytes[i] % n_digits]);
            done++;
          }
    }

  return TRUE;
}

static gboolean
check_name (const char *name, GError **error)
{
  gsize length = strlen (name);
  gboolean printable = length > 0 && length <= MAX_NAME && g_utf8_validate (name, length, NULL);

  for (const char *p = name; printable && *p != '\0'; p = g_utf8_next_char (p))
    printable = !g_unichar_iscntrl (g_utf8_get_char (p));
  if (printable)
    return TRUE;

  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_INVALID_ARGUMENT,
               "The name of an API key is 1 to %d bytes of text on one line",
               MAX_NAME);
  return FALSE;
}

/**
 * weir_api_key_generate:
 * @name: what its owner calls it; no two keys that are in force have the same name
 * @test: whether it is marked as one for tests
 * @plan: (nullable): the plan that limits its use
 * @scopes: (nullable) (array zero-terminated=1): what it may do; %NULL or empty is everything
 * @expires: when it ends, or 0 for never
 * @key: (out) (transfer full): the key, to be shown and forgotten
 * @error: return location for an error
 *
 * Makes a key. It is nowhere yet: [method@Weir.ApiKey.to_record] is what a store keeps.
 *
 * Returns: (transfer full): what to keep of it, or %NULL with
 *   [error@Weir.Error.INVALID_ARGUMENT] when the name is not text on one line
 *
 * Since: 1.0
 */
WeirApiKey *
weir_api_key_generate (const char *name,
                       gboolean test,
                       const char *plan,
                       const char *const *scopes,
                       gint64 expires,
                       char **key,
                       GError **error)
{
  g_autoptr (GString) secret = g_string_new (test ? TEST : LIVE);
  g_autoptr (GString) id = g_string_new ("key_");
  WeirApiKey *self;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (key != NULL, NULL);

  if (!check_name (name, error) || !append_random (secret, RANDOM_LENGTH, error) ||
      !append_random (id, ID_LENGTH, error))
    return NULL;

  self = g_atomic_rc_box_new0 (WeirApiKey);
  self->id = g_strdup (id->str);
  self->name = g_strdup (name);
  self->hash = weir_api_key_digest (secret->str);
  self->prefix = g_strndup (secret->str, PREFIX_LENGTH);
  self->plan = g_strdup (plan);
  self->scopes = scopes != NULL ? g_strdupv ((char **) scopes) : g_new0 (char *, 1);
  self->created = g_get_real_time () / 1000;
  self->expires = expires;
  *key = g_strdup (secret->str);

  return self;
}

/**
 * weir_api_key_digest:
 * @key: the text of a key
 *
 * Returns: (transfer full): what is kept of it: its SHA-256, in lower-case hexadecimal
 *
 * Since: 1.0
 */
char *
weir_api_key_digest (const char *key)
{
  g_return_val_if_fail (key != NULL, NULL);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
}

/* ---- from and to a store ---- */

/**
 * weir_api_key_new_from_record:
 * @record: what a store gave
 * @error: return location for an error
 *
 * Returns: (transfer full): the key, or %NULL with [error@Weir.Error.FAILED] when the record
 *   is none of a key
 *
 * Since: 1.0
 */
WeirApiKey *
weir_api_key_new_from_record (WeirRecord *record, GError **error)
{
  g_autoptr (WeirApiKey) self = NULL;
  GVariant *fields;

  g_return_val_if_fail (record != NULL, NULL);

  self = g_atomic_rc_box_new0 (WeirApiKey);
  self->id = g_strdup (weir_record_get_key (record));
  self->created = weir_record_get_created (record);
  self->version = weir_record_get_version (record);
  fields = weir_record_get_fields (record);
  if (!g_str_equal (weir_record_get_kind (record), WEIR_API_KEY_KIND) ||
      !g_variant_lookup (fields, "name", "s", &self->name) ||
      !g_variant_lookup (fields, "hash", "s", &self->hash) || strlen (self->hash) != 64 ||
      !g_variant_lookup (fields, "prefix", "s", &self->prefix))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FAILED,
                   "The record “%s” is no API key",
                   weir_record_get_key (record));
      return NULL;
    }
  g_variant_lookup (fields, "plan", "s", &self->plan);
  if (!g_variant_lookup (fields, "scopes", "^as", &self->scopes))
    self->scopes = g_new0 (char *, 1);
  g_variant_lookup (fields, "created", "x", &self->created);
  g_variant_lookup (fields, "last-used", "x", &self->last_used);
  g_variant_lookup (fields, "expires", "x", &self->expires);
  g_variant_lookup (fields, "revoked", "x", &self->revoked);

  return g_steal_pointer (&self);
}

static void
add_time (GVariantBuilder *builder, const char *name, gint64 time)
{
  if (time != 0)
    g_variant_builder_add (builder, "{sv}", name, g_variant_new_int64 (time));
}

/**
 * weir_api_key_to_record:
 * @self: a key
 *
 * Returns: (transfer full): what a store keeps of it. One that was revoked leaves its name to
 *   others.
 *
 * Since: 1.0
 */
WeirRecord *
weir_api_key_to_record (WeirApiKey *self)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_builder_add (&builder, "{sv}", "name", g_variant_new_string (self->name));
  g_variant_builder_add (&builder, "{sv}", "hash", g_variant_new_string (self->hash));
  g_variant_builder_add (&builder, "{sv}", "prefix", g_variant_new_string (self->prefix));
  if (self->plan != NULL)
    g_variant_builder_add (&builder, "{sv}", "plan", g_variant_new_string (self->plan));
  g_variant_builder_add (&builder,
                         "{sv}",
                         "scopes",
                         g_variant_new_strv ((const char *const *) self->scopes, -1));
  add_time (&builder, "created", self->created);
  add_time (&builder, "last-used", self->last_used);
  add_time (&builder, "expires", self->expires);
  add_time (&builder, "revoked", self->revoked);

  return weir_record_new_stored (WEIR_API_KEY_KIND,
                                 self->id,
                                 self->revoked == 0 ? self->name : NULL,
                                 g_variant_builder_end (&builder),
                                 self->version,
                                 self->created,
                                 0);
}

/**
 * weir_api_key_revoke:
 * @self: a key
 * @when: since when it opens nothing any more
 *
 * Returns: (transfer full): the key, revoked; the time stays that of the first time
 *
 * Since: 1.0
 */
WeirApiKey *
weir_api_key_revoke (WeirApiKey *self, gint64 when)
{
  WeirApiKey *other;

  g_return_val_if_fail (self != NULL, NULL);

  other = weir_api_key_copy (self);
  if (other->revoked == 0)
    other->revoked = when;

  return other;
}

/**
 * weir_api_key_use:
 * @self: a key
 * @when: when somebody came with it
 *
 * Returns: (transfer full): the key, last used then or later
 *
 * Since: 1.0
 */
WeirApiKey *
weir_api_key_use (WeirApiKey *self, gint64 when)
{
  WeirApiKey *other;

  g_return_val_if_fail (self != NULL, NULL);

  other = weir_api_key_copy (self);
  other->last_used = MAX (other->last_used, when);

  return other;
}

/* ---- what is known ---- */

/**
 * weir_api_key_get_id:
 * @self: a key
 *
 * Returns: what it is called in logs; it opens nothing
 *
 * Since: 1.0
 */
const char *
weir_api_key_get_id (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->id;
}

/**
 * weir_api_key_get_name:
 * @self: a key
 *
 * Returns: what its owner calls it
 *
 * Since: 1.0
 */
const char *
weir_api_key_get_name (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

/**
 * weir_api_key_get_hash:
 * @self: a key
 *
 * Returns: what [func@Weir.ApiKey.digest] makes of its text
 *
 * Since: 1.0
 */
const char *
weir_api_key_get_hash (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->hash;
}

/**
 * weir_api_key_get_prefix:
 * @self: a key
 *
 * Returns: its first characters, by which its owner knows it
 *
 * Since: 1.0
 */
const char *
weir_api_key_get_prefix (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->prefix;
}

/**
 * weir_api_key_get_plan:
 * @self: a key
 *
 * Returns: (nullable): the plan that limits its use
 *
 * Since: 1.0
 */
const char *
weir_api_key_get_plan (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->plan;
}

/**
 * weir_api_key_get_scopes:
 * @self: a key
 *
 * Returns: (transfer none) (array zero-terminated=1): what it may do; empty is everything
 *
 * Since: 1.0
 */
const char *const *
weir_api_key_get_scopes (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->scopes;
}

/**
 * weir_api_key_get_created:
 * @self: a key
 *
 * Returns: when it was made
 *
 * Since: 1.0
 */
gint64
weir_api_key_get_created (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->created;
}

/**
 * weir_api_key_get_last_used:
 * @self: a key
 *
 * Returns: when somebody last came with it, or 0. It is written now and then, not each time.
 *
 * Since: 1.0
 */
gint64
weir_api_key_get_last_used (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->last_used;
}

/**
 * weir_api_key_get_expires:
 * @self: a key
 *
 * Returns: when it ends, or 0 for never
 *
 * Since: 1.0
 */
gint64
weir_api_key_get_expires (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->expires;
}

/**
 * weir_api_key_get_revoked:
 * @self: a key
 *
 * Returns: since when it opens nothing any more, or 0
 *
 * Since: 1.0
 */
gint64
weir_api_key_get_revoked (WeirApiKey *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->revoked;
}

/**
 * weir_api_key_is_valid:
 * @self: a key
 * @when: a time
 *
 * Returns: whether it is in force then, neither revoked nor expired
 *
 * Since: 1.0
 */
gboolean
weir_api_key_is_valid (WeirApiKey *self, gint64 when)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->revoked == 0 && (self->expires == 0 || when < self->expires);
}
