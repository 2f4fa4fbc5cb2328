/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* [auth] of supabase/config.toml: the keys of a project, and whose else are taken. */

#include "config/weir-config-supabase-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"

#define SHORTEST_SECRET 16

static void
read_key (WeirSupabaseReader *self, WeirNode *node, const char *prefix, char **value)
{
  if (node->kind != WEIR_NODE_STRING)
    {
      weir_source_fail (&self->source,
                        WEIR_CONFIG_ERROR_TYPE,
                        node->line,
                        node->column,
                        "%s%s must be a string, not %s",
                        prefix,
                        node->key,
                        weir_node_describe (node));
      return;
    }
  if (weir_supabase_resolve (self, node) == WEIR_RESOLUTION_UNSET || *node->string == '\0')
    return;
  g_free (*value);
  *value = g_strdup (node->string);
}

void
weir_supabase_auth_clear (WeirSupabaseAuth *self)
{
  g_free (self->jwt_secret);
  g_free (self->anon_key);
  g_free (self->service_role_key);
  g_free (self->publishable_key);
  g_free (self->secret_key);
  g_free (self->signing_keys_path);
  g_free (self->signing_keys_origin);
  g_clear_pointer (&self->third_party, g_ptr_array_unref);
}

/* ---- [auth.third_party.*] ---- */

typedef struct
{
  const char *name;
  const char *keys[2];
  guint n_required;
} Provider;

static const Provider providers[] = {
  { "firebase", { "project_id" }, 1 },
  { "auth0", { "tenant", "tenant_region" }, 1 },
  { "aws_cognito", { "user_pool_id", "user_pool_region" }, 2 },
  { "clerk", { "domain" }, 1 },
  { "workos", { "issuer_url" }, 1 },
};

void
weir_supabase_issuer_free (WeirSupabaseIssuer *self)
{
  g_free (self->url);
  g_free (self->audience);
  g_free (self->origin);
  g_free (self);
}

static char *
make_issuer_url (const Provider *provider, char *const values[2])
{
  const char *name = provider->name;

  if (g_str_equal (name, "firebase"))
    return g_strconcat ("https://securetoken.google.com/", values[0], NULL);
  if (g_str_equal (name, "auth0"))
    return g_strconcat ("https://",
                        values[0],
                        values[1] != NULL ? "." : "",
                        values[1] != NULL ? values[1] : "",
                        ".auth0.com",
                        NULL);
  if (g_str_equal (name, "aws_cognito"))
    return g_strdup_printf ("https://cognito-idp.%s.amazonaws.com/%s", values[1], values[0]);
  return g_str_equal (name, "clerk") ? g_strconcat ("https://", values[0], NULL)
                                     : g_strdup (values[0]);
}

static gboolean
is_enabled (WeirSupabaseReader *self, WeirNode *table)
{
  WeirNode *node = weir_node_find (table, "enabled");

  if (node == NULL)
    return FALSE;
  if (node->kind == WEIR_NODE_BOOLEAN)
    return node->boolean;
  if (weir_supabase_resolve (self, node) == WEIR_RESOLUTION_RESOLVED)
    return g_str_equal (node->string, "true") || g_str_equal (node->string, "1");
  weir_source_fail (&self->source,
                    WEIR_CONFIG_ERROR_TYPE,
                    node->line,
                    node->column,
                    "enabled must be true or false, not %s",
                    weir_node_describe (node));
  return FALSE;
}

