/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/weir-extension-registry-private.h"

#include <string.h>

#include "plugin/weir-plugin-info.h"

/* ---- a point, and a type with one option of each kind ---- */

#define WEIR_TYPE_TEST_POINT (weir_test_point_get_type ())
GType weir_test_point_get_type (void);
typedef struct
{
  GTypeInterface g_iface;
} WeirTestPointInterface;
typedef WeirTestPointInterface WeirTestPointIface;
typedef struct _WeirTestPoint WeirTestPoint;
G_DEFINE_INTERFACE (WeirTestPoint, weir_test_point, G_TYPE_OBJECT)

static void
weir_test_point_default_init (WeirTestPointInterface *iface)
{
}

#define TEST_TYPE_GADGET (test_gadget_get_type ())
G_DECLARE_FINAL_TYPE (TestGadget, test_gadget, TEST, GADGET, GObject)

#define N_OPTIONS 16

struct _TestGadget
{
  GObject parent_instance;

  GValue values[N_OPTIONS];
};

static GParamSpec *specs[N_OPTIONS];
static gboolean init_fails;

static gboolean
test_gadget_initable_init (GInitable *initable, GCancellable *cancellable, GError **error)
{
  if (!init_fails)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "Somebody else has it");
  return FALSE;
}

static void
test_gadget_initable_iface_init (GInitableIface *iface)
{
  iface->init = test_gadget_initable_init;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestGadget,
                               test_gadget,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_TEST_POINT, NULL)
                                   G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE,
                                                          test_gadget_initable_iface_init))

static void
test_gadget_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GValue *mine = &TEST_GADGET (object)->values[id];

  if (!G_IS_VALUE (mine))
    g_value_init (mine, pspec->value_type);
  g_value_copy (value, mine);
}

static void
test_gadget_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GValue *mine = &TEST_GADGET (object)->values[id];

  if (G_IS_VALUE (mine))
    g_value_copy (mine, value);
}

static void
test_gadget_finalize (GObject *object)
{
  TestGadget *self = TEST_GADGET (object);

  for (guint i = 0; i < N_OPTIONS; i++)
    {
      if (G_IS_VALUE (&self->values[i]))
        g_value_unset (&self->values[i]);
    }
  G_OBJECT_CLASS (test_gadget_parent_class)->finalize (object);
}

