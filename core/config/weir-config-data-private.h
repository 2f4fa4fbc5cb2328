/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config-source-private.h"
#include "config/weir-supabase-auth-private.h"

G_BEGIN_DECLS

/* What a function's own folder says. */
typedef struct
{
  WeirReport *report;
  GHashTable *layer; /* of function.json */
  GHashTable *flux;  /* of flux.json, or NULL */
  GHashTable *flux_usual;
  char **environ; /* of .env */
} WeirOwnFiles;

void weir_own_files_unref (WeirOwnFiles *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirOwnFiles, weir_own_files_unref)

/* Everything that was read, not merged yet. Written while a config is made, only read
 * afterwards. */
typedef struct
{
  char *directory; /* what the caller gave */
  char *functions_directory;
  char *supabase_directory; /* NULL if this is no Supabase project */
  WeirReport *report;
  GPtrArray *files; /* of file_set, in order; borrowed */
  GHashTable *file_set;

  GHashTable *main_layer;         /* weir.toml, server options */
  GHashTable *environment_layer;  /* WEIR_* */
  GHashTable *override_layer;     /* command line */
  GHashTable *defaults;           /* weir.toml, [defaults] */
  GHashTable *profiles;           /* weir.toml, [permissions.NAME]: flags by name */
  GHashTable *main_functions;     /* weir.toml, from name to layer */
  GHashTable *supabase_defaults;  /* supabase/config.toml, of all functions */
  GHashTable *supabase_functions; /* supabase/config.toml, from name to layer */
  WeirSupabaseAuth supabase_auth; /* supabase/config.toml, [auth] */
  char **secrets;                 /* [edge_runtime.secrets] */
  char **environ;                 /* secrets and the files for all functions */
  GHashTable *own_files;          /* from directory to WeirOwnFiles */
  GPtrArray *flat;                /* names of functions that are one file, sorted */
} WeirConfigData;

WeirConfigData *weir_config_data_new (const char *directory);
void weir_config_data_free (WeirConfigData *self);
void weir_config_data_add_file (WeirConfigData *self, const char *path);
/* How messages call a file: relative to the project if it is inside. */
char *weir_config_data_dup_shown (WeirConfigData *self, const char *path);
/* FALSE if there is no such file, and with a problem if it cannot be read. */
gboolean weir_config_data_read_text (WeirReport *report,
                                     const char *path,
                                     const char *shown,
                                     char **text,
                                     gsize *length);
/* NULL as above, or with a problem if it is not TOML. */
WeirNode *weir_config_data_read_toml (WeirConfigData *self, const char *path, const char *shown);
/* The layer of a function in one of the two tables, made if need be. */
GHashTable *weir_config_data_ensure_layer (GHashTable *functions, const char *name);
/* A server option's strongest entry, or NULL. */
WeirEntry *weir_config_data_get_server (WeirConfigData *self, const char *name);

/* weir-config-main-file.c */
void weir_config_read_main_file (WeirConfigData *self, const char *path);
/* weir-config-server.c */
void weir_config_read_environment (WeirConfigData *self, const char *const *variables);
void weir_config_read_overrides (WeirConfigData *self, GVariant *overrides);
WeirSettings *weir_config_merge_server (WeirConfigData *self);
/* weir-config-supabase.c */
void weir_config_read_supabase (WeirConfigData *self);
gboolean weir_config_has_supabase_functions (const char *supabase_directory);
/* weir-config-project.c: sets the three directories. */
void weir_config_find_project (WeirConfigData *self);
/* weir-config-own-files.c */
void weir_config_read_shared_environ (WeirConfigData *self);
void weir_config_read_own_files (WeirConfigData *self);
/* Those that were read with the rest, or a reading of a folder that was not known then; NULL
 * if there is no such folder. Changes nothing in self. */
WeirOwnFiles *weir_config_ref_own_files (WeirConfigData *self, const char *directory);
/* weir-config-function-json.c */
void weir_config_read_function_json (WeirSource *source, GHashTable *layer, const char *path);
/* FALSE if there is no option that is spelled like this. */
gboolean weir_config_read_spelled (WeirSource *source, GHashTable *layer, WeirNode *node);
/* In the spelling that the file has already. */
const char *weir_config_suggest_spelled (const char *key);
/* weir-config-flux.c */
void weir_config_parse_flux_json (WeirSource *source,
                                  GHashTable *layer,
                                  const char *folder,
                                  const char *text,
                                  gsize length);
/* A layer of what a function with such a file does when nobody says otherwise. */
GHashTable *weir_config_make_flux_usual (const char *origin);
/* weir-config-annotations.c: into the layer; warnings may be NULL. */
void weir_config_read_annotations (const char *path,
                                   const char *shown,
                                   GHashTable *layer,
                                   WeirReport *warnings);
void weir_config_parse_annotations (const char *text,
                                    gsize length,
                                    const char *shown,
                                    GHashTable *layer,
                                    WeirReport *warnings);
/* weir-config-messages.c: two new strv */
void weir_config_collect_messages (WeirConfigData *self, char ***problems, char ***warnings);
/* weir-config-rate.c */
void weir_config_read_rate_limits (WeirConfigData *self, WeirSource *source, WeirNode *table);
/* The limits that the value of rate_limit stands for, or "off"; NULL if it is no plan. */
char *weir_config_dup_rate_limit (WeirConfigData *self,
                                  const char *value,
                                  const char *origin,
                                  GError **error);
/* weir-config-function.c */
/* What the code of a function says about itself; directory: its own folder, or NULL. */
void weir_config_warn_of_annotations (WeirConfigData *self,
                                      const char *name,
                                      const char *directory,
                                      WeirReport *warnings);
WeirSettings *weir_config_merge_function (WeirConfigData *self,
                                          const char *name,
                                          const char *directory,
                                          GError **error);
char **weir_config_merge_environ (WeirConfigData *self,
                                  const char *name,
                                  const char *directory,
                                  const char *const *secrets,
                                  GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirConfigData, weir_config_data_free)

G_END_DECLS
