/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* A sanitizer is to see who uses what is gone. */
#if defined(__SANITIZE_ADDRESS__)
#define WEIR_MOST_SPARES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR_MOST_SPARES 0
#endif
#endif
#ifndef WEIR_MOST_SPARES
#define WEIR_MOST_SPARES 128
#endif

/* Each request needs several things, and they are those of one that is over. One list a thread,
 * which goes with it. */
typedef struct
{
  guint n_things;
  gpointer things[MAX (WEIR_MOST_SPARES, 1)]; /* there is no array of nothing */
} WeirSpares;

/* Defines, for the file that makes and frees things of that type:
 *   Type *prefix_take_spare (void);          one that is over, or NULL
 *   gboolean prefix_keep_spare (Type *it);   FALSE: there are enough, it must be freed */
#define WEIR_DEFINE_SPARES(Type, prefix, free_func)                                                \
  static __thread WeirSpares *prefix##_spares;                                                     \
                                                                                                   \
  static void prefix##_spares_free (gpointer data)                                                 \
  {                                                                                                \
    WeirSpares *over = data;                                                                       \
                                                                                                   \
    prefix##_spares = NULL;                                                                        \
    while (over->n_things > 0)                                                                     \
      free_func (over->things[--over->n_things]);                                                  \
    g_free (over);                                                                                 \
  }                                                                                                \
                                                                                                   \
  /* What owns the list is there for the end of the thread. */                                     \
  static GPrivate prefix##_spares_owner = G_PRIVATE_INIT (prefix##_spares_free);                   \
                                                                                                   \
  static inline Type *prefix##_take_spare (void)                                                   \
  {                                                                                                \
    WeirSpares *spares = prefix##_spares;                                                          \
                                                                                                   \
    return spares != NULL && spares->n_things > 0 ? spares->things[--spares->n_things] : NULL;     \
  }                                                                                                \
                                                                                                   \
  static inline gboolean prefix##_keep_spare (Type *it)                                            \
  {                                                                                                \
    WeirSpares *spares = prefix##_spares;                                                          \
                                                                                                   \
    if (spares == NULL)                                                                            \
      {                                                                                            \
        spares = prefix##_spares = g_new0 (WeirSpares, 1);                                         \
        g_private_set (&prefix##_spares_owner, spares);                                            \
      }                                                                                            \
    if (WEIR_MOST_SPARES == 0 || spares->n_things == G_N_ELEMENTS (spares->things))                \
      return FALSE;                                                                                \
    spares->things[spares->n_things++] = it;                                                       \
    return TRUE;                                                                                   \
  }

/* The same for memory with nothing in it that would have to be freed:
 *   Type *prefix_new (void);                 not cleared
 *   void prefix_free (Type *it); */
#define WEIR_DEFINE_SPARE_MEMORY(Type, prefix)                                                     \
  WEIR_DEFINE_SPARES (Type, prefix, g_free)                                                        \
                                                                                                   \
  static inline Type *prefix##_new (void)                                                          \
  {                                                                                                \
    Type *it = prefix##_take_spare ();                                                             \
                                                                                                   \
    return it != NULL ? it : g_new (Type, 1);                                                      \
  }                                                                                                \
                                                                                                   \
  static inline void prefix##_free (Type *it)                                                      \
  {                                                                                                \
    if (!prefix##_keep_spare (it))                                                                 \
      g_free (it);                                                                                 \
  }

G_END_DECLS
