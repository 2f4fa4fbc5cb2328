/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-soup-context.h"

G_BEGIN_DECLS

/* Accepts on one listening socket, and goes on doing so whatever accept() says. */
typedef struct _WeirSoupListener WeirSoupListener;

WeirSoupListener *
weir_soup_listener_new (WeirSoupContext *context, GSocket *socket, GError **error);
/* Takes in whoever has connected already: closing the socket would reset them. */
void weir_soup_listener_drain (WeirSoupListener *self);
void weir_soup_listener_free (WeirSoupListener *self);

G_END_DECLS