/* They become a part of an address. */
static gboolean
is_good_value (const Provider *provider, const char *value)
{
  return g_str_equal (provider->name, "workos") ||
         value[strspn (value, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.")] == '\0';
}

static gboolean
read_values (WeirSupabaseReader *self, const Provider *provider, WeirNode *table, char *values[2])
{
  for (guint i = 0; i < 2 && provider->keys[i] != NULL; i++)
    {
      WeirNode *node = weir_node_find (table, provider->keys[i]);

      if (node != NULL)
        read_key (self, node, "auth.third_party.", &values[i]);
      if (i < provider->n_required && values[i] == NULL)
        {
          weir_source_fail (&self->source,
                            WEIR_CONFIG_ERROR_RANGE,
                            table->key_line,
                            table->key_column,
                            "auth.third_party.%s is enabled, but has no %s",
                            provider->name,
                            provider->keys[i]);
          return FALSE;
        }
      if (values[i] != NULL && !is_good_value (provider, values[i]))
        {
          weir_source_fail (&self->source,
                            WEIR_CONFIG_ERROR_RANGE,
                            node->line,
                            node->column,
                            "%s of auth.third_party.%s is a name without “https://”, not \"%s\"",
                            provider->keys[i],
                            provider->name,
                            values[i]);
          return FALSE;
        }
    }
  return TRUE;
}

static void
check_keys (WeirSupabaseReader *self, const Provider *provider, WeirNode *table)
{
  const char *const known[] = { "enabled", provider->keys[0], provider->keys[1], NULL };
  g_autofree char *section = g_strdup_printf (" in [auth.third_party.%s]", provider->name);

  for (guint i = 0; i < table->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (table->children, i);

      if (!g_strv_contains (known, child->key))
        weir_source_fail_unknown (&self->source, child, section, weir_suggest (child->key, known));
    }
}

static void
read_provider (WeirSupabaseReader *self, const Provider *provider, WeirNode *table)
{
  char *values[2] = { NULL, NULL };
  WeirSupabaseIssuer *issuer;

  check_keys (self, provider, table);
  if (is_enabled (self, table) && read_values (self, provider, table, values))
    {
      issuer = g_new0 (WeirSupabaseIssuer, 1);
      issuer->provider = provider->name;
      issuer->url = make_issuer_url (provider, values);
      /* Its keys are those of all projects that there are. */
      if (g_str_equal (provider->name, "firebase"))
        issuer->audience = g_strdup (values[0]);
      issuer->origin = g_strdup_printf ("%s:%u", self->source.name, table->key_line);
      g_ptr_array_add (self->data->supabase_auth.third_party, issuer);
    }
  g_free (values[0]);
  g_free (values[1]);
}

static void
read_third_party (WeirSupabaseReader *self, WeirNode *table)
{
  if (!weir_source_want_table (&self->source, table, "auth.third_party"))
    return;
  self->data->supabase_auth.third_party =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_supabase_issuer_free);
  for (guint i = 0; i < table->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (table->children, i);
      g_autofree char *name = g_strconcat ("auth.third_party.", child->key, NULL);
      guint j = 0;

      if (!weir_source_want_table (&self->source, child, name))
        continue;
      while (j < G_N_ELEMENTS (providers) && !g_str_equal (providers[j].name, child->key))
        j++;
      if (j < G_N_ELEMENTS (providers))
        read_provider (self, &providers[j], child);
      else
        weir_source_warn_no_effect (&self->source,
                                    child,
                                    ": this version of Weir does not know that provider; name it "
                                    "in [authenticators] of weir.toml");
    }
}

/* ---- the keys ---- */

void
weir_supabase_read_auth (WeirSupabaseReader *self, WeirNode *table)
{
  WeirSupabaseAuth *auth = &self->data->supabase_auth;
  const struct
  {
    const char *key;
    char **value;
  } keys[] = {
    { "jwt_secret", &auth->jwt_secret },
    { "anon_key", &auth->anon_key },
    { "service_role_key", &auth->service_role_key },
    { "publishable_key", &auth->publishable_key },
    { "secret_key", &auth->secret_key },
    { "signing_keys_path", &auth->signing_keys_path },
  };
  WeirNode *third_party;

  if (table->kind != WEIR_NODE_TABLE)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      WeirNode *node = weir_node_find (table, keys[i].key);

      if (node != NULL)
        read_key (self, node, "auth.", keys[i].value);
      if (i == 0 && auth->jwt_secret != NULL && strlen (auth->jwt_secret) < SHORTEST_SECRET)
        {
          weir_source_fail (&self->source,
                            WEIR_CONFIG_ERROR_RANGE,
                            node->line,
                            node->column,
                            "auth.jwt_secret must have %d characters or more",
                            SHORTEST_SECRET);
          /* Who would be given it says so again, and does not know the place. */
          g_clear_pointer (&auth->jwt_secret, g_free);
        }
    }
  if (auth->signing_keys_path != NULL)
    {
      g_autofree char *given = auth->signing_keys_path;

      auth->signing_keys_origin =
          g_strdup_printf ("%s:%u",
                           self->source.name,
                           weir_node_find (table, "signing_keys_path")->line);
      auth->signing_keys_path = g_canonicalize_filename (given, self->data->supabase_directory);
      weir_config_data_add_file (self->data, auth->signing_keys_path);
    }
  third_party = weir_node_find (table, "third_party");
  if (third_party != NULL)
    read_third_party (self, third_party);
}
