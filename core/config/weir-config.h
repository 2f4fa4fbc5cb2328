/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"
#include "base/weir-settings.h"

G_BEGIN_DECLS

#define WEIR_CONFIG_ERROR (weir_config_error_quark ())

typedef enum
{
  WEIR_CONFIG_ERROR_READ,
  WEIR_CONFIG_ERROR_SYNTAX,
  WEIR_CONFIG_ERROR_UNKNOWN_KEY,
  WEIR_CONFIG_ERROR_TYPE,
  WEIR_CONFIG_ERROR_RANGE,
  WEIR_CONFIG_ERROR_CONFLICT,
} WeirConfigError;

#define WEIR_TYPE_CONFIG_ERROR (weir_config_error_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_config_error_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
GQuark weir_config_error_quark (void);

/* One immutable snapshot of everything that was configured, made from a project
 * folder: weir.toml, supabase/config.toml, each function's function.json, .env files,
 * WEIR_* of the environment and the options of the command line. Every value knows
 * its source. Thread-safe once made. A reload makes a new one. */
#define WEIR_TYPE_CONFIG (weir_config_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirConfig, weir_config, WEIR, CONFIG, GObject)

/* directory: the project folder, or the functions folder itself (see docs).
 * overrides: (nullable) a{sv} of server options given by argv or by an embedding
 * program, strongest of all, e.g. {"listen": <["127.0.0.1:0"]>}. The first problem
 * is the error; all of them: weir_config_get_problems() on what check() returns. */
WEIR_AVAILABLE_IN_ALL
WeirConfig *weir_config_load (const char *directory, GVariant *overrides, GError **error);

/* As load, but never fails: a config with as much as could be read, and the list of
 * problems, each "file:line:column: message" text, in file order. */
WEIR_AVAILABLE_IN_ALL
WeirConfig *weir_config_check (const char *directory, GVariant *overrides);
/* The same sources read again, as they are now; the old snapshot stays as it was. */
WEIR_AVAILABLE_IN_ALL
WeirConfig *weir_config_reload (WeirConfig *self, GError **error);
WEIR_AVAILABLE_IN_ALL
const char *const *weir_config_get_problems (WeirConfig *self);
/* What works but should be said: "supabase/config.toml: [auth] is not used by Weir". */
WEIR_AVAILABLE_IN_ALL
const char *const *weir_config_get_warnings (WeirConfig *self);

/* Where functions live: absolute paths. */
WEIR_AVAILABLE_IN_ALL
const char *weir_config_get_directory (WeirConfig *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_config_get_functions_directory (WeirConfig *self);
/* Every file that was read or looked for (absolute): a change of one means a reload. */
WEIR_AVAILABLE_IN_ALL
char **weir_config_dup_files (WeirConfig *self);

/* The server's own options, by dotted name ("listen", "limits.head_timeout_ms"). */
WEIR_AVAILABLE_IN_ALL
WeirSettings *weir_config_get_server_settings (WeirConfig *self);
/* Options of a plugin's table ([adapters.soup], [runtimes.deno]): a{sv}, and where
 * each stands is in the origin text of the error the engine makes. */
WEIR_AVAILABLE_IN_ALL
GVariant *weir_config_dup_plugin_options (WeirConfig *self, const char *point, const char *name);
/* "file:line" of one option of such a table, or NULL (transfer full). */
WEIR_AVAILABLE_IN_ALL
char *weir_config_dup_plugin_option_origin (WeirConfig *self,
                                            const char *point,
                                            const char *name,
                                            const char *option);
/* Names under [functions.*] of weir.toml and of supabase/config.toml, sorted. */
WEIR_AVAILABLE_IN_ALL
char **weir_config_dup_function_names (WeirConfig *self);
/* One function's settings, merged by the precedence of the manual; function_directory
 * (nullable) is where its function.json and .env are. */
WEIR_AVAILABLE_IN_ALL
WeirSettings *weir_config_dup_function_settings (WeirConfig *self,
                                                 const char *name,
                                                 const char *function_directory,
                                                 GError **error);
/* The environment of one function, merged, as "KEY=value" lines without duplicates. */
WEIR_AVAILABLE_IN_ALL
char **weir_config_dup_function_environ (WeirConfig *self,
                                         const char *name,
                                         const char *function_directory,
                                         GError **error);
/* The same, with lines from elsewhere (nullable): over the files for all functions, under
 * what the function itself has. */
WEIR_AVAILABLE_IN_ALL
char **weir_config_dup_function_environ_with (WeirConfig *self,
                                              const char *name,
                                              const char *function_directory,
                                              const char *const *secrets,
                                              GError **error);

G_END_DECLS
