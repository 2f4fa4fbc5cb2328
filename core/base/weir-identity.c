/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-identity-private.h"

#include <string.h>

#include "base/weir-json-text-private.h"
#include "base/weir-task.h"

/**
 * WeirIdentity:
 *
 * Who calls, as a [iface@Weir.Authenticator] found out: a subject, a role, the claims that
 * were made, and the key that vouches for them. It does not change, and any thread may use it.
 *
 * A function sees the claims in the header `X-Auth-Claims`, as base64url of the JSON object.
 *
 * Since: 1.0
 */
struct _WeirIdentity
{
  char *subject;
  char *role;
  char *claims;
  char *key_id;
  char *plan;
  char *encoded;
  gsize encoded_length;
  const char *authenticator; /* atomic, interned */
};

G_DEFINE_BOXED_TYPE (WeirIdentity, weir_identity, weir_identity_ref, weir_identity_unref)

/**
 * weir_identity_new:
 * @subject: who it is
 *
 * Returns: (transfer full): an identity that is no more than a name
 *
 * Since: 1.0
 */
WeirIdentity *
weir_identity_new (const char *subject)
{
  g_return_val_if_fail (subject != NULL, NULL);

  return weir_identity_new_full (subject, NULL, NULL, NULL);
}

static char *
make_claims (const char *subject, const char *role)
{
  GString *json = g_string_new ("{");

  if (subject != NULL)
    {
      g_string_append (json, "\"sub\":");
      weir_json_append_string (json, subject);
    }
  if (role != NULL)
    {
      g_string_append (json, subject != NULL ? ",\"role\":" : "\"role\":");
      weir_json_append_string (json, role);
    }
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

static char *
encode (const char *text, gsize *length)
{
  char *encoded = g_base64_encode ((const guchar *) text, strlen (text));

  *length = strcspn (encoded, "=");
  encoded[*length] = '\0';
  for (char *p = encoded; *p != '\0'; p++)
    {
      if (*p == '+')
        *p = '-';
      else if (*p == '/')
        *p = '_';
    }
  return encoded;
}

/**
 * weir_identity_new_full:
 * @subject: (nullable): who it is
 * @role: (nullable): what it may do, in one word
 * @claims: (nullable): a JSON object with all that is known; %NULL to make one of the others
 * @key_id: (nullable): the name of the key that vouches for it, never the key
 *
 * Returns: (transfer full): an identity
 *
 * Since: 1.0
 */
WeirIdentity *
weir_identity_new_full (const char *subject,
                        const char *role,
                        const char *claims,
                        const char *key_id)
{
  WeirIdentity *self = g_atomic_rc_box_new0 (WeirIdentity);

  self->subject = g_strdup (subject);
  self->role = g_strdup (role);
  self->claims = claims != NULL ? g_strdup (claims) : make_claims (subject, role);
  self->key_id = g_strdup (key_id);
  self->encoded = encode (self->claims, &self->encoded_length);
  return self;
}

/**
 * weir_identity_copy_with_plan:
 * @self: an identity
 * @plan: (nullable): the name of one of the plans that `rate_limits` of the configuration has
 *
 * A caller with a plan is limited by that plan, wherever it calls, and not by what single
 * functions say.
 *
 * Returns: (transfer full): the same caller, on @plan
 *
 * Since: 1.0
 */
WeirIdentity *
weir_identity_copy_with_plan (WeirIdentity *self, const char *plan)
{
  WeirIdentity *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = weir_identity_new_full (self->subject, self->role, self->claims, self->key_id);
  copy->plan = g_strdup (plan);
  return copy;
}

static void
weir_identity_clear (gpointer data)
{
  WeirIdentity *self = data;

  g_free (self->subject);
  g_free (self->role);
  g_free (self->claims);
  g_free (self->key_id);
  g_free (self->plan);
  g_free (self->encoded);
}

/**
 * weir_identity_ref:
 * @self: an identity
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
WeirIdentity *
weir_identity_ref (WeirIdentity *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

/**
 * weir_identity_unref:
 * @self: (transfer full): an identity
 *
 * Since: 1.0
 */
void
weir_identity_unref (WeirIdentity *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release_full (self, weir_identity_clear);
}

/**
 * weir_identity_get_subject:
 * @self: an identity
 *
 * Returns: (nullable): who it is
 *
 * Since: 1.0
 */
const char *
weir_identity_get_subject (WeirIdentity *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->subject;
}

/**
 * weir_identity_get_role:
 * @self: an identity
 *
 * Returns: (nullable): what it may do, in one word
 *
 * Since: 1.0
 */
const char *
weir_identity_get_role (WeirIdentity *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->role;
}

/**
 * weir_identity_get_claims:
 * @self: an identity
 *
 * Returns: a JSON object with all that is known
 *
 * Since: 1.0
 */
const char *
weir_identity_get_claims (WeirIdentity *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->claims;
}

/**
 * weir_identity_get_key_id:
 * @self: an identity
 *
 * Returns: (nullable): the name of the key that vouches for it
 *
 * Since: 1.0
 */
const char *
weir_identity_get_key_id (WeirIdentity *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->key_id;
}

/**
 * weir_identity_get_plan:
 * @self: an identity
 *
 * Returns: (nullable): the plan that limits how often it may call
 *
 * Since: 1.0
 */
const char *
weir_identity_get_plan (WeirIdentity *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->plan;
}

/**
 * weir_identity_get_authenticator:
 * @self: an identity
 *
 * Returns: (nullable): what configuration calls the authenticator that found it out
 *
 * Since: 1.0
 */
const char *
weir_identity_get_authenticator (WeirIdentity *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_pointer_get (&self->authenticator);
}

const char *
weir_identity_get_encoded (WeirIdentity *self, gsize *length)
{
  *length = self->encoded_length;
  return self->encoded;
}

void
weir_identity_take (WeirIdentity *self, const char *name)
{
  if (g_atomic_pointer_get (&self->authenticator) == NULL)
    g_atomic_pointer_set (&self->authenticator, name);
}

/**
 * weir_task_return_identity:
 * @task: the task that [vfunc@Weir.Authenticator.authenticate] was given
 * @identity: (nullable) (transfer none): who calls, or %NULL when the request has nothing that
 *   this authenticator looks at
 *
 * Answers an authenticator's task.
 *
 * Since: 1.0
 */
void
weir_task_return_identity (GTask *task, WeirIdentity *identity)
{
  weir_task_return_boxed (task,
                          WEIR_TYPE_IDENTITY,
                          identity != NULL ? weir_identity_ref (identity) : NULL);
}
