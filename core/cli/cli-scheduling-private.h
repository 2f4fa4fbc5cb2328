/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* A patient thread waits for its turn when it wakes up. Other threads are not concerned, and
 * workers do not inherit it. */
void cli_scheduling_set_patient (gboolean patient);

G_END_DECLS
