/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

/* A module that is something else than a plugin. */

extern __attribute__ ((visibility ("default"))) const int weir_no_plugin_at_all;
const int weir_no_plugin_at_all = 1;
