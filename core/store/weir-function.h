/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"
#include "base/weir-settings.h"

G_BEGIN_DECLS

/* One revision of a function: where its code is and how it wants to be run. Immutable,
 * thus safe in every thread; an edit makes another with a higher revision. */
#define WEIR_TYPE_FUNCTION (weir_function_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirFunction, weir_function, WEIR, FUNCTION, GObject)

/* Construct-only properties: name, directory, root, entrypoint, settings (boxed
 * WeirSettings), environ (strv), revision (uint64). */
WEIR_AVAILABLE_IN_ALL
const char *weir_function_get_name (WeirFunction *self);
/* Absolute: the function's own folder (for a flat file, the folder it lies in). */
WEIR_AVAILABLE_IN_ALL
const char *weir_function_get_directory (WeirFunction *self);
/* Absolute: the folder of all functions, with the shared "_" folders. */
WEIR_AVAILABLE_IN_ALL
const char *weir_function_get_root (WeirFunction *self);
/* Absolute path of the entry file. */
WEIR_AVAILABLE_IN_ALL
const char *weir_function_get_entrypoint (WeirFunction *self);
WEIR_AVAILABLE_IN_ALL
WeirSettings *weir_function_get_settings (WeirFunction *self);
WEIR_AVAILABLE_IN_ALL
const char *const *weir_function_get_environ (WeirFunction *self);
WEIR_AVAILABLE_IN_ALL
const char *const *weir_function_get_secrets (WeirFunction *self);
WEIR_AVAILABLE_IN_ALL
guint64 weir_function_get_revision (WeirFunction *self);

G_END_DECLS
