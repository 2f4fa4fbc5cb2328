/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/weir-extension-options-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"
#include "plugin/weir-plugin-info.h"

/* What a file of configuration can hold: one integer, of whatever GVariant type. */
typedef struct
{
  gboolean negative;
  gint64 s; /* valid when the number fits */
  guint64 u;
} Integer;

static gboolean
read_integer (GVariant *value, Integer *out)
{
  gint64 s = 0;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      s = g_variant_get_byte (value);
      break;
    case G_VARIANT_CLASS_INT16:
      s = g_variant_get_int16 (value);
      break;
    case G_VARIANT_CLASS_UINT16:
      s = g_variant_get_uint16 (value);
      break;
    case G_VARIANT_CLASS_INT32:
      s = g_variant_get_int32 (value);
      break;
    case G_VARIANT_CLASS_UINT32:
      s = g_variant_get_uint32 (value);
      break;
    case G_VARIANT_CLASS_INT64:
      s = g_variant_get_int64 (value);
      break;
    case G_VARIANT_CLASS_UINT64:
      out->negative = FALSE;
      out->u = g_variant_get_uint64 (value);
      out->s = MIN (out->u, G_MAXINT64);
      return TRUE;
    case G_VARIANT_CLASS_BOOLEAN:
    case G_VARIANT_CLASS_HANDLE:
    case G_VARIANT_CLASS_DOUBLE:
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
    case G_VARIANT_CLASS_ARRAY:
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
      return FALSE;
    }

  out->negative = s < 0;
  out->s = s;
  out->u = MAX (s, 0);
  return TRUE;
}

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
refuse (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_OPTION, message);
  return FALSE;
}

static gboolean
refuse_type (const char *wanted, GVariant *value, GError **error)
{
  g_autofree char *text = g_variant_print (value, FALSE);

  return refuse (error, "must be %s, not %s", wanted, text);
}

static gboolean
refuse_range (GVariant *value, const char *least, const char *most, GError **error)
{
  g_autofree char *text = g_variant_print (value, FALSE);

  return refuse (error, "must be from %s to %s, not %s", least, most, text);
}

static gboolean
read_signed (GVariant *value, gint64 least, gint64 most, gint64 *out, GError **error)
{
  Integer number = { 0 };

  if (!read_integer (value, &number))
    return refuse_type ("an integer", value, error);
  if (number.s < least || number.s > most || (!number.negative && number.u > G_MAXINT64))
    {
      g_autofree char *from = g_strdup_printf ("%" G_GINT64_FORMAT, least);
      g_autofree char *to = g_strdup_printf ("%" G_GINT64_FORMAT, most);

      return refuse_range (value, from, to, error);
    }
  *out = number.s;
  return TRUE;
}

static gboolean
read_unsigned (GVariant *value, guint64 least, guint64 most, guint64 *out, GError **error)
{
  Integer number = { 0 };

  if (!read_integer (value, &number))
    return refuse_type ("an integer", value, error);
  if (number.negative || number.u < least || number.u > most)
    {
      g_autofree char *from = g_strdup_printf ("%" G_GUINT64_FORMAT, least);
      g_autofree char *to = g_strdup_printf ("%" G_GUINT64_FORMAT, most);

      return refuse_range (value, from, to, error);
    }
  *out = number.u;
  return TRUE;
}

static gboolean
read_double (GVariant *value, double least, double most, double *out, GError **error)
{
  Integer number = { 0 };
  double found;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    found = g_variant_get_double (value);
  else if (read_integer (value, &number))
    found = number.negative ? (double) number.s : (double) number.u;
  else
    return refuse_type ("a number", value, error);

  /* Put this way round, NaN is refused as well. */
  if (!(found >= least && found <= most))
    {
      g_autofree char *from = g_strdup_printf ("%g", least);
      g_autofree char *to = g_strdup_printf ("%g", most);

      return refuse_range (value, from, to, error);
    }
  *out = found;
  return TRUE;
}

static gboolean
convert_signed (GParamSpec *pspec, GVariant *value, GValue *out, GError **error)
{
  gint64 number;

  if (G_IS_PARAM_SPEC_INT (pspec))
    {
      GParamSpecInt *spec = G_PARAM_SPEC_INT (pspec);

      if (!read_signed (value, spec->minimum, spec->maximum, &number, error))
        return FALSE;
      g_value_set_int (out, number);
    }
  else if (G_IS_PARAM_SPEC_LONG (pspec))
    {
      GParamSpecLong *spec = G_PARAM_SPEC_LONG (pspec);

      if (!read_signed (value, spec->minimum, spec->maximum, &number, error))
        return FALSE;
      g_value_set_long (out, number);
    }
  else
    {
      GParamSpecInt64 *spec = G_PARAM_SPEC_INT64 (pspec);

      if (!read_signed (value, spec->minimum, spec->maximum, &number, error))
        return FALSE;
      g_value_set_int64 (out, number);
    }
  return TRUE;
}

