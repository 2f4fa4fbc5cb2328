/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-dispatch-stage-private.h"
#include "http/weir-concurrent.h"

#include "http/weir-exchange-private.h"
#include "http/weir-route-stage-private.h"

struct _WeirDispatchStage
{
  GObject parent_instance;
};

static void weir_dispatch_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirDispatchStage,
                               weir_dispatch_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE,
                                                      weir_dispatch_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

static WeirStageResult
weir_dispatch_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirSlot *slot = weir_route_stage_get_slot (exchange);

  if (slot == NULL)
    return WEIR_STAGE_CONTINUE;

  weir_exchange_take (exchange);
  weir_slot_dispatch (slot, exchange);
  return WEIR_STAGE_RESPOND;
}

static void
weir_dispatch_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_dispatch_stage_process;
}

static void
weir_dispatch_stage_class_init (WeirDispatchStageClass *klass)
{
}

static void
weir_dispatch_stage_init (WeirDispatchStage *self)
{
}

WeirDispatchStage *
weir_dispatch_stage_new (void)
{
  return g_object_new (WEIR_TYPE_DISPATCH_STAGE, NULL);
}
