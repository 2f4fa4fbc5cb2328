/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-native-context.h"

G_BEGIN_DECLS

/* Accepts on one listening socket, and goes on doing so whatever accept() says. */
typedef struct _WeirNativeListener WeirNativeListener;

WeirNativeListener *
weir_native_listener_new (WeirNativeContext *context, GSocket *socket, GError **error);
/* Takes in whoever has connected already: closing the socket would reset them. */
void weir_native_listener_drain (WeirNativeListener *self);
void weir_native_listener_free (WeirNativeListener *self);

G_END_DECLS
