/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h> /* the only header of Weir there is for a plugin */

/* An authenticator: knows everybody who shows the badge. */

#define ACME_TYPE_BADGE (acme_badge_get_type ())
G_DECLARE_FINAL_TYPE (AcmeBadge, acme_badge, ACME, BADGE, GObject)

struct _AcmeBadge
{
  GObject parent_instance;

  char *badge;
};

static void acme_badge_authenticator_init (WeirAuthenticatorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (AcmeBadge,
                               acme_badge,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_AUTHENTICATOR,
                                                      acme_badge_authenticator_init))

static void
acme_badge_authenticate (WeirAuthenticator *authenticator, WeirExchange *exchange, GTask *task)
{
  AcmeBadge *self = ACME_BADGE (authenticator);
  g_autofree char *badge = weir_head_dup (weir_exchange_get_request (exchange), "x-badge");

  if (badge == NULL) /* not our business: the next one's turn */
    weir_task_return_identity (task, NULL);
  else if (g_strcmp0 (badge, self->badge) == 0)
    weir_task_return_boxed (task, WEIR_TYPE_IDENTITY, weir_identity_new ("badge"));
  else
    g_task_return_new_error (task, WEIR_ERROR, WEIR_ERROR_UNAUTHORIZED, "Wrong badge");
}

static void
acme_badge_authenticator_init (WeirAuthenticatorInterface *iface)
{
  iface->authenticate = acme_badge_authenticate;
}

static void
acme_badge_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  g_free (ACME_BADGE (object)->badge);
  ACME_BADGE (object)->badge = g_value_dup_string (value);
}

static void
acme_badge_finalize (GObject *object)
{
  g_free (ACME_BADGE (object)->badge);
  G_OBJECT_CLASS (acme_badge_parent_class)->finalize (object);
}

static void
acme_badge_class_init (AcmeBadgeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = acme_badge_set_property;
  object_class->finalize = acme_badge_finalize;
  g_object_class_install_property (
      object_class,
      1,
      g_param_spec_string ("badge",
                           NULL,
                           NULL,
                           NULL,
                           G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
}

static void
acme_badge_init (AcmeBadge *self)
{
}

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_AUTHENTICATOR,
                                            "badge",
                                            ACME_TYPE_BADGE,
                                            error);
}

WEIR_PLUGIN_DEFINE (acme_badge, "acme-badge", activate);
