/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-adapter.h"

/**
 * WeirAdapter:
 *
 * Speaks a protocol to clients and turns what they send into exchanges.
 *
 * A server has one for each of its data threads, of the same type and with the same options, and
 * all methods but [vfunc@Weir.Adapter.join] are called on that thread. The options of an adapter
 * (limits, timeouts) are its writable properties, set before it is started.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (WeirAdapter, weir_adapter, G_TYPE_OBJECT)

/**
 * WeirAdapterInterface:
 * @start: begins to accept on sockets that are bound, listening and non-blocking, and takes a
 *   reference to each
 * @drain: accepts no more, closes what idles and each other connection after its exchange
 * @stop: closes everything; open exchanges are disconnected before it returns
 * @join: before it is started, on the control thread: another one does the same on another data
 *   thread, and what is bounded for the whole server (connections, say) bounds both together.
 *   %NULL means that there can be only one, on one data thread
 *
 * What an adapter implements.
 *
 * Since: 1.0
 */

static void
weir_adapter_default_init (WeirAdapterInterface *iface)
{
}

/**
 * weir_adapter_start:
 * @self: an adapter
 * @engine: the loop of its data thread
 * @pipeline: where exchanges go
 * @sockets: (array length=n_sockets): bound, listening, non-blocking sockets
 * @n_sockets: how many
 * @error: what kept it from starting
 *
 * Begins to accept on the sockets.
 *
 * Returns: whether it started
 *
 * Since: 1.0
 */
gboolean
weir_adapter_start (WeirAdapter *self,
                    WeirEngine *engine,
                    WeirPipeline *pipeline,
                    GSocket **sockets,
                    gsize n_sockets,
                    GError **error)
{
  WeirAdapterInterface *iface;

  g_return_val_if_fail (WEIR_IS_ADAPTER (self), FALSE);
  g_return_val_if_fail (WEIR_IS_ENGINE (engine), FALSE);
  g_return_val_if_fail (WEIR_IS_PIPELINE (pipeline), FALSE);
  g_return_val_if_fail (sockets != NULL || n_sockets == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  iface = WEIR_ADAPTER_GET_IFACE (self);
  if (iface->start == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_NOT_SUPPORTED,
                   "%s cannot be started",
                   G_OBJECT_TYPE_NAME (self));
      return FALSE;
    }
  return iface->start (self, engine, pipeline, sockets, n_sockets, error);
}

/**
 * weir_adapter_drain:
 * @self: an adapter
 *
 * Accepts no more and closes what idles. What is in flight is finished, and its connection
 * closed after it.
 *
 * Since: 1.0
 */
void
weir_adapter_drain (WeirAdapter *self)
{
  WeirAdapterInterface *iface;

  g_return_if_fail (WEIR_IS_ADAPTER (self));

  iface = WEIR_ADAPTER_GET_IFACE (self);
  if (iface->drain != NULL)
    iface->drain (self);
}

/**
 * weir_adapter_stop:
 * @self: an adapter
 *
 * Closes everything; open exchanges are disconnected before this returns.
 *
 * Since: 1.0
 */
void
weir_adapter_stop (WeirAdapter *self)
{
  WeirAdapterInterface *iface;

  g_return_if_fail (WEIR_IS_ADAPTER (self));

  iface = WEIR_ADAPTER_GET_IFACE (self);
  if (iface->stop != NULL)
    iface->stop (self);
}

/**
 * weir_adapter_join:
 * @self: an adapter that was not started yet
 * @first: another one of the same type that was not started yet
 * @error: return location for an error
 *
 * Tells an adapter that @first does the same on another data thread. Control thread.
 *
 * Returns: %TRUE, or %FALSE with [error@Weir.Error.NOT_SUPPORTED] if adapters of this type work on
 *   one data thread only
 *
 * Since: 1.0
 */
gboolean
weir_adapter_join (WeirAdapter *self, WeirAdapter *first, GError **error)
{
  WeirAdapterInterface *iface;

  g_return_val_if_fail (WEIR_IS_ADAPTER (self), FALSE);
  g_return_val_if_fail (WEIR_IS_ADAPTER (first) && first != self, FALSE);
  g_return_val_if_fail (G_OBJECT_TYPE (first) == G_OBJECT_TYPE (self), FALSE);

  iface = WEIR_ADAPTER_GET_IFACE (self);
  if (iface->join == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_NOT_SUPPORTED,
                   "%s works on one data thread only",
                   G_OBJECT_TYPE_NAME (self));
      return FALSE;
    }
  iface->join (self, first);
  return TRUE;
}
