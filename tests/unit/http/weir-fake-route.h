/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "http/weir-stage.h"
#include "weir-fake-transport.h"

/* Ahead of the stages under test: says which function a request is about, and who sends it. */
#define FAKE_TYPE_ROUTE (fake_route_get_type ())
G_DECLARE_FINAL_TYPE (FakeRoute, fake_route, FAKE, ROUTE, GObject)

struct _FakeRoute
{
  GObject parent_instance;

  WeirFunction *function; /* NULL: no route */
  WeirIdentity *identity;
  WeirDialect dialect;
};

FakeRoute *fake_route_new (void);
/* The function "hello", with such options: a GVariant of type a{sv} as text. */
void fake_route_set_options (FakeRoute *self, const char *options);
