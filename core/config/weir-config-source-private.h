/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config-value-private.h"
#include "config/weir-config.h"

G_BEGIN_DECLS

/* What is wrong, and what should be said, in the order in which it was found. */
typedef struct
{
  GPtrArray *problems; /* GError */
  GPtrArray *warnings; /* char * */
} WeirReport;

WeirReport *weir_report_new (void);
void weir_report_free (WeirReport *self);
void weir_report_take_problem (WeirReport *self, GError *error);
void weir_report_warn (WeirReport *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirReport, weir_report_free)

/* One place that gives values. */
typedef struct
{
  WeirReport *report;
  const char *name;      /* what messages call it: "weir.toml", "command line" */
  const char *directory; /* paths in it are relative to this */
} WeirSource;

/* A problem at a line and column, or of the whole source if line is 0. */
void weir_source_fail (WeirSource *self,
                       WeirConfigError code,
                       guint line,
                       guint column,
                       const char *format,
                       ...) G_GNUC_PRINTF (5, 6);
/* "name:line: key has no effect: why" */
void weir_source_warn_no_effect (WeirSource *self, WeirNode *node, const char *why);
/* section: as in " in [defaults]", or "". */
void weir_source_fail_unknown (WeirSource *self,
                               WeirNode *node,
                               const char *section,
                               const char *suggestion);
/* FALSE, and a problem, if the node is no table. */
gboolean weir_source_want_table (WeirSource *self, WeirNode *node, const char *name);
gboolean weir_source_is_function_name (const char *name);
gboolean weir_source_check_function_name (WeirSource *self, WeirNode *node);

/* A layer: what one source says, from option to entry. */
typedef struct
{
  GVariant *value;
  char *origin; /* "weir.toml:12" */
  char *place;  /* "weir.toml:12:5" */
} WeirEntry;

GHashTable *weir_layer_new (void);
void weir_layer_set (GHashTable *layer,
                     const char *name,
                     GVariant *value,
                     const char *origin,
                     const char *place);
WeirEntry *weir_layer_get (GHashTable *layer, const char *name);
/* Reads a node as an option, into the layer or into the report. */
void
weir_source_read (WeirSource *self, GHashTable *layer, const WeirOption *option, WeirNode *node);
/* As it is, for tables that the schema does not know. */
void weir_source_read_raw (WeirSource *self, GHashTable *layer, const char *name, WeirNode *node);

G_END_DECLS
