/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "http/weir-rate-limit-stage-private.h"
#include "server/weir-extensions-private.h"
#include "server/weir-frontend-private.h"
#include "server/weir-function-host-private.h"
#include "server/weir-request-writer-private.h"
#include "server/weir-secrets-private.h"
#include "server/weir-server.h"
#include "server/weir-stores-private.h"
#include "server/weir-user-secrets-private.h"

G_BEGIN_DECLS

/* Only for the files that the server is made of: what it is (-server.c), how it starts
 * (-server-start.c) and stops (-server-stop.c), and what it tells (-server-signals.c). */
struct _WeirServer
{
  GObject parent_instance;

  WeirConfig *config;
  WeirServerState state;
  WeirPluginEngine *plugins;
  GPtrArray *stages;
  GPtrArray *authenticators; /* WeirNamedAuthenticator */
  WeirStores *stores;
  gboolean extensions_loaded;
  GListStore *no_functions; /* what there is while nothing runs */
  GListStore *no_workers;

  /* From start to stop. */
  WeirConfig *initial;
  WeirClock *clock;
  GMainContext *control;
  WeirRuntime *runtime;
  GPtrArray *sockets;
  gboolean sockets_inherited;
  WeirFrontend *frontend;
  GPtrArray *rate_limits;  /* WeirRateLimitStage, by lane */
  GPtrArray *user_secrets; /* WeirUserSecrets, by lane */
  WeirRequestFeed *feed;
  GPtrArray *writers; /* WeirRequestWriter, by lane */
  WeirFunctionHost *host;
  WeirSecrets *secrets; /* NULL when there are none to be had */

  GPtrArray *stopping; /* GTask: who waits for the end */
  gboolean start_cancelled;
  gint64 started;
  gint64 stop_deadline;
  gint64 stop_reserve_ms;
  guint64 stop_timer;
};

void weir_server_set_state (WeirServer *self, WeirServerState state);

/* -start.c */
void weir_server_drop_parts (WeirServer *self);

/* -stop.c */
/* Everything is dropped: tells all who wait. */
void weir_server_end (WeirServer *self);
void weir_server_on_empty (WeirFunctionHost *host, WeirServer *self);

/* -restart.c: of settings that an edit changed in vain. */
void weir_server_tell_restart (WeirServer *self, WeirConfig *before);

/* -signals.c */
void weir_server_install_signals (void);
void weir_server_notice (WeirServer *self, const char *message);
/* What the host tells is told on. */
void weir_server_tell_on (WeirServer *self);
/* Data thread. */
gboolean weir_server_wants_records (gpointer user_data);
void weir_server_on_records (GPtrArray *records, guint64 dropped, gpointer user_data);

G_END_DECLS
