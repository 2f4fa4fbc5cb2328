/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-pipeline.h"

G_BEGIN_DECLS

/* Before the first stage: pipelines on other data threads have the same stages, so those that
 * are not concurrent have turns. */
void weir_pipeline_set_shared (WeirPipeline *self, gboolean shared);
/* Connections that were upgraded and are still there. Any thread. */
guint weir_pipeline_get_upgraded (WeirPipeline *self);
/* Ends them. Data thread. */
void weir_pipeline_cut (WeirPipeline *self);
/* Exchanges that were ever begun. Any thread. */
guint64 weir_pipeline_get_total (WeirPipeline *self);

G_END_DECLS
