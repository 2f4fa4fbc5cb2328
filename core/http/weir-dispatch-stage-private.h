/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-stage.h"

G_BEGIN_DECLS

/* The stage that ends the pipeline: hands the exchange to its slot. */
#define WEIR_TYPE_DISPATCH_STAGE (weir_dispatch_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirDispatchStage, weir_dispatch_stage, WEIR, DISPATCH_STAGE, GObject)
WeirDispatchStage *weir_dispatch_stage_new (void);

G_END_DECLS
