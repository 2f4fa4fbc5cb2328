/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

#define WEIR_PLUGIN_ERROR (weir_plugin_error_quark ())

typedef enum
{
  WEIR_PLUGIN_ERROR_MANIFEST,
  WEIR_PLUGIN_ERROR_ABI,
  WEIR_PLUGIN_ERROR_MODULE,
  WEIR_PLUGIN_ERROR_SYMBOL,
  WEIR_PLUGIN_ERROR_REFUSED,
  WEIR_PLUGIN_ERROR_DEPENDENCY,
  WEIR_PLUGIN_ERROR_CONFLICT,
  WEIR_PLUGIN_ERROR_NOT_FOUND,
  WEIR_PLUGIN_ERROR_OPTION,
} WeirPluginError;

#define WEIR_TYPE_PLUGIN_ERROR (weir_plugin_error_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_plugin_error_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
GQuark weir_plugin_error_quark (void);

typedef enum
{
  WEIR_PLUGIN_STATE_FOUND,
  WEIR_PLUGIN_STATE_LOADING,
  WEIR_PLUGIN_STATE_ACTIVE,
  WEIR_PLUGIN_STATE_FAILED,
} WeirPluginState;

#define WEIR_TYPE_PLUGIN_STATE (weir_plugin_state_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_plugin_state_get_type (void) G_GNUC_CONST;

/* What is known of one plugin, from its manifest alone until it is loaded. Properties:
 * id, name, description, version, provides (strv "adapter:soup"), manifest-path,
 * module-path, state, error-message. */
#define WEIR_TYPE_PLUGIN_INFO (weir_plugin_info_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirPluginInfo, weir_plugin_info, WEIR, PLUGIN_INFO, GObject)

WEIR_AVAILABLE_IN_ALL
const char *weir_plugin_info_get_id (WeirPluginInfo *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_plugin_info_get_name (WeirPluginInfo *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_plugin_info_get_description (WeirPluginInfo *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_plugin_info_get_version (WeirPluginInfo *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_plugin_info_get_manifest_path (WeirPluginInfo *self);
WEIR_AVAILABLE_IN_ALL
const char *const *weir_plugin_info_get_provides (WeirPluginInfo *self);
WEIR_AVAILABLE_IN_ALL
WeirPluginState weir_plugin_info_get_state (WeirPluginInfo *self);
/* Why it failed, or NULL. */
WEIR_AVAILABLE_IN_ALL
const GError *weir_plugin_info_get_error (WeirPluginInfo *self);

G_END_DECLS
