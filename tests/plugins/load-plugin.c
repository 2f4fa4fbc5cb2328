/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* load-plugin FOLDER ID NAME OPTIONS: loads a plugin and makes what it extends under that name,
 * a stage or an authenticator. It sees what an author sees: installed headers, the shared
 * library. */

#include <weir.h>

int
main (int argc, char **argv)
{
  g_autoptr (WeirPluginEngine) engine = weir_plugin_engine_new ();
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GObject) object = NULL;
  WeirExtensionRegistry *registry = weir_plugin_engine_get_registry (engine);
  GType point = WEIR_TYPE_STAGE;
  g_autoptr (GError) error = NULL;

  if (argc != 5)
    return 2;

  weir_plugin_engine_add_search_path (engine, argv[1]);
  options = g_variant_parse (G_VARIANT_TYPE_VARDICT, argv[4], NULL, NULL, &error);
  if (options != NULL && weir_plugin_engine_load (engine, argv[2], &error))
    {
      if (weir_extension_registry_lookup (registry, point, argv[3]) == G_TYPE_INVALID)
        point = WEIR_TYPE_AUTHENTICATOR;
      object = weir_extension_registry_create (registry, point, argv[3], options, &error);
    }
  if (object == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  g_print ("%s\n", G_OBJECT_TYPE_NAME (object));
  return 0;
}
