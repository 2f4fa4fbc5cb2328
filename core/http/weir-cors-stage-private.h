/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-stage.h"

G_BEGIN_DECLS

/* Tells browsers which pages may use a function, and answers those that ask beforehand. It
 * stands right behind the route stage: what is said depends on the function. */
#define WEIR_TYPE_CORS_STAGE (weir_cors_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirCorsStage, weir_cors_stage, WEIR, CORS_STAGE, GObject)

WeirCorsStage *weir_cors_stage_new (void);

G_END_DECLS
