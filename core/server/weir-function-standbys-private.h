/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config.h"
#include "worker/weir-standby-pool-private.h"

G_BEGIN_DECLS

/* Which standbys the functions of a server, a model of WeirFunction, are likely to need. Not each
 * of a thousand functions is looked at for that: it would take longer than to start the server,
 * and one stands for all that share a standby with it. */
void weir_function_standbys_configure (WeirStandbyPool *standbys, WeirConfig *config);
/* At first. */
void weir_function_standbys_prime (WeirStandbyPool *standbys, GListModel *functions);
/* There are others than before. */
void weir_function_standbys_expect (WeirStandbyPool *standbys, GListModel *functions);

G_END_DECLS
