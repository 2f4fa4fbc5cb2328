/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "http/weir-exchange.h"

G_BEGIN_DECLS

/* What an authenticator makes of a request. */
typedef enum
{
  WEIR_AUTHENTICATION_NONE, /* nothing in it for this one: the next one's turn */
  WEIR_AUTHENTICATION_ACCEPTED,
  WEIR_AUTHENTICATION_REFUSED,
  WEIR_AUTHENTICATION_PENDING, /* authenticate() will tell, on the control thread */
} WeirAuthentication;

#define WEIR_TYPE_AUTHENTICATION (weir_authentication_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_authentication_get_type (void) G_GNUC_CONST;

/* Finds out who calls. */
#define WEIR_TYPE_AUTHENTICATOR (weir_authenticator_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (WeirAuthenticator, weir_authenticator, WEIR, AUTHENTICATOR, GObject)

struct _WeirAuthenticatorInterface
{
  GTypeInterface g_iface;

  /* (skip): the C fast path, on a data thread; must not block. NULL means always PENDING.
   * identity: set (transfer full) when ACCEPTED; error: set when REFUSED. */
  WeirAuthentication (*try_authenticate) (WeirAuthenticator *self,
                                          WeirExchange *exchange,
                                          WeirIdentity **identity,
                                          GError **error);
  /* On the control thread: answers with weir_task_return_identity() now or later, NULL when
   * there is nothing in the request for it; or with an error: UNAUTHORIZED for a credential
   * that is wrong, FORBIDDEN for one that is not enough, INVALID_ARGUMENT for one that cannot
   * be read, which the next authenticator perhaps can; any other means
   * that it failed, and the request fails with it. It may prepare a response of its own
   * before the error. */
  void (*authenticate) (WeirAuthenticator *self, WeirExchange *exchange, GTask *task);

  /*< private >*/
  gpointer padding[8];
};

WEIR_AVAILABLE_IN_ALL
WeirAuthentication weir_authenticator_try_authenticate (WeirAuthenticator *self,
                                                        WeirExchange *exchange,
                                                        WeirIdentity **identity,
                                                        GError **error);
WEIR_AVAILABLE_IN_ALL
void weir_authenticator_authenticate_async (WeirAuthenticator *self,
                                            WeirExchange *exchange,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data);
WEIR_AVAILABLE_IN_ALL
gboolean weir_authenticator_authenticate_finish (WeirAuthenticator *self,
                                                 GAsyncResult *result,
                                                 WeirIdentity **identity,
                                                 GError **error);

G_END_DECLS
