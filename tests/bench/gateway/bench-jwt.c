/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What it costs to know who calls: a token that was seen before, and one that was not. */

#include <string.h>
#include "weir-jwt-cache.h"
#include "weir-jwt-token.h"

#define SECRET "super-secret-jwt-token-with-at-least-32-characters-long"
#define TOKEN                                                                                      \
  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."                                                          \
  "eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6ImFub24iLCJleHAiOjE5ODM4MTI5OTZ9."                      \
  "CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0"
#define ROUNDS 200000
#define REPEATS 5

typedef struct
{
  WeirJwtKeySet *keys;
  WeirJwtCache *cache;
  gsize length;
} Bench;

static void
verify (Bench *self)
{
  static const WeirJwtRules rules = { NULL };
  g_autoptr (WeirIdentity) identity = NULL;
  gint64 expires = 0;

  g_assert_cmpint (
      weir_jwt_token_verify (TOKEN, self->length, self->keys, &rules, 0, &identity, &expires, NULL),
      ==,
      WEIR_JWT_VERIFIED);
}

static void
find (Bench *self)
{
  g_autoptr (WeirIdentity) identity = weir_jwt_cache_find (self->cache, TOKEN, self->length, 0);

  g_assert_nonnull (identity);
}

/* The best of a few: what else the machine does only adds. */
static void
run (const char *name, Bench *self, void (*step) (Bench *self))
{
  double best = G_MAXDOUBLE;

  for (guint repeat = 0; repeat < REPEATS; repeat++)
    {
      gint64 started = g_get_monotonic_time ();

      for (guint i = 0; i < ROUNDS; i++)
        step (self);
      best = MIN (best, (g_get_monotonic_time () - started) * 1000.0 / ROUNDS);
    }
  g_print ("%-28s %8.0f ns\n", name, best);
}

int
main (void)
{
  g_autoptr (WeirJwtKeySet) keys = weir_jwt_key_set_new ();
  g_autoptr (WeirJwtKey) key = weir_jwt_key_new_secret (SECRET, strlen (SECRET));
  g_autoptr (WeirJwtCache) cache = weir_jwt_cache_new (4096);
  g_autoptr (WeirIdentity) identity = weir_identity_new ("anon");
  Bench bench = { keys, cache, strlen (TOKEN) };

  weir_jwt_key_set_add (keys, key);
  weir_jwt_cache_add (cache, TOKEN, bench.length, identity, G_MAXINT64);
  run ("HS256, seen for the first time", &bench, verify);
  run ("seen before", &bench, find);
  return 0;
}
