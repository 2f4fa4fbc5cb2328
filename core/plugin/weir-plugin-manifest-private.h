/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "plugin/weir-plugin-info.h"

G_BEGIN_DECLS

/* What <id>.plugin says. The lists are never NULL. */
typedef struct
{
  char *path;
  char *id;
  char *module; /* file name without folder and suffix */
  guint16 abi_major;
  guint16 abi_minor;
  char *name;
  char *description;
  char *version;
  char **provides; /* "adapter:soup" */
  char **requires_;
  char **conflicts;
} WeirPluginManifest;

WeirPluginManifest *weir_plugin_manifest_load (const char *path, GError **error);
/* Only the path and the id that its file name stands for: for one that cannot be read. */
WeirPluginManifest *weir_plugin_manifest_new_unreadable (const char *path);
void weir_plugin_manifest_free (WeirPluginManifest *self);

/* Lower-case letters, digits and single "-", beginning with a letter. */
gboolean weir_plugin_id_is_valid (const char *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirPluginManifest, weir_plugin_manifest_free)

G_END_DECLS
