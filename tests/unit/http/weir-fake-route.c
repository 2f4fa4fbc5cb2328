/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-fake-route.h"

#include "store/weir-function-private.h"

static WeirStageResult
fake_route_process (WeirStage *stage, WeirExchange *exchange)
{
  FakeRoute *self = FAKE_ROUTE (stage);

  weir_exchange_set_dialect (exchange, self->dialect);
  if (self->function != NULL)
    {
      weir_exchange_set_function (exchange, self->function);
      weir_exchange_set_route (exchange, self, NULL);
    }
  if (self->identity != NULL)
    weir_exchange_take_identity (exchange, weir_identity_ref (self->identity));
  return WEIR_STAGE_CONTINUE;
}

static WeirPhase
fake_route_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_ROUTE;
}

static void
fake_route_stage_init (WeirStageInterface *iface)
{
  iface->process = fake_route_process;
  iface->get_phase = fake_route_get_phase;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeRoute,
                               fake_route,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, fake_route_stage_init))

static void
fake_route_finalize (GObject *object)
{
  FakeRoute *self = FAKE_ROUTE (object);

  g_clear_object (&self->function);
  g_clear_pointer (&self->identity, weir_identity_unref);

  G_OBJECT_CLASS (fake_route_parent_class)->finalize (object);
}

static void
fake_route_class_init (FakeRouteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_route_finalize;
}

static void
fake_route_init (FakeRoute *self)
{
}

FakeRoute *
fake_route_new (void)
{
  return g_object_new (FAKE_TYPE_ROUTE, NULL);
}

void
fake_route_set_options (FakeRoute *self, const char *options)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GVariant) dict = g_variant_parse (G_VARIANT_TYPE_VARDICT, options, NULL, NULL, NULL);
  g_autoptr (WeirSettings) settings = NULL;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    g_hash_table_insert (values, g_strdup (name), value);
  settings = weir_settings_new (values, origins);
  g_clear_object (&self->function);
  self->function =
      weir_function_new ("hello", "/f/hello", "/f", "/f/hello/index.ts", settings, NULL, 1);
}
