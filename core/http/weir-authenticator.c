/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-authenticator.h"

#include "base/weir-task-private.h"

/**
 * WeirAuthentication:
 * @WEIR_AUTHENTICATION_NONE: nothing in the request is for this authenticator
 * @WEIR_AUTHENTICATION_ACCEPTED: it is known who calls
 * @WEIR_AUTHENTICATION_REFUSED: the credential is wrong
 * @WEIR_AUTHENTICATION_PENDING: [vfunc@Weir.Authenticator.authenticate] will tell
 *
 * What an authenticator makes of a request.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirAuthentication,
                    weir_authentication,
                    G_DEFINE_ENUM_VALUE (WEIR_AUTHENTICATION_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (WEIR_AUTHENTICATION_ACCEPTED, "accepted"),
                    G_DEFINE_ENUM_VALUE (WEIR_AUTHENTICATION_REFUSED, "refused"),
                    G_DEFINE_ENUM_VALUE (WEIR_AUTHENTICATION_PENDING, "pending"))

/**
 * WeirAuthenticator:
 *
 * Finds out who calls. Those that `authenticators` of the configuration names are asked in
 * that order, HTTP requests and WebSocket handshakes alike, until one knows.
 *
 * One that is written in C and can tell at once implements `try_authenticate`, which runs on
 * a data thread and must not block; where there are several, one call at a time, unless it is a
 * [iface@Weir.Concurrent]. All others implement `authenticate`, which runs on the
 * control thread, gets a [class@Gio.Task] and answers it now or later, exactly once. A task
 * that is dropped unanswered, an error that is not about the credential, and one that takes
 * longer than the pipeline's stage timeout all end the request: nobody gets in by them.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (WeirAuthenticator, weir_authenticator, G_TYPE_OBJECT)

static void
weir_authenticator_default_init (WeirAuthenticatorInterface *iface)
{
}

/**
 * WeirAuthenticatorInterface:
 * @try_authenticate: (skip): the fast path in C, on a data thread; %NULL always leaves it to
 *   @authenticate
 * @authenticate: on the control thread, answers the task now or later with
 *   weir_task_return_identity(); %NULL as the identity when there is nothing in the request
 *   for it. Errors about the credential are %WEIR_ERROR_UNAUTHORIZED when it is wrong and
 *   %WEIR_ERROR_FORBIDDEN when it is not enough; %WEIR_ERROR_INVALID_ARGUMENT when it cannot be
 *   read and %WEIR_ERROR_NOT_FOUND when it is of somebody who is not known here are the end only
 *   if the next ones do not take it either. A response that was prepared before is sent instead
 *   of the usual one
 *
 * What an authenticator implements.
 *
 * Since: 1.0
 */

/**
 * weir_authenticator_try_authenticate: (skip)
 * @self: an authenticator
 * @exchange: the exchange of the request
 * @identity: (out) (transfer full): who calls, when accepted
 * @error: what is wrong, when refused
 *
 * Asks the fast path. Data thread.
 *
 * Returns: what it found
 *
 * Since: 1.0
 */
WeirAuthentication
weir_authenticator_try_authenticate (WeirAuthenticator *self,
                                     WeirExchange *exchange,
                                     WeirIdentity **identity,
                                     GError **error)
{
  WeirAuthenticatorInterface *iface;

  g_return_val_if_fail (WEIR_IS_AUTHENTICATOR (self), WEIR_AUTHENTICATION_NONE);
  g_return_val_if_fail (identity != NULL, WEIR_AUTHENTICATION_NONE);

  *identity = NULL;
  iface = WEIR_AUTHENTICATOR_GET_IFACE (self);
  return iface->try_authenticate != NULL ? iface->try_authenticate (self, exchange, identity, error)
                                         : WEIR_AUTHENTICATION_PENDING;
}

/**
 * weir_authenticator_authenticate_async:
 * @self: an authenticator
 * @exchange: the exchange of the request
 * @cancellable: (nullable): cancelled when the answer is of no use any more
 * @callback: (scope async) (nullable): called with the answer, on the thread-default context
 * @user_data: for @callback
 *
 * Makes the task and hands it to the authenticator. Control thread.
 *
 * Since: 1.0
 */
void
weir_authenticator_authenticate_async (WeirAuthenticator *self,
                                       WeirExchange *exchange,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  WeirAuthenticatorInterface *iface;

  g_return_if_fail (WEIR_IS_AUTHENTICATOR (self));
  g_return_if_fail (WEIR_IS_EXCHANGE (exchange));

  task =
      weir_task_new (self, cancellable, callback, user_data, weir_authenticator_authenticate_async);
  iface = WEIR_AUTHENTICATOR_GET_IFACE (self);
  if (iface->authenticate != NULL)
    iface->authenticate (self, exchange, task);
  else
    weir_task_return_identity (task, NULL);
}

/**
 * weir_authenticator_authenticate_finish:
 * @self: an authenticator
 * @result: what the callback was given
 * @identity: (out) (transfer full) (nullable): who calls; %NULL when there is nothing in the
 *   request for this authenticator
 * @error: what is wrong with the credential, or with the authenticator
 *
 * Returns: whether there is no error
 *
 * Since: 1.0
 */
gboolean
weir_authenticator_authenticate_finish (WeirAuthenticator *self,
                                        GAsyncResult *result,
                                        WeirIdentity **identity,
                                        GError **error)
{
  GError *local = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (identity != NULL, FALSE);

  *identity = weir_task_propagate_boxed (G_TASK (result), WEIR_TYPE_IDENTITY, &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}
