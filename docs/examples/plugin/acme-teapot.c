/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h> /* the only header of Weir there is for a plugin */

/* A stage that answers one path by itself and lets every other request pass. */

#define ACME_TYPE_TEAPOT (acme_teapot_get_type ())
G_DECLARE_FINAL_TYPE (AcmeTeapot, acme_teapot, ACME, TEAPOT, GObject)

struct _AcmeTeapot
{
  GObject parent_instance;

  char *path;
  guint status;
};

/* ---- options: writable properties ---- */

enum
{
  PROP_PATH = 1,
  PROP_STATUS,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void acme_teapot_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (AcmeTeapot,
                               acme_teapot,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, acme_teapot_stage_init))

static void
acme_teapot_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  AcmeTeapot *self = ACME_TEAPOT (object);

  switch (id)
    {
    case PROP_PATH:
      g_free (self->path);
      self->path = g_value_dup_string (value);
      break;
    case PROP_STATUS:
      self->status = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
acme_teapot_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  AcmeTeapot *self = ACME_TEAPOT (object);

  switch (id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_STATUS:
      g_value_set_uint (value, self->status);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
acme_teapot_finalize (GObject *object)
{
  g_free (ACME_TEAPOT (object)->path);
  G_OBJECT_CLASS (acme_teapot_parent_class)->finalize (object);
}

/* ---- the stage ---- */

static void
acme_teapot_handle (WeirStage *stage, WeirExchange *exchange, GTask *task)
{
  AcmeTeapot *self = ACME_TEAPOT (stage);

  if (g_strcmp0 (weir_exchange_get_path (exchange), self->path) != 0)
    {
      g_task_return_boolean (task, FALSE); /* not ours: pass it on */
      return;
    }

  /* An answer that takes time keeps a reference to the task and completes it later. */
  weir_exchange_set_response_text (exchange,
                                   self->status,
                                   "text/plain; charset=utf-8",
                                   "Short and stout\n");
  g_task_return_boolean (task, TRUE);
}

static WeirPhase
acme_teapot_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_CONTENT;
}

static void
acme_teapot_stage_init (WeirStageInterface *iface)
{
  iface->handle = acme_teapot_handle;
  iface->get_phase = acme_teapot_get_phase;
}

static void
acme_teapot_class_init (AcmeTeapotClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS;

  object_class->set_property = acme_teapot_set_property;
  object_class->get_property = acme_teapot_get_property;
  object_class->finalize = acme_teapot_finalize;

  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, "/teapot", flags);
  properties[PROP_STATUS] = g_param_spec_uint ("status", NULL, NULL, 200, 599, 418, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
acme_teapot_init (AcmeTeapot *self)
{
}

/* ---- the plugin ---- */

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_STAGE,
                                            "teapot",
                                            ACME_TYPE_TEAPOT,
                                            error);
}

WEIR_PLUGIN_DEFINE (acme_teapot, "acme-teapot", activate);
