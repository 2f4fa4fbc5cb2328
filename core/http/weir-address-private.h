/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>
#include <netinet/in.h>

G_BEGIN_DECLS

/* The longest text of an address, its NUL included. */
#define WEIR_ADDRESS_SIZE INET6_ADDRSTRLEN

/* Writes the text of an address, "192.0.2.1" or "2001:db8::1". Each request has that done, and
 * what is to be had for it takes longer than all else that is done to its head. */
void weir_address_format (GInetAddress *address, char text[WEIR_ADDRESS_SIZE]);
/* Writes a number and returns where it ends; there is no NUL. */
char *weir_address_put_port (char *out, guint16 port);

G_END_DECLS