static void
test_gadget_class_init (TestGadgetClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
  guint n = 1;

  object_class->set_property = test_gadget_set_property;
  object_class->get_property = test_gadget_get_property;
  object_class->finalize = test_gadget_finalize;

  specs[n++] = g_param_spec_int ("an-int", NULL, NULL, -5, 5, 0, flags);
  specs[n++] = g_param_spec_uint ("a-uint", NULL, NULL, 1, 65535, 1, flags);
  specs[n++] = g_param_spec_int64 ("an-int64", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);
  specs[n++] = g_param_spec_uint64 ("a-uint64", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  specs[n++] = g_param_spec_long ("a-long", NULL, NULL, -7, 7, 0, flags);
  specs[n++] = g_param_spec_ulong ("a-ulong", NULL, NULL, 0, 7, 0, flags);
  specs[n++] = g_param_spec_double ("a-double", NULL, NULL, 0, 1, 0, flags);
  specs[n++] = g_param_spec_float ("a-float", NULL, NULL, 0, 1, 0, flags);
  specs[n++] = g_param_spec_boolean ("a-boolean", NULL, NULL, FALSE, flags);
  specs[n++] = g_param_spec_string ("a-string", NULL, NULL, NULL, flags | G_PARAM_CONSTRUCT_ONLY);
  specs[n++] = g_param_spec_boxed ("a-strv", NULL, NULL, G_TYPE_STRV, flags);
  specs[n++] = g_param_spec_enum ("an-enum",
                                  NULL,
                                  NULL,
                                  WEIR_TYPE_PLUGIN_STATE,
                                  WEIR_PLUGIN_STATE_FOUND,
                                  flags);
  specs[n++] = g_param_spec_variant ("a-table", NULL, NULL, G_VARIANT_TYPE ("a{sv}"), NULL, flags);
  specs[n++] = g_param_spec_object ("an-object", NULL, NULL, G_TYPE_OBJECT, flags);
  specs[n++] = g_param_spec_int ("read-only",
                                 NULL,
                                 NULL,
                                 0,
                                 9,
                                 0,
                                 G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_assert_cmpuint (n, ==, N_OPTIONS);
  g_object_class_install_properties (object_class, n, specs);
}

static void
test_gadget_init (TestGadget *self)
{
}

static WeirExtensionRegistry *
registry_new (void)
{
  WeirExtensionRegistry *registry = weir_extension_registry_new ();
  g_autoptr (GError) error = NULL;

  weir_extension_registry_add (registry, WEIR_TYPE_TEST_POINT, "gadget", TEST_TYPE_GADGET, &error);
  g_assert_no_error (error);
  return registry;
}

/* ---- adding ---- */

static void
test_add (void)
{
  g_autoptr (WeirExtensionRegistry) registry = registry_new ();
  g_auto (GStrv) names = NULL;
  g_auto (GStrv) none = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (weir_extension_registry_add (registry,
                                              WEIR_TYPE_TEST_POINT,
                                              "another",
                                              TEST_TYPE_GADGET,
                                              &error));
  g_assert_no_error (error);

  names = weir_extension_registry_dup_names (registry, WEIR_TYPE_TEST_POINT);
  g_assert_cmpuint (g_strv_length (names), ==, 2);
  g_assert_cmpstr (names[0], ==, "another");
  g_assert_cmpstr (names[1], ==, "gadget");
  none = weir_extension_registry_dup_names (registry, G_TYPE_INITABLE);
  g_assert_cmpuint (g_strv_length (none), ==, 0);

  g_assert_true (weir_extension_registry_lookup (registry, WEIR_TYPE_TEST_POINT, "gadget") ==
                 TEST_TYPE_GADGET);
  g_assert_true (weir_extension_registry_lookup (registry, WEIR_TYPE_TEST_POINT, "none") ==
                 G_TYPE_INVALID);
}

static void
test_add_refused (void)
{
  g_autoptr (WeirExtensionRegistry) registry = registry_new ();
  GType abstract = g_type_register_static_simple (G_TYPE_OBJECT,
                                                  "TestAbstract",
                                                  sizeof (GObjectClass),
                                                  NULL,
                                                  sizeof (GObject),
                                                  NULL,
                                                  G_TYPE_FLAG_ABSTRACT);
  const GInterfaceInfo nothing = { NULL };
  const GType types[] = { G_TYPE_INVALID, G_TYPE_STRING, G_TYPE_OBJECT, abstract };

  g_type_add_interface_static (abstract, WEIR_TYPE_TEST_POINT, &nothing);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (
          weir_extension_registry_add (registry, WEIR_TYPE_TEST_POINT, "x", types[i], &error));
      g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_REFUSED);
    }
}

