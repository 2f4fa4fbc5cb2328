/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-secrets-private.h"

#include <string.h>

#include "base/weir-signal-private.h"
#include "server/weir-stores-private.h"

struct _WeirSecrets
{
  GObject parent_instance;

  WeirSecretStore *store;
  GCancellable *cancellable;
  char **lines;
  gboolean reading;
  gboolean read_again; /* something changed while they were read */
};

enum
{
  SIGNAL_CHANGED,
  SIGNAL_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WeirSecrets, weir_secrets, G_TYPE_OBJECT)

static void
free_lines (char **lines)
{
  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    explicit_bzero (lines[i], strlen (lines[i]));
  g_strfreev (lines);
}

static char **
make_lines (GPtrArray *secrets)
{
  char **lines = g_new0 (char *, secrets->len + 1);

  for (guint i = 0; i < secrets->len; i++)
    lines[i] = g_strconcat (weir_secret_get_name (secrets->pdata[i]),
                            "=",
                            weir_secret_get_value (secrets->pdata[i]),
                            NULL);

  return lines;
}

static void
take_lines (WeirSecrets *self, char **lines)
{
  gboolean same = g_strv_equal ((const char *const *) self->lines, (const char *const *) lines);

  free_lines (self->lines);
  self->lines = lines;
  if (!same)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void read_all (WeirSecrets *self);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (WeirSecrets) self = user_data;
  g_autoptr (GPtrArray) secrets = NULL;
  g_autoptr (GError) error = NULL;

  secrets = weir_secret_store_list_finish (WEIR_SECRET_STORE (source), result, &error);
  self->reading = FALSE;
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  if (self->read_again)
    read_all (self);
  else if (secrets == NULL)
    g_signal_emit (self, signals[SIGNAL_FAILED], 0, error);
  else
    take_lines (self, make_lines (secrets));
}

static void
read_all (WeirSecrets *self)
{
  self->read_again = self->reading;
  if (self->reading)
    return;
  self->reading = TRUE;
  weir_secret_store_list_async (self->store,
                                WEIR_SECRET_SYSTEM,
                                TRUE,
                                self->cancellable,
                                on_read,
                                g_object_ref (self));
}

const char *const *
weir_secrets_get_lines (WeirSecrets *self)
{
  return (const char *const *) self->lines;
}

static void
weir_secrets_dispose (GObject *object)
{
  WeirSecrets *self = WEIR_SECRETS (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->store);

  G_OBJECT_CLASS (weir_secrets_parent_class)->dispose (object);
}

static void
weir_secrets_finalize (GObject *object)
{
  WeirSecrets *self = WEIR_SECRETS (object);

  g_object_unref (self->cancellable);
  free_lines (self->lines);

  G_OBJECT_CLASS (weir_secrets_parent_class)->finalize (object);
}

static void
weir_secrets_class_init (WeirSecretsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  object_class->dispose = weir_secrets_dispose;
  object_class->finalize = weir_secrets_finalize;

  signals[SIGNAL_CHANGED] = weir_signal_new (type, "changed", 0);
  signals[SIGNAL_FAILED] = weir_signal_new (type, "failed", 1, G_TYPE_ERROR);
}

static void
weir_secrets_init (WeirSecrets *self)
{
  self->cancellable = g_cancellable_new ();
}

WeirSecrets *
weir_secrets_new (WeirSecretStore *store, GError **error)
{
  g_autoptr (GPtrArray) secrets = weir_stores_list_secrets (store, WEIR_SECRET_SYSTEM, error);
  WeirSecrets *self;

  if (secrets == NULL)
    return NULL;
  self = g_object_new (WEIR_TYPE_SECRETS, NULL);
  self->store = g_object_ref (store);
  self->lines = make_lines (secrets);
  g_signal_connect_object (store, "changed", G_CALLBACK (read_all), self, G_CONNECT_SWAPPED);

  return self;
}
