/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-stage.h"

G_BEGIN_DECLS

/* Answers /_weir/status, to this machine only: the peer must be a loopback address, and the
 * Host a name of this machine, so that no page that a browser shows can ask by a name of its
 * own; and what comes through a proxy is not from here. */
#define WEIR_TYPE_STATUS_STAGE (weir_status_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirStatusStage, weir_status_stage, WEIR, STATUS_STAGE, GObject)

/* Control thread. source: the object that is asked, held weakly; it gives JSON, or NULL. */
typedef char *(*WeirStatusFunc) (GObject *source);

/* uris: where the server listens. */
WeirStatusStage *
weir_status_stage_new (const char *const *uris, GObject *source, WeirStatusFunc format);

G_END_DECLS
