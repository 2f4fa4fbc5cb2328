/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For a build with ThreadSanitizer, to be preloaded: what GLib does to keep threads apart, told
 * to the sanitizer, which sees nothing of what a library does that was built without it. */

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include <gio/gio.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);

/* The one of the library. */
#define REAL(name)                                                                                 \
  static __typeof__ (name) *found;                                                                 \
  __typeof__ (name) *real = __atomic_load_n (&found, __ATOMIC_RELAXED);                            \
  if (real == NULL)                                                                                \
    {                                                                                              \
      real = (__typeof__ (name) *) dlsym (RTLD_NEXT, #name);                                       \
      __atomic_store_n (&found, real, __ATOMIC_RELAXED);                                           \
    }

/* ---- locks: those of the system, which the sanitizer knows ---- */

static gpointer
publish (gpointer *place, gpointer made, GDestroyNotify destroy)
{
  gpointer before = NULL;

  if (__atomic_compare_exchange_n (place, &before, made, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    return made;
  destroy (made);
  return before;
}

static void
free_mutex (gpointer mutex)
{
  pthread_mutex_destroy (mutex);
  free (mutex);
}

static void
free_cond (gpointer cond)
{
  pthread_cond_destroy (cond);
  free (cond);
}

static pthread_mutex_t *
get_mutex (gpointer *place, int kind)
{
  pthread_mutex_t *mutex = __atomic_load_n (place, __ATOMIC_SEQ_CST);
  pthread_mutexattr_t attributes;

  if (mutex != NULL)
    return mutex;
  mutex = malloc (sizeof *mutex);
  pthread_mutexattr_init (&attributes);
  pthread_mutexattr_settype (&attributes, kind);
  pthread_mutex_init (mutex, &attributes);
  return publish (place, mutex, free_mutex);
}

static pthread_cond_t *
get_cond (GCond *self)
{
  pthread_cond_t *cond = __atomic_load_n (&self->p, __ATOMIC_SEQ_CST);

  if (cond != NULL)
    return cond;
  cond = malloc (sizeof *cond);
  pthread_cond_init (cond, NULL);
  return publish (&self->p, cond, free_cond);
}

void
g_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

void
g_mutex_clear (GMutex *mutex)
{
  if (mutex->p != NULL)
    free_mutex (mutex->p);
  mutex->p = NULL;
}

void
g_mutex_lock (GMutex *mutex)
{
  pthread_mutex_lock (get_mutex (&mutex->p, PTHREAD_MUTEX_NORMAL));
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  return pthread_mutex_trylock (get_mutex (&mutex->p, PTHREAD_MUTEX_NORMAL)) == 0;
}

void
g_mutex_unlock (GMutex *mutex)
{
  pthread_mutex_unlock (get_mutex (&mutex->p, PTHREAD_MUTEX_NORMAL));
}

void
g_rec_mutex_init (GRecMutex *mutex)
{
  mutex->p = NULL;
}

void
g_rec_mutex_clear (GRecMutex *mutex)
{
  if (mutex->p != NULL)
    free_mutex (mutex->p);
  mutex->p = NULL;
}

void
g_rec_mutex_lock (GRecMutex *mutex)
{
  pthread_mutex_lock (get_mutex (&mutex->p, PTHREAD_MUTEX_RECURSIVE));
}

void
g_rec_mutex_unlock (GRecMutex *mutex)
{
  pthread_mutex_unlock (get_mutex (&mutex->p, PTHREAD_MUTEX_RECURSIVE));
}

void
g_cond_init (GCond *cond)
{
  cond->p = NULL;
}

void
g_cond_clear (GCond *cond)
{
  if (cond->p != NULL)
    free_cond (cond->p);
  cond->p = NULL;
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  pthread_cond_wait (get_cond (cond), get_mutex (&mutex->p, PTHREAD_MUTEX_NORMAL));
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end)
{
  gint64 left = MAX (end - g_get_monotonic_time (), 0) + g_get_real_time ();
  struct timespec when = { left / G_USEC_PER_SEC, left % G_USEC_PER_SEC * 1000 };

  return pthread_cond_timedwait (get_cond (cond),
                                 get_mutex (&mutex->p, PTHREAD_MUTEX_NORMAL),
                                 &when) == 0;
}

void
g_cond_signal (GCond *cond)
{
  pthread_cond_signal (get_cond (cond));
}

void
g_cond_broadcast (GCond *cond)
{
  pthread_cond_broadcast (get_cond (cond));
}

/* ---- references: whoever lets the last one go comes after all others ---- */

#define COUNTED(name, type)                                                                        \
  void name (type pointer)                                                                         \
  {                                                                                                \
    REAL (name)                                                                                    \
    if (pointer != NULL)                                                                           \
      {                                                                                            \
        __tsan_release ((void *) pointer);                                                         \
        __tsan_acquire ((void *) pointer);                                                         \
      }                                                                                            \
    real (pointer);                                                                                \
  }

COUNTED (g_object_unref, gpointer)
COUNTED (g_atomic_rc_box_release, gpointer)
COUNTED (g_bytes_unref, GBytes *)
COUNTED (g_variant_unref, GVariant *)
COUNTED (g_ref_string_release, char *)
COUNTED (g_main_context_unref, GMainContext *)

void
g_atomic_rc_box_release_full (gpointer box, GDestroyNotify clear)
{
  REAL (g_atomic_rc_box_release_full)

  __tsan_release (box);
  __tsan_acquire (box);
  real (box, clear);
}

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  return __atomic_sub_fetch (count, 1, __ATOMIC_SEQ_CST) == 0;
}

/* ---- sources: what was done before one was attached comes before what it does ---- */

typedef struct
{
  GSourceFunc func;
  gpointer user_data;
  GDestroyNotify notify;
} Callback;

static gboolean
on_source (gpointer user_data)
{
  Callback *callback = user_data;

  __tsan_acquire (callback);
  return callback->func (callback->user_data);
}

static void
free_callback (gpointer user_data)
{
  Callback *callback = user_data;

  __tsan_acquire (callback);
  if (callback->notify != NULL)
    callback->notify (callback->user_data);
  free (callback);
}

void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer user_data, GDestroyNotify notify)
{
  Callback *callback;
  REAL (g_source_set_callback)

  /* Others have functions of another kind. */
  if (source->source_funcs != &g_idle_funcs && source->source_funcs != &g_timeout_funcs)
    {
      real (source, func, user_data, notify);
      return;
    }
  callback = malloc (sizeof *callback);
  *callback = (Callback){ func, user_data, notify };
  __tsan_release (callback);
  real (source, on_source, callback, free_callback);
}
