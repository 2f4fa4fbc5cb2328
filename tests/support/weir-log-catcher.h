/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* g_test_expect_message() does not see structured logs; this does. Installed once, at the
 * start of main(): from then on a warning or worse that no test expects ends the program. */
void weir_log_catcher_install (void);
/* The next warning or critical has to match this glob. */
void weir_log_catcher_expect (const char *pattern);
/* All that was expected has come. */
void weir_log_catcher_assert (void);

G_END_DECLS
