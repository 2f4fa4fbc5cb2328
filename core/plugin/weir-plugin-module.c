/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/weir-plugin-module-private.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <link.h>
#include <string.h>

/**
 * WeirPluginDescriptor: (skip)
 * @abi_major: `WEIR_PLUGIN_ABI_MAJOR` of the headers it was built with
 * @abi_minor: `WEIR_PLUGIN_ABI_MINOR` of those headers
 * @struct_size: the size of the descriptor in those headers
 * @id: the id of the plugin, as in its manifest
 * @activate: adds the plugin's extensions; %FALSE and an error when it cannot. May be
 *   called again in the same process, for another engine
 *
 * What a module exports, through `WEIR_PLUGIN_DEFINE()`, as the constant
 * `weir_plugin_ID`. It is data so that it can be checked before any function of the
 * plugin is called. C only.
 *
 * Since: 1.0
 */

/* The layout is ABI. Whoever changes it raises the major number, and these. */
G_STATIC_ASSERT (G_STRUCT_OFFSET (WeirPluginDescriptor, struct_size) == 4);
G_STATIC_ASSERT (G_STRUCT_OFFSET (WeirPluginDescriptor, id) == 8);
G_STATIC_ASSERT (sizeof (WeirPluginDescriptor) == 8 + 10 * sizeof (gpointer));

static gboolean
check_abi (const WeirPluginManifest *manifest,
           const char *whose,
           guint major,
           guint minor,
           GError **error)
{
  if (major == WEIR_PLUGIN_ABI_MAJOR && minor <= WEIR_PLUGIN_ABI_MINOR)
    return TRUE;

  g_set_error (error,
               WEIR_PLUGIN_ERROR,
               WEIR_PLUGIN_ERROR_ABI,
               "Plugin “%s”: its %s asks for ABI %u.%u, and this is ABI %d.%d: %s",
               manifest->id,
               whose,
               major,
               minor,
               WEIR_PLUGIN_ABI_MAJOR,
               WEIR_PLUGIN_ABI_MINOR,
               major < WEIR_PLUGIN_ABI_MAJOR ? "the plugin must be built again"
                                             : "it needs a newer Weir");
  return FALSE;
}

static gboolean
refuse_symbol (const WeirPluginManifest *manifest,
               const char *module_path,
               const char *problem,
               GError **error)
{
  g_set_error (error,
               WEIR_PLUGIN_ERROR,
               WEIR_PLUGIN_ERROR_SYMBOL,
               "Plugin “%s”: %s: %s",
               manifest->id,
               module_path,
               problem);
  return FALSE;
}

/* A function under the descriptor's name, or a smaller object, would be read as if it
 * were a descriptor: ask the module's own symbol table what it is. */
static gboolean
symbol_is_descriptor (gconstpointer address)
{
#ifdef __GLIBC__ /* other libraries have no dladdr1 () */
  Dl_info where;
  void *entry = NULL;

  if (dladdr1 (address, &where, &entry, RTLD_DL_SYMENT) != 0 && entry != NULL)
    {
      const ElfW (Sym) *symbol = entry;

      return ELF32_ST_TYPE (symbol->st_info) == STT_OBJECT &&
             symbol->st_size >= G_STRUCT_OFFSET (WeirPluginDescriptor, id);
    }
#endif
  return TRUE;
}

static gboolean
check_descriptor (const WeirPluginManifest *manifest,
                  const char *module_path,
                  const WeirPluginDescriptor *descriptor,
                  GError **error)
{
  if (!symbol_is_descriptor (descriptor))
    return refuse_symbol (manifest, module_path, "its descriptor is not data", error);
  if (!check_abi (manifest, "module", descriptor->abi_major, descriptor->abi_minor, error))
    return FALSE;
  if (descriptor->struct_size != sizeof (WeirPluginDescriptor))
    return refuse_symbol (manifest, module_path, "its descriptor has another size", error);
  if (g_strcmp0 (descriptor->id, manifest->id) != 0)
    return refuse_symbol (manifest, module_path, "its descriptor names another plugin", error);
  if (descriptor->activate == NULL)
    return refuse_symbol (manifest, module_path, "its descriptor has no activate", error);
  return TRUE;
}

const WeirPluginDescriptor *
weir_plugin_module_open (const WeirPluginManifest *manifest,
                         const char *module_path,
                         GError **error)
{
  g_autofree char *symbol =
      g_strdelimit (g_strconcat ("weir_plugin_", manifest->id, NULL), "-", '_');
  g_autofree char *missing = g_strdup_printf ("it does not export %s", symbol);
  gpointer address = NULL;
  GModule *module;

  if (!check_abi (manifest, "manifest", manifest->abi_major, manifest->abi_minor, error))
    return NULL;

  if (!g_file_test (module_path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_MODULE,
                   "Plugin “%s”: there is no module %s",
                   manifest->id,
                   module_path);
      return NULL;
    }

  module = g_module_open (module_path, G_MODULE_BIND_LOCAL);
  if (module == NULL)
    {
      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_MODULE,
                   "Plugin “%s”: %s",
                   manifest->id,
                   g_module_error ());
      return NULL;
    }

  /* Types, quarks and the libraries it brought along cannot be taken back, whatever
   * comes next. */
  g_module_make_resident (module);

  if (!g_module_symbol (module, symbol, &address) || address == NULL)
    {
      refuse_symbol (manifest, module_path, missing, error);
      return NULL;
    }

  return check_descriptor (manifest, module_path, address, error) ? address : NULL;
}
