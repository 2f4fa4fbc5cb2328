/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-concurrent.h"

/**
 * WeirConcurrent:
 *
 * Says of a stage, an authenticator or a rate limiter that its fast path in C (`process`,
 * `try_authenticate`, `decide`) may run on several data threads at once.
 *
 * A server has one data thread, or as many as its option `data_threads` says. With more than one,
 * the fast paths of whatever does not implement this interface have their turns one after the
 * other, all of them, so that what was written for one data thread need not know of others; it
 * costs the data threads the time that they wait for each other. Whoever keeps what these paths
 * share behind a lock, or shares nothing, implements this interface, which needs no method:
 * `G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL)`.
 *
 * What runs on the control thread, as `handle`, `authenticate` and `check` do, is never
 * concurrent.
 *
 * Since: 1.0
 */

/**
 * WeirConcurrentInterface:
 * @is_concurrent: whether this object is; asked once, before the first request. %NULL means that
 *   all objects of the type are
 *
 * What an object implements that depends on others for whether it is concurrent.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (WeirConcurrent, weir_concurrent, G_TYPE_OBJECT)

static void
weir_concurrent_default_init (WeirConcurrentInterface *iface)
{
}

/**
 * weir_concurrent_check:
 * @object: a stage, an authenticator or a limiter
 *
 * Returns: whether the fast path of @object may run on several data threads at once
 *
 * Since: 1.0
 */
gboolean
weir_concurrent_check (GObject *object)
{
  WeirConcurrentInterface *iface;

  g_return_val_if_fail (G_IS_OBJECT (object), FALSE);

  if (!WEIR_IS_CONCURRENT (object))
    return FALSE;
  iface = WEIR_CONCURRENT_GET_IFACE (object);
  return iface->is_concurrent == NULL || iface->is_concurrent (WEIR_CONCURRENT (object));
}
