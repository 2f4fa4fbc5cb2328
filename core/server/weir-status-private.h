/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "server/weir-frontend-private.h"
#include "server/weir-function-host-private.h"

G_BEGIN_DECLS

/* What a server does right now, put together when it is asked for. */
typedef struct
{
  const char *state;
  gint64 uptime_ms;
  const char *const *uris;
  WeirFunctionHost *host;
  WeirFrontend *frontend;
} WeirStatus;

/* JSON. */
char *weir_status_format (const WeirStatus *status);

G_END_DECLS
