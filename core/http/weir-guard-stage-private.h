/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-stage.h"

G_BEGIN_DECLS

/* After all authenticators: lets nobody through who has to be known and is not, and tells the
 * function who calls. */
#define WEIR_TYPE_GUARD_STAGE (weir_guard_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirGuardStage, weir_guard_stage, WEIR, GUARD_STAGE, GObject)

WeirGuardStage *weir_guard_stage_new (void);

/* Prepares the answer to a wrong credential, or to none (cause: NULL), in the words of the
 * exchange's dialect. The thread that has the exchange. */
void weir_guard_refuse (WeirExchange *exchange, const GError *cause);

G_END_DECLS
