/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

/* A stage that keeps the task of "/never" unanswered, and lets go of that of "/drops". */

#define WEIR_TYPE_NEVER_ANSWERS_STAGE (weir_never_answers_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirNeverAnswersStage,
                      weir_never_answers_stage,
                      WEIR,
                      NEVER_ANSWERS_STAGE,
                      GObject)

struct _WeirNeverAnswersStage
{
  GObject parent_instance;

  GPtrArray *kept;
};

static void weir_never_answers_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirNeverAnswersStage,
                               weir_never_answers_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE,
                                                      weir_never_answers_stage_stage_init))

static void
weir_never_answers_stage_handle (WeirStage *stage, WeirExchange *exchange, GTask *task)
{
  WeirNeverAnswersStage *self = WEIR_NEVER_ANSWERS_STAGE (stage);
  const char *path = weir_exchange_get_path (exchange);

  if (g_strcmp0 (path, "/never") == 0)
    g_ptr_array_add (self->kept, g_object_ref (task));
  else if (g_strcmp0 (path, "/drops") != 0)
    g_task_return_boolean (task, FALSE);
}

static void
weir_never_answers_stage_stage_init (WeirStageInterface *iface)
{
  iface->handle = weir_never_answers_stage_handle;
}

static void
weir_never_answers_stage_finalize (GObject *object)
{
  g_ptr_array_unref (WEIR_NEVER_ANSWERS_STAGE (object)->kept);
  G_OBJECT_CLASS (weir_never_answers_stage_parent_class)->finalize (object);
}

static void
weir_never_answers_stage_class_init (WeirNeverAnswersStageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_never_answers_stage_finalize;
}

static void
weir_never_answers_stage_init (WeirNeverAnswersStage *self)
{
  self->kept = g_ptr_array_new_with_free_func (g_object_unref);
}

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_STAGE,
                                            "never-answers",
                                            WEIR_TYPE_NEVER_ANSWERS_STAGE,
                                            error);
}

WEIR_PLUGIN_DEFINE (never_answers, "never-answers", activate);
