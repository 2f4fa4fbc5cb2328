/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

/* Loads the teapot from this folder, as the server would, and lets requests through it. */

typedef struct
{
  GMainLoop *loop;
  WeirHead *head;
  GBytes *body;
  GError *error;
} Answer;

static void
answer_clear (Answer *self)
{
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->head, weir_head_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static WeirPipeline *
make_pipeline (void)
{
  g_autoptr (WeirPluginEngine) engine = weir_plugin_engine_new ();
  WeirPipeline *pipeline = weir_pipeline_new (NULL);
  g_autoptr (GObject) stage = NULL;
  g_autoptr (GError) error = NULL;
  GVariantDict options;

  weir_plugin_engine_add_search_path (engine, ".");
  weir_plugin_engine_load (engine, "acme-teapot", &error);
  g_assert_no_error (error);
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "path", "s", "/pot");
  stage = weir_extension_registry_create (weir_plugin_engine_get_registry (engine),
                                          WEIR_TYPE_STAGE,
                                          "teapot",
                                          g_variant_dict_end (&options),
                                          &error);
  g_assert_no_error (error);
  weir_pipeline_add_stage (pipeline, WEIR_STAGE (stage));
  return pipeline;
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->head = weir_loopback_adapter_send_finish (WEIR_LOOPBACK_ADAPTER (source),
                                                    result,
                                                    &answer->body,
                                                    &answer->error);
  g_main_loop_quit (answer->loop);
}

static void
assert_status (const char *target, guint expected)
{
  g_autoptr (WeirPipeline) pipeline = make_pipeline ();
  g_autoptr (WeirLoopbackAdapter) adapter = weir_loopback_adapter_new ();
  g_auto (Answer) answer = { .loop = g_main_loop_new (NULL, FALSE) };

  weir_loopback_adapter_send_async (adapter,
                                    pipeline,
                                    "GET",
                                    target,
                                    NULL,
                                    NULL,
                                    NULL,
                                    on_sent,
                                    &answer);
  g_main_loop_run (answer.loop);
  g_assert_no_error (answer.error);
  g_assert_cmpuint (weir_head_get_status (answer.head), ==, expected);
}

static void
test_pot (void)
{
  assert_status ("/pot", 418);
}

/* Where no stage answers, nobody does. */
static void
test_elsewhere (void)
{
  assert_status ("/cup", 404);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/teapot/pot", test_pot);
  g_test_add_func ("/teapot/elsewhere", test_elsewhere);
  return g_test_run ();
}
