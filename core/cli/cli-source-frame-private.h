/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char *path;   /* absolute */
  guint line;   /* from 1 */
  guint column; /* from 1, in UTF-16 units, as JavaScript counts */
} CliSourcePlace;

/* The first place that text (a message, a stack) names in a file under root, else NULL. */
CliSourcePlace *cli_source_place_find (const char *text, const char *root);
void cli_source_place_free (CliSourcePlace *self);
/* The line and a caret under the column, two lines with their ends; NULL when the file cannot
 * be read or has no such line. */
char *cli_source_place_frame (CliSourcePlace *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliSourcePlace, cli_source_place_free)

G_END_DECLS