static gboolean
convert_unsigned (GParamSpec *pspec, GVariant *value, GValue *out, GError **error)
{
  guint64 number;

  if (G_IS_PARAM_SPEC_UINT (pspec))
    {
      GParamSpecUInt *spec = G_PARAM_SPEC_UINT (pspec);

      if (!read_unsigned (value, spec->minimum, spec->maximum, &number, error))
        return FALSE;
      g_value_set_uint (out, number);
    }
  else if (G_IS_PARAM_SPEC_ULONG (pspec))
    {
      GParamSpecULong *spec = G_PARAM_SPEC_ULONG (pspec);

      if (!read_unsigned (value, spec->minimum, spec->maximum, &number, error))
        return FALSE;
      g_value_set_ulong (out, number);
    }
  else
    {
      GParamSpecUInt64 *spec = G_PARAM_SPEC_UINT64 (pspec);

      if (!read_unsigned (value, spec->minimum, spec->maximum, &number, error))
        return FALSE;
      g_value_set_uint64 (out, number);
    }
  return TRUE;
}

static gboolean
convert_float (GParamSpec *pspec, GVariant *value, GValue *out, GError **error)
{
  double number;

  if (G_IS_PARAM_SPEC_FLOAT (pspec))
    {
      GParamSpecFloat *spec = G_PARAM_SPEC_FLOAT (pspec);

      if (!read_double (value, spec->minimum, spec->maximum, &number, error))
        return FALSE;
      g_value_set_float (out, number);
    }
  else
    {
      GParamSpecDouble *spec = G_PARAM_SPEC_DOUBLE (pspec);

      if (!read_double (value, spec->minimum, spec->maximum, &number, error))
        return FALSE;
      g_value_set_double (out, number);
    }
  return TRUE;
}

static gboolean
convert_enum (GParamSpec *pspec, GVariant *value, GValue *out, GError **error)
{
  GEnumClass *klass = G_PARAM_SPEC_ENUM (pspec)->enum_class;
  g_autoptr (GPtrArray) nicks = g_ptr_array_new ();
  g_autofree char *list = NULL;
  const char *nick;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return refuse_type ("a string", value, error);

  nick = g_variant_get_string (value, NULL);
  for (guint i = 0; i < klass->n_values; i++)
    {
      if (strcmp (klass->values[i].value_nick, nick) == 0)
        {
          g_value_set_enum (out, klass->values[i].value);
          return TRUE;
        }
      g_ptr_array_add (nicks, (gpointer) klass->values[i].value_nick);
    }

  g_ptr_array_add (nicks, NULL);
  list = g_strjoinv (", ", (char **) nicks->pdata);
  return refuse (error, "must be one of %s, not “%s”", list, nick);
}

static gboolean
convert_other (GParamSpec *pspec, GVariant *value, GValue *out, GError **error)
{
  if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    {
      if (!g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
        return refuse_type ("true or false", value, error);
      g_value_set_boolean (out, g_variant_get_boolean (value));
      return TRUE;
    }
  if (G_IS_PARAM_SPEC_STRING (pspec))
    {
      if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
        return refuse_type ("a string", value, error);
      g_value_set_string (out, g_variant_get_string (value, NULL));
      return TRUE;
    }
  if (pspec->value_type == G_TYPE_STRV)
    {
      /* An array without elements has lost the type that they would have had. */
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
        g_value_take_boxed (out, g_variant_dup_strv (value, NULL));
      else if (g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY) &&
               g_variant_n_children (value) == 0)
        g_value_take_boxed (out, g_new0 (char *, 1));
      else
        return refuse_type ("an array of strings", value, error);
      return TRUE;
    }
  if (G_IS_PARAM_SPEC_VARIANT (pspec))
    {
      const GVariantType *wanted = G_PARAM_SPEC_VARIANT (pspec)->type;

      if (!g_variant_is_of_type (value, wanted))
        {
          g_autofree char *text = g_variant_type_dup_string (wanted);
          g_autofree char *words = g_strdup_printf ("of the type %s", text);

          return refuse_type (words, value, error);
        }
      g_value_set_variant (out, value);
      return TRUE;
    }

  return refuse (error, "is a %s, which cannot be configured", g_type_name (pspec->value_type));
}

