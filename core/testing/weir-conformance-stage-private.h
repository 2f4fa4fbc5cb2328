/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-stage.h"

G_BEGIN_DECLS

/* Answers the requests of the conformance cases, and keeps count of what it saw.
 *
 *   /hello         200 with a length        /echo      the body, as it comes
 *   /inspect       the request's own head   /count     the length of the body, at its end
 *   /early         404 at once              /hold      takes no body before release()
 *   /never         no answer                /big?N     N bytes; /endless?N without a length
 *   /slow          one piece, and another   /short     less than it announced
 *                  at release()             /cut       ends in the middle of a chunked body
 *   /status/N      that status, no body     /cookies   three Set-Cookie
 *   /date          a Date of its own        /upgrade   101, then an echo; or -later */
#define WEIR_TYPE_CONFORMANCE_STAGE (weir_conformance_stage_get_type ())

G_DECLARE_FINAL_TYPE (WeirConformanceStage,
                      weir_conformance_stage,
                      WEIR,
                      CONFORMANCE_STAGE,
                      GObject)

typedef enum
{
  WEIR_CONFORMANCE_SEEN,  /* requests that reached the stage */
  WEIR_CONFORMANCE_WHOLE, /* of them, with a body that came to its end */
  WEIR_CONFORMANCE_GONE,  /* of them, disconnected */
  WEIR_CONFORMANCE_TAKEN, /* bytes of bodies, both ways */
  WEIR_CONFORMANCE_QUEUE, /* the longest queue that send_body() told of */
  WEIR_CONFORMANCE_LAST,
} WeirConformanceCount;

WeirConformanceStage *weir_conformance_stage_new (void);
guint64 weir_conformance_stage_get (WeirConformanceStage *self, WeirConformanceCount count);
/* Waits, up to the patience of the suite. */
void weir_conformance_stage_wait (WeirConformanceStage *self,
                                  WeirConformanceCount count,
                                  guint64 at_least);
/* Data thread: lets every /hold and /slow go on. */
void weir_conformance_stage_release (WeirConformanceStage *self);

G_END_DECLS
