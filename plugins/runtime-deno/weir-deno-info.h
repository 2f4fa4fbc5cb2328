/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *name;
  char *version;
  char *folder; /* where Deno keeps it */
} WeirDenoPackage;

/* What `deno info --json` says of a function's modules. */
typedef struct
{
  char **files;        /* local files, absolute */
  char **imports;      /* packages, as they are asked for */
  GPtrArray *packages; /* WeirDenoPackage: those, and what they need themselves */
  gboolean shares;     /* one of them is needed by two others, or by one and the function */
  gboolean uses_node;  /* reaches npm packages or modules of Node */
} WeirDenoInfo;

WeirDenoInfo *weir_deno_info_parse (const char *json, GError **error);
void weir_deno_info_free (WeirDenoInfo *self);
char *weir_deno_info_dup_packages (const WeirDenoInfo *self);
char *weir_deno_info_parse_download (const char *line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirDenoInfo, weir_deno_info_free)

G_END_DECLS
