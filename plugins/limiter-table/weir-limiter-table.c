/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-limiter-table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "weir-limiter-hash.h"

/* Two words of key before those of the state. */
#define KEY_WORDS 2
/* How many slots a new key tidies up on its way, and how many when there is no room. */
#define TIDY 4
#define SEARCH 256

struct _WeirLimiterTable
{
  guint64 *slots; /* open addressing, linear probing; a key of zeros is a free slot */
  WeirLimiterTableWhole whole_at;
  gsize mask;
  gsize hand;
  guint n_words; /* of a slot */
  guint n_keys;
  guint max_keys;
  guint64 secret[2];
};

static void
make_secret (guint64 secret[2])
{
  if (getrandom (secret, 2 * sizeof (guint64), 0) == 2 * sizeof (guint64))
    return;
  for (guint i = 0; i < 2; i++)
    secret[i] = (guint64) g_random_int () << 32 | g_random_int ();
}

WeirLimiterTable *
weir_limiter_table_new (guint max_keys, guint n_words, WeirLimiterTableWhole whole_at)
{
  WeirLimiterTable *self = g_new0 (WeirLimiterTable, 1);
  gsize n_slots = 16;

  while (n_slots < 2 * (gsize) max_keys)
    n_slots *= 2;
  self->whole_at = whole_at;
  self->mask = n_slots - 1;
  self->n_words = KEY_WORDS + n_words;
  self->max_keys = MAX (max_keys, 1);
  make_secret (self->secret);
  /* Not g_malloc0(): calloc() knows that fresh pages are zeros and does not touch them. */
  self->slots = calloc (n_slots, self->n_words * sizeof (guint64));
  if (self->slots == NULL)
    g_error ("There is no memory for a limiter of %u keys", max_keys);
  return self;
}

void
weir_limiter_table_free (WeirLimiterTable *self)
{
  free (self->slots);
  g_free (self);
}

guint
weir_limiter_table_get_n_keys (WeirLimiterTable *self)
{
  return self->n_keys;
}

static inline guint64 *
get_slot (WeirLimiterTable *self, gsize at)
{
  return self->slots + at * self->n_words;
}

static inline gboolean
is_free (const guint64 *slot)
{
  return slot[0] == 0 && slot[1] == 0;
}

/* Moves back what had to step over the slot, so that no search ends too early. */
static void
remove_at (WeirLimiterTable *self, gsize at)
{
  gsize next = at;

  self->n_keys--;
  for (;;)
    {
      guint64 *slot;
      gsize home;

      next = (next + 1) & self->mask;
      slot = get_slot (self, next);
      if (is_free (slot))
        break;
      home = slot[0] & self->mask;
      if (((next - home) & self->mask) < ((next - at) & self->mask))
        continue;
      memcpy (get_slot (self, at), slot, self->n_words * sizeof (guint64));
      at = next;
    }
  memset (get_slot (self, at), 0, self->n_words * sizeof (guint64));
}

/* Looks at some slots from the hand on and frees those that are whole again. */
static gsize
sweep (WeirLimiterTable *self, gint64 now, guint n_slots, gboolean must_free)
{
  gsize freed = 0;
  gint64 earliest = G_MAXINT64;
  gsize victim = 0;

  for (guint i = 0; i < n_slots && i <= self->mask; i++)
    {
      guint64 *slot = get_slot (self, self->hand);
      gint64 whole = G_MAXINT64;

      /* What moves into a slot that was freed is looked at in the next round. */
      while (!is_free (slot) && (whole = self->whole_at (slot + KEY_WORDS)) <= now)
        {
          remove_at (self, self->hand);
          freed++;
        }
      if (whole < earliest && !is_free (slot))
        {
          earliest = whole;
          victim = self->hand;
        }
      self->hand = (self->hand + 1) & self->mask;
    }
  if (must_free && freed == 0 && earliest < G_MAXINT64)
    remove_at (self, victim);
  return freed;
}

static guint64 *
find (WeirLimiterTable *self, const guint64 hash[2])
{
  gsize at = hash[0] & self->mask;

  for (;; at = (at + 1) & self->mask)
    {
      guint64 *slot = get_slot (self, at);

      if (is_free (slot) || (slot[0] == hash[0] && slot[1] == hash[1]))
        return slot;
    }
}

guint64 *
weir_limiter_table_lookup (WeirLimiterTable *self, const char *key, gint64 now)
{
  guint64 hash[2];
  guint64 *slot;

  weir_limiter_hash (self->secret, key, strlen (key), hash);
  hash[1] |= hash[0] == 0; /* zeros are a free slot's */
  slot = find (self, hash);
  if (!is_free (slot))
    return slot + KEY_WORDS;

  sweep (self, now, TIDY, FALSE);
  while (self->n_keys >= self->max_keys)
    sweep (self, now, SEARCH, TRUE);
  slot = find (self, hash);
  slot[0] = hash[0];
  slot[1] = hash[1];
  self->n_keys++;
  return slot + KEY_WORDS;
}
