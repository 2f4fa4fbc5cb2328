/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "http/weir-exchange-private.h"
#include "http/weir-pipeline.h"

/* An adapter's side of one exchange that writes down what it is asked, and the loop that it
 * runs on. */
typedef struct
{
  GMainContext *context;
  WeirEngine *engine;
  WeirExchange *exchange;
  GString *trace; /* "head body end" */
  GString *body;
  char *headers; /* "name: value\n" lines of the response */
  guint status;
  gint64 length;
  gsize granted;
  gsize queued;     /* what send_body says */
  const char *peer; /* NULL: 127.0.0.9 */
  gboolean hold_sent;
  const char *push_on_grant; /* body that is pushed from within the next grant */
  gboolean gone_on_body;     /* the client goes away while it is sent something */
  int upgrade_fd;
  GBytes *early;
} FakeTransport;

FakeTransport *fake_transport_new (void);
void fake_transport_free (FakeTransport *self);
/* headers: "name: value\n" lines. length: of the body. */
WeirExchange *fake_transport_request (FakeTransport *self,
                                      const char *method,
                                      const char *target,
                                      const char *headers,
                                      gint64 length,
                                      const char *upgrade);
/* Turns the loop until the exchange is over. */
void fake_transport_finish (FakeTransport *self);
void fake_transport_turn (FakeTransport *self);
/* One request after the other, each through the pipeline to its end. control: its context. */
void fake_transport_ask (FakeTransport *self,
                         WeirPipeline *pipeline,
                         GMainContext *control,
                         const char *method,
                         const char *target,
                         const char *headers,
                         const char *upgrade);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeTransport, fake_transport_free)
