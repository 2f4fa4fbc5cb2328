/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "io/weir-engine.h"

G_BEGIN_DECLS

/* Accepts on one listening socket, and goes on doing so whatever accept() says. It belongs to
 * the engine's thread. */
typedef struct _WeirListener WeirListener;

typedef gboolean (*WeirListenerFunc) (int fd,
                                      GInetAddress *peer,
                                      guint16 peer_port,
                                      char *authority,
                                      gpointer user_data);

WEIR_AVAILABLE_IN_ALL
WeirListener *weir_listener_new (WeirEngine *engine,
                                 GSocket *socket,
                                 WeirListenerFunc func,
                                 gpointer user_data,
                                 GError **error);
/* Takes in whoever has connected already: closing the socket would reset them. */
WEIR_AVAILABLE_IN_ALL
void weir_listener_drain (WeirListener *self, guint most);
WEIR_AVAILABLE_IN_ALL
void weir_listener_free (WeirListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirListener, weir_listener_free)

G_END_DECLS