static void
test_add_twice (void)
{
  g_autoptr (WeirExtensionRegistry) registry = registry_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (weir_extension_registry_add (registry,
                                               WEIR_TYPE_TEST_POINT,
                                               "gadget",
                                               TEST_TYPE_GADGET,
                                               &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_CONFLICT);
  g_assert_cmpstr (error->message, ==, "test-point “gadget” is there already, as TestGadget");
}

static void
test_provides (void)
{
  g_autoptr (WeirExtensionRegistry) registry = registry_new ();

  g_assert_true (weir_extension_registry_provides (registry, "test-point", "gadget"));
  g_assert_false (weir_extension_registry_provides (registry, "test-point", "gadge"));
  g_assert_false (weir_extension_registry_provides (registry, "test", "gadget"));
  weir_extension_registry_remove (registry, WEIR_TYPE_TEST_POINT, "gadget");
  g_assert_false (weir_extension_registry_provides (registry, "test-point", "gadget"));
}

/* ---- options ---- */

typedef struct
{
  const char *name;
  const char *options;
  const char *expected; /* the property, printed; or the end of the error's message */
} Option;

static const Option good_options[] = {
  { "an-int", "{'an_int': <@x -5>}", "-5" },
  { "an-int", "{'an-int': <byte 0x05>}", "5" },
  { "an-int", "{'an-int': <int16 5>}", "5" },
  { "an-int", "{'an-int': <uint16 5>}", "5" },
  { "a-uint", "{'a_uint': <@i 65535>}", "65535" },
  { "an-int64", "{'an_int64': <@x -9223372036854775808>}", "-9223372036854775808" },
  { "a-uint64", "{'a_uint64': <@t 18446744073709551615>}", "18446744073709551615" },
  { "a-long", "{'a_long': <@u 7>}", "7" },
  { "a-ulong", "{'a_ulong': <@x 7>}", "7" },
  { "a-double", "{'a_double': <0.5>}", "0.500000" },
  { "a-double", "{'a_double': <@x 1>}", "1.000000" },
  { "a-double", "{'a_double': <@t 1>}", "1.000000" },
  { "a-float", "{'a_float': <0.25>}", "0.250000" },
  { "a-boolean", "{'a_boolean': <true>}", "TRUE" },
  { "a-string", "{'a_string': <'text'>}", "\"text\"" },
  { "a-strv", "{'a_strv': <['a', 'b']>}", "[\"a\", \"b\"]" },
  { "a-strv", "{'a_strv': <@av []>}", "[]" },
  { "an-enum", "{'an_enum': <'active'>}", "((WeirPluginState) WEIR_PLUGIN_STATE_ACTIVE)" },
  { "a-table", "{'a_table': <{'k': <'v'>}>}", "{'k': <'v'>}" },
};

static void
test_good_option (gconstpointer data)
{
  const Option *option = data;
  g_autoptr (WeirExtensionRegistry) registry = registry_new ();
  g_autoptr (GVariant) options = g_variant_ref_sink (g_variant_new_parsed (option->options));
  g_autoptr (GObject) gadget = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree char *culprit = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (weir_extension_registry_check (registry,
                                                WEIR_TYPE_TEST_POINT,
                                                "gadget",
                                                options,
                                                &culprit,
                                                &error));
  g_assert_no_error (error);
  g_assert_null (culprit);

  gadget =
      weir_extension_registry_create (registry, WEIR_TYPE_TEST_POINT, "gadget", options, &error);
  g_assert_no_error (error);
  g_object_get_property (gadget, option->name, &value);
  text = G_VALUE_HOLDS_VARIANT (&value) ? g_variant_print (g_value_get_variant (&value), FALSE)
                                        : g_strdup_value_contents (&value);
  if (!g_str_has_prefix (text, option->expected))
    g_error ("“%s” does not begin with “%s”", text, option->expected);
}

static const Option bad_options[] = {
  { "an_int", "{'an_int': <@x 6>}", "must be from -5 to 5, not 6" },
  { "an_int", "{'an_int': <@x 4294967296>}", "must be from -5 to 5, not 4294967296" },
  { "an_int", "{'an_int': <@t 18446744073709551615>}", "not 18446744073709551615" },
  { "an_int", "{'an_int': <1.0>}", "must be an integer, not 1.0" },
  { "an_int", "{'an_int': <'1'>}", "must be an integer, not '1'" },
  { "a_uint", "{'a_uint': <@x 0>}", "must be from 1 to 65535, not 0" },
  { "a_uint", "{'a_uint': <@x -1>}", "must be from 1 to 65535, not -1" },
  { "an_int64", "{'an_int64': <@t 9223372036854775808>}", "not 9223372036854775808" },
  { "a_ulong", "{'a_ulong': <true>}", "must be an integer, not true" },
  { "a_double", "{'a_double': <1.5>}", "must be from 0 to 1, not 1.5" },
  { "a_double", "{'a_double': <'x'>}", "must be a number, not 'x'" },
  { "a_boolean", "{'a_boolean': <@x 1>}", "must be true or false, not 1" },
  { "a_string", "{'a_string': <@x 1>}", "must be a string, not 1" },
  { "a_strv", "{'a_strv': <'a'>}", "must be an array of strings, not 'a'" },
  { "a_strv", "{'a_strv': <[1, 2]>}", "must be an array of strings, not [1, 2]" },
  { "an_enum",
    "{'an_enum': <'activ'>}",
    "must be one of found, loading, active, failed, not “activ”" },
  { "an_enum", "{'an_enum': <@x 1>}", "must be a string, not 1" },
  { "a_table", "{'a_table': <@x 1>}", "must be of the type a{sv}, not 1" },
  { "an_object", "{'an_object': <'x'>}", "is a GObject, which cannot be configured" },
  { "read_only", "{'read_only': <@x 1>}", "there is no such option" },
  { "a_strin", "{'a_strin': <'x'>}", "there is no such option; did you mean “a_string”?" },
  { "quite-different", "{'quite-different': <'x'>}", "there is no such option" },
};

static void
test_bad_option (gconstpointer data)
{
  const Option *option = data;
  g_autoptr (WeirExtensionRegistry) registry = registry_new ();
  g_autoptr (GVariant) options = g_variant_ref_sink (g_variant_new_parsed (option->options));
  g_autofree char *start = g_strdup_printf ("test-point “gadget”: %s: ", option->name);
  g_autofree char *culprit = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (weir_extension_registry_check (registry,
                                                 WEIR_TYPE_TEST_POINT,
                                                 "gadget",
                                                 options,
                                                 &culprit,
                                                 &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_OPTION);
  g_assert_cmpstr (culprit, ==, option->name);
  g_assert_true (g_str_has_prefix (error->message, start));
  if (!g_str_has_suffix (error->message, option->expected))
    g_error ("“%s” does not end in “%s”", error->message, option->expected);

  g_clear_error (&error);
  g_assert_null (
      weir_extension_registry_create (registry, WEIR_TYPE_TEST_POINT, "gadget", options, &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_OPTION);
}

static void
test_option_twice (void)
{
  g_autoptr (WeirExtensionRegistry) registry = registry_new ();
  g_autoptr (GVariant) options =
      g_variant_ref_sink (g_variant_new_parsed ("{'an-int': <@x 1>, 'an_int': <@x 2>}"));
  g_autoptr (GError) error = NULL;

  g_assert_false (weir_extension_registry_check (registry,
                                                 WEIR_TYPE_TEST_POINT,
                                                 "gadget",
                                                 options,
                                                 NULL,
                                                 &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_OPTION);
}

/* ---- making ---- */

static void
test_create (void)
{
  g_autoptr (WeirExtensionRegistry) registry = registry_new ();
  GObject *gadget;
  g_autoptr (GError) error = NULL;

  gadget = weir_extension_registry_create (registry, WEIR_TYPE_TEST_POINT, "gadget", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (TEST_IS_GADGET (gadget));
  g_assert_finalize_object (gadget);

  g_assert_null (
      weir_extension_registry_create (registry, WEIR_TYPE_TEST_POINT, "gadgets", NULL, &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "There is no test-point “gadgets”; did you mean “gadget”?");
}

static void
test_create_initable (void)
{
  g_autoptr (WeirExtensionRegistry) registry = registry_new ();
  g_autoptr (GError) error = NULL;

  init_fails = TRUE;
  g_assert_null (
      weir_extension_registry_create (registry, WEIR_TYPE_TEST_POINT, "gadget", NULL, &error));
  init_fails = FALSE;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, "test-point “gadget”: Somebody else has it");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/plugin/registry/add", test_add);
  g_test_add_func ("/plugin/registry/add-refused", test_add_refused);
  g_test_add_func ("/plugin/registry/add-twice", test_add_twice);
  g_test_add_func ("/plugin/registry/provides", test_provides);
  for (guint i = 0; i < G_N_ELEMENTS (good_options); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/plugin/registry/option/%u/%s", i, good_options[i].name);

      g_test_add_data_func (path, &good_options[i], test_good_option);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad_options); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/plugin/registry/bad-option/%u/%s", i, bad_options[i].name);

      g_test_add_data_func (path, &bad_options[i], test_bad_option);
    }
  g_test_add_func ("/plugin/registry/option-twice", test_option_twice);
  g_test_add_func ("/plugin/registry/create", test_create);
  g_test_add_func ("/plugin/registry/create-initable", test_create_initable);

  return g_test_run ();
}
