/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-native-context.h"

G_BEGIN_DECLS

/* One client's connection: its socket, what was read and not yet understood, what was
 * written and not yet sent, and the exchange that goes over it, if any. One that idles holds
 * no buffer. */

/* fd is taken over. peer: (nullable), taken over, and counted in unless it is a proxy that has
 * yet to say for whom it speaks. authority: what an HTTP/1.0 request without Host is for; a ref
 * string. */
void weir_native_connection_open (WeirNativeContext *context,
                                  int fd,
                                  GInetAddress *peer,
                                  guint16 peer_port,
                                  char *authority);
/* Finishes what is in flight and closes, at once when nothing is. */
void weir_native_connection_drain (WeirNativeConnection *self);
/* Closes at once. error: (nullable) why, for the exchange. */
void weir_native_connection_close (WeirNativeConnection *self, const GError *error);

G_END_DECLS
