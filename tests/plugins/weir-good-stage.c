/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

/* A plugin as it should be: a stage with options that answers one path. */

#define WEIR_TYPE_GOOD_STAGE (weir_good_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirGoodStage, weir_good_stage, WEIR, GOOD_STAGE, GObject)

struct _WeirGoodStage
{
  GObject parent_instance;

  char *greeting;
  guint status;
};

static void weir_good_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirGoodStage,
                               weir_good_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, weir_good_stage_stage_init))

enum
{
  PROP_GREETING = 1,
  PROP_STATUS,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
weir_good_stage_handle (WeirStage *stage, WeirExchange *exchange, GTask *task)
{
  WeirGoodStage *self = WEIR_GOOD_STAGE (stage);

  if (g_strcmp0 (weir_exchange_get_path (exchange), "/good") != 0)
    {
      g_task_return_boolean (task, FALSE);
      return;
    }

  weir_exchange_set_response_text (exchange, self->status, "text/plain", self->greeting);
  g_task_return_boolean (task, TRUE);
}

static void
weir_good_stage_stage_init (WeirStageInterface *iface)
{
  iface->handle = weir_good_stage_handle;
}

static void
weir_good_stage_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WeirGoodStage *self = WEIR_GOOD_STAGE (object);

  switch (id)
    {
    case PROP_GREETING:
      g_free (self->greeting);
      self->greeting = g_value_dup_string (value);
      break;
    case PROP_STATUS:
      self->status = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_good_stage_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirGoodStage *self = WEIR_GOOD_STAGE (object);

  switch (id)
    {
    case PROP_GREETING:
      g_value_set_string (value, self->greeting);
      break;
    case PROP_STATUS:
      g_value_set_uint (value, self->status);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_good_stage_finalize (GObject *object)
{
  g_free (WEIR_GOOD_STAGE (object)->greeting);
  G_OBJECT_CLASS (weir_good_stage_parent_class)->finalize (object);
}

static void
weir_good_stage_class_init (WeirGoodStageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS;

  object_class->set_property = weir_good_stage_set_property;
  object_class->get_property = weir_good_stage_get_property;
  object_class->finalize = weir_good_stage_finalize;

  properties[PROP_GREETING] = g_param_spec_string ("greeting", NULL, NULL, "hello", flags);
  properties[PROP_STATUS] = g_param_spec_uint ("status", NULL, NULL, 200, 599, 200, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
weir_good_stage_init (WeirGoodStage *self)
{
}

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_STAGE,
                                            "good",
                                            WEIR_TYPE_GOOD_STAGE,
                                            error);
}

WEIR_PLUGIN_DEFINE (good, "good", activate);