static gboolean
convert (GParamSpec *pspec, GVariant *value, GValue *out, GError **error)
{
  if (G_IS_PARAM_SPEC_INT (pspec) || G_IS_PARAM_SPEC_LONG (pspec) || G_IS_PARAM_SPEC_INT64 (pspec))
    return convert_signed (pspec, value, out, error);
  if (G_IS_PARAM_SPEC_UINT (pspec) || G_IS_PARAM_SPEC_ULONG (pspec) ||
      G_IS_PARAM_SPEC_UINT64 (pspec))
    return convert_unsigned (pspec, value, out, error);
  if (G_IS_PARAM_SPEC_FLOAT (pspec) || G_IS_PARAM_SPEC_DOUBLE (pspec))
    return convert_float (pspec, value, out, error);
  if (G_IS_PARAM_SPEC_ENUM (pspec))
    return convert_enum (pspec, value, out, error);
  return convert_other (pspec, value, out, error);
}

/* Configuration writes "_" where GObject has "-"; both are taken. */
static GParamSpec *
find_option (GObjectClass *klass, const char *option)
{
  g_autofree char *name = g_strdelimit (g_strdup (option), "_", '-');
  GParamSpec *pspec = g_object_class_find_property (klass, name);

  return pspec != NULL && (pspec->flags & G_PARAM_WRITABLE) != 0 ? pspec : NULL;
}

static gboolean
refuse_unknown (GObjectClass *klass, const char *option, GError **error)
{
  guint n = 0;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (klass, &n);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *hint = NULL;

  for (guint i = 0; i < n; i++)
    {
      if ((pspecs[i]->flags & G_PARAM_WRITABLE) != 0)
        g_ptr_array_add (names, g_strdelimit (g_strdup (pspecs[i]->name), "-", '_'));
    }
  g_ptr_array_add (names, NULL);
  hint = weir_suggest_text (option, (const char *const *) names->pdata);
  return refuse (error, "there is no such option%s", hint);
}

static gboolean
add_option (WeirExtensionOptions *self,
            GObjectClass *klass,
            const char *option,
            GVariant *value,
            GError **error)
{
  GParamSpec *pspec = find_option (klass, option);
  g_auto (GValue) converted = G_VALUE_INIT;

  if (pspec == NULL)
    return refuse_unknown (klass, option, error);
  if (g_ptr_array_find (self->names, pspec->name, NULL))
    return refuse (error, "the option is there twice, with “_” and with “-”");

  g_value_init (&converted, pspec->value_type);
  if (!convert (pspec, value, &converted, error))
    return FALSE;
  /* What a pspec checks beyond numbers: the characters of a string, for instance. */
  if (g_param_value_validate (pspec, &converted))
    {
      g_autofree char *text = g_variant_print (value, FALSE);

      return refuse (error, "%s is not a valid value", text);
    }

  g_ptr_array_add (self->names, (gpointer) pspec->name);
  g_array_append_val (self->values, converted);
  memset (&converted, 0, sizeof converted); /* the array owns it now */
  return TRUE;
}

WeirExtensionOptions *
weir_extension_options_new (GObjectClass *klass,
                            const char *whose,
                            GVariant *options,
                            char **culprit,
                            GError **error)
{
  g_autoptr (WeirExtensionOptions) self = g_new0 (WeirExtensionOptions, 1);
  const char *option;
  GVariant *value;
  GVariantIter iter;

  self->names = g_ptr_array_new ();
  self->values = g_array_new (FALSE, FALSE, sizeof (GValue));
  g_array_set_clear_func (self->values, (GDestroyNotify) g_value_unset);
  if (options == NULL)
    return g_steal_pointer (&self);

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_loop (&iter, "{&sv}", &option, &value))
    {
      if (!add_option (self, klass, option, value, error))
        {
          g_prefix_error (error, "%s: %s: ", whose, option);
          if (culprit != NULL)
            *culprit = g_strdup (option);
          g_variant_unref (value); /* the loop is left half-way */
          return NULL;
        }
    }

  return g_steal_pointer (&self);
}

void
weir_extension_options_free (WeirExtensionOptions *self)
{
  g_ptr_array_unref (self->names);
  g_array_unref (self->values);
  g_free (self);
}
