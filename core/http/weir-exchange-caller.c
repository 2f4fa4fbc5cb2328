/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who calls: an address, an identity, and what is kept for it. */

#include "http/weir-exchange-struct-private.h"

/**
 * weir_exchange_get_peer:
 * @self: an exchange
 *
 * Who is at the other end of the connection: the client, or a proxy.
 *
 * Returns: (nullable) (transfer none): the address; peers of Unix sockets have none
 *
 * Since: 1.0
 */
GInetAddress *
weir_exchange_get_peer (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), NULL);

  return self->peer;
}

/**
 * weir_exchange_get_peer_port:
 * @self: an exchange
 *
 * Returns: the peer's port, 0 if it has none
 *
 * Since: 1.0
 */
guint16
weir_exchange_get_peer_port (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), 0);

  return self->peer_port;
}

/**
 * weir_exchange_get_client:
 * @self: an exchange
 *
 * Who calls: the peer, or if that is a proxy that the server trusts, whom it speaks for.
 *
 * Returns: (nullable) (transfer none): the client's address; clients of Unix sockets have none
 *
 * Since: 1.0
 */
GInetAddress *
weir_exchange_get_client (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), NULL);

  return self->client != NULL ? self->client : self->peer;
}

/**
 * weir_exchange_get_client_port:
 * @self: an exchange
 *
 * Returns: the client's port, 0 if it has none or the proxy does not say
 *
 * Since: 1.0
 */
guint16
weir_exchange_get_client_port (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), 0);

  return self->client != NULL ? self->client_port : self->peer_port;
}

void
weir_exchange_set_forwarded (WeirExchange *self)
{
  self->forwarded = TRUE;
}

gboolean
weir_exchange_is_forwarded (WeirExchange *self)
{
  return self->forwarded;
}

void
weir_exchange_set_client (WeirExchange *self, GInetAddress *client, guint16 port)
{
  g_set_object (&self->client, client);
  self->client_port = port;
  self->client_text[0] = '\0';
}

const char *
weir_exchange_get_client_text (WeirExchange *self)
{
  GInetAddress *client = self->client != NULL ? self->client : self->peer;

  if (client == NULL)
    return NULL;
  if (self->client_text[0] == '\0')
    weir_address_format (client, self->client_text);
  return self->client_text;
}

/**
 * weir_exchange_get_identity:
 * @self: an exchange
 *
 * Returns: (nullable) (transfer none): who calls, once an authenticator found out
 *
 * Since: 1.0
 */
WeirIdentity *
weir_exchange_get_identity (WeirExchange *self)
{
  g_return_val_if_fail (WEIR_IS_EXCHANGE (self), NULL);

  return self->identity;
}

/* By the operation of an authenticator as well, which may have lost the exchange: this and the
 * next one. */
void
weir_exchange_take_credential_error (WeirExchange *self, GError *error)
{
  if (!weir_exchange_begin_change (self))
    {
      g_error_free (error);
      return;
    }
  /* Who could read it knows more about what is wrong with it. */
  if (g_error_matches (self->credential_error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT) &&
      !g_error_matches (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT))
    g_clear_error (&self->credential_error);
  if (self->credential_error == NULL)
    self->credential_error = g_steal_pointer (&error);
  g_clear_error (&error);
  weir_exchange_end_change (self);
}

const GError *
weir_exchange_get_credential_error (WeirExchange *self)
{
  return self->credential_error;
}

void
weir_exchange_take_identity (WeirExchange *self, WeirIdentity *identity)
{
  if (!weir_exchange_begin_change (self))
    {
      weir_identity_unref (identity);
      return;
    }
  g_clear_pointer (&self->identity, weir_identity_unref);
  self->identity = identity;
  weir_exchange_end_change (self);
}

void
weir_exchange_set_user_secrets (WeirExchange *self, GBytes *secrets)
{
  if (!weir_exchange_begin_change (self))
    return;
  g_clear_pointer (&self->user_secrets, g_bytes_unref);
  self->user_secrets = g_bytes_ref (secrets);
  weir_exchange_end_change (self);
}

const char *
weir_exchange_get_user_secrets (WeirExchange *self)
{
  return self->user_secrets != NULL ? g_bytes_get_data (self->user_secrets, NULL) : NULL;
}
