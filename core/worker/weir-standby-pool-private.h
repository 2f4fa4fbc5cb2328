/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "worker/weir-process-private.h"
#include "worker/weir-runtime.h"

G_BEGIN_DECLS

/* Processes that have booted and wait to be told which function to load. On the control
 * thread; one for a server.
 *
 * Which of them can load which function is said by the runtime: standbys and functions with
 * the same key fit. A key is *in use* from the first function that asks for it until nobody
 * has asked for WEIR_STANDBY_KEEP_MS; then it rests. Of each key in use there are `per_key`
 * standbys, and where `maximum` of all keys leaves room, one of each that rests. They boot one
 * after the other, and not while a function that has just taken one needs the processor for itself.
 * One that dies is replaced without a word; after failures the next boot waits, longer each time.
 */
#define WEIR_TYPE_STANDBY_POOL (weir_standby_pool_get_type ())
G_DECLARE_FINAL_TYPE (WeirStandbyPool, weir_standby_pool, WEIR, STANDBY_POOL, GObject)

#define WEIR_STANDBY_KEEP_MS (10 * 60 * 1000)
#define WEIR_STANDBY_REFILL_MS 20
/* The memory that one is taken to need, a little more than it does. */
#define WEIR_STANDBY_BYTES (16 * 1024 * 1024)
#define WEIR_STANDBY_BOOT_MS 10000
#define WEIR_STANDBY_BACKOFF_MIN_MS 200
#define WEIR_STANDBY_BACKOFF_MAX_MS 60000

typedef struct _WeirCapacity WeirCapacity;
typedef WeirProcess *(*WeirStandbyFactory) (gpointer user_data);

WeirStandbyPool *weir_standby_pool_new (WeirRuntime *runtime,
                                        WeirClock *clock,
                                        const char *socket_directory,
                                        WeirStandbyFactory factory,
                                        gpointer factory_data);
/* per_key 0: there are none. What is too much ends at once. */
void weir_standby_pool_configure (WeirStandbyPool *self, guint per_key, guint maximum);
/* Standbys count among the processes and the memory that it bounds, after all workers: when
 * workers need the room, standbys go. Once. */
void weir_standby_pool_set_capacity (WeirStandbyPool *self, WeirCapacity *capacity);
/* This function will be asked for: its key is in use. */
void weir_standby_pool_prime (WeirStandbyPool *self, WeirFunction *function);
/* This function may be asked for some day: its key rests, unless it is in use. */
void weir_standby_pool_expect (WeirStandbyPool *self, WeirFunction *function);
/* Hands out a process that runs and the launch that makes it load the function, or NULL and
 * why not (static). The key is in use from now on. */
WeirProcess *weir_standby_pool_claim (WeirStandbyPool *self,
                                      WeirFunction *function,
                                      const char *key,
                                      WeirLaunch **launch,
                                      const char **reason);
/* A newer revision: standbys whose key it was and is no longer are of no use. */
void weir_standby_pool_replace (WeirStandbyPool *self, WeirFunction *old, WeirFunction *function);
/* Functions came or went, or their settings changed: the same for all of them. */
void weir_standby_pool_recheck (WeirStandbyPool *self);
guint weir_standby_pool_get_n_standbys (WeirStandbyPool *self);
guint weir_standby_pool_get_n_ready (WeirStandbyPool *self);
guint weir_standby_pool_get_n_keys (WeirStandbyPool *self);
/* Ends all of them; none is made any more. */
void weir_standby_pool_shut_down (WeirStandbyPool *self);

G_END_DECLS
