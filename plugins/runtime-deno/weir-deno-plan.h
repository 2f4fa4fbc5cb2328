/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <weir.h>

G_BEGIN_DECLS

/* How one revision of a function is started: what is derived from its files before a
 * worker exists. Kept with the WeirFunction. */
typedef struct
{
  char *import_map;  /* the generated one */
  char *config;      /* nullable: the deno.json that applies */
  char **inputs;     /* files that this plan was made from */
  char **files;      /* nullable: modules, known after prepare() */
  char *own_map;     /* nullable: config or map that is this function's alone */
  char *bundle;      /* nullable: the one file to load instead of the entrypoint */
  char *standby_key; /* nullable: not known yet */
  gint64 standby_stamp;
  gboolean is_main;    /* asks for import.meta.main */
  gboolean unexported; /* has a handler that it does not export */
  gboolean uses_node;  /* may start a server of node:http */
} WeirDenoPlan;

WeirDenoPlan *weir_deno_plan_new (WeirFunction *function, const char *bootstrap, GError **error);
void weir_deno_plan_free (WeirDenoPlan *self);
gboolean weir_deno_source_uses_main (const char *source);
gboolean weir_deno_source_hides_handler (const char *source);
gboolean weir_deno_source_imports (const char *source);
gboolean weir_deno_source_serves (const char *source);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirDenoPlan, weir_deno_plan_free)

G_END_DECLS
