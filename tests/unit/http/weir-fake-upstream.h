/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "worker/weir-upstream-private.h"

/* Takes the place of the real upstream at link time: the test plays the worker. */

typedef enum
{
  FAKE_CALL_OPEN,
  FAKE_CALL_OVER,
  FAKE_CALL_CANCELLED,
} FakeCallState;

struct _WeirUpstreamCall
{
  WeirUpstream *upstream;
  const WeirUpstreamCallbacks *callbacks;
  gpointer user_data;
  FakeCallState state;
  GString *written;
  char *request; /* "GET http://host/target upgrade" */
  char *extra;
  char *protocols;
  gint64 body_length;
  guint64 n_leases; /* that the worker had ever given by then */
  gsize queued;     /* what write says */
  gboolean body_ended;
  gboolean paused;
  gboolean unread;
  gboolean fresh;
};

WeirUpstream *fake_upstream_new (WeirGate *gate);
guint fake_upstream_get_n_calls (WeirUpstream *self);
/* The nth call ever, which stays valid as long as the upstream. */
WeirUpstreamCall *fake_upstream_get_call (WeirUpstream *self, guint n);
gboolean fake_upstream_is_closed (WeirUpstream *self);
/* It gets requests without a lease. */
void fake_upstream_set_early (WeirUpstream *self, gboolean early);

void fake_call_head (WeirUpstreamCall *self, guint status, gint64 length);
void fake_call_body (WeirUpstreamCall *self, const char *text);
void fake_call_end (WeirUpstreamCall *self);
/* A whole one, 200 with "ok". */
void fake_call_answer (WeirUpstreamCall *self);
void fake_call_fail (WeirUpstreamCall *self, int code, gboolean untouched);
void fake_call_upgrade (WeirUpstreamCall *self, int fd, const char *early);
