/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "io/weir-engine.h"

G_BEGIN_DECLS

/* Carries bytes between two sockets after a 101, both ways, at most 64 KiB of them at a time
 * in each direction. The end of one side is passed on to the other once all before it was. */
typedef struct _WeirRelay WeirRelay;

/* Both sockets are closed when this is called, and the relay is gone. Never from within
 * weir_relay_start(). */
typedef void (*WeirRelayFunc) (guint64 from_client, guint64 from_worker, gpointer user_data);

/* Takes both fds. The early bytes (nullable) go before what is read. */
WeirRelay *weir_relay_start (WeirEngine *engine,
                             int client_fd,
                             GBytes *client_early,
                             int worker_fd,
                             GBytes *worker_early,
                             WeirRelayFunc ended,
                             gpointer user_data);
/* What was read so far. */
void weir_relay_get_totals (WeirRelay *self, guint64 *from_client, guint64 *from_worker);
/* Closes both and calls nothing back. */
void weir_relay_cancel (WeirRelay *self);

G_END_DECLS
