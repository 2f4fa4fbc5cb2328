/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-adapter.h"
#include "testing/weir-conformance-stage-private.h"

G_BEGIN_DECLS

/* How long a case waits for anything at all before it has failed. */
#define WEIR_CONFORMANCE_PATIENCE_MS 8000

/* An adapter under test: started on a loopback port, with a data thread of its own and one
 * stage that does what the path of a request says. */
typedef struct
{
  WeirAdapter *adapter;
  WeirEngine *engine;
  WeirPipeline *pipeline;
  WeirConformanceStage *stage;
  GMainContext *context;
  GThread *thread;
  GSocket *socket;
  guint16 port;
  gboolean quit;
} WeirConformanceFixture;

typedef struct
{
  const char *name;
  void (*run) (WeirConformanceFixture *fixture);
  /* Options of the adapter that the case needs: an adapter without them is not asked. */
  const char *option;
  guint value;
} WeirConformanceCase;

extern const WeirConformanceCase weir_conformance_framing_cases[];
extern const WeirConformanceCase weir_conformance_malformed_cases[];
extern const WeirConformanceCase weir_conformance_refusals_cases[];
extern const WeirConformanceCase weir_conformance_streaming_cases[];
extern const WeirConformanceCase weir_conformance_lifecycle_cases[];
extern const WeirConformanceCase weir_conformance_limits_cases[];

WeirConformanceFixture *weir_conformance_fixture_new (GObject *adapter);
/* Stops the adapter and checks that it let go of everything. */
void weir_conformance_fixture_free (WeirConformanceFixture *self);
/* Runs func on the data thread and waits for it. */
void weir_conformance_fixture_run (WeirConformanceFixture *self,
                                   void (*func) (WeirConformanceFixture *self));
void weir_conformance_fixture_drain (WeirConformanceFixture *self);
void weir_conformance_fixture_stop (WeirConformanceFixture *self);

/* A client that sees every byte. */
typedef struct
{
  int fd;
  GByteArray *in;
} WeirConformanceClient;

typedef struct
{
  guint status;
  char *head; /* start line and fields, each line ends in CRLF */
  GByteArray *body;
  gboolean whole; /* the body came to its announced end */
  gboolean chunked;
  gboolean by_close; /* its end is the connection's */
} WeirConformanceResponse;

WeirConformanceClient *weir_conformance_client_new (WeirConformanceFixture *fixture);
void weir_conformance_client_free (WeirConformanceClient *self);
void weir_conformance_client_send (WeirConformanceClient *self, const char *data, gssize length);
/* Sends as much as the kernel takes; returns FALSE when it takes nothing for 300 ms. */
gboolean weir_conformance_client_try_send (WeirConformanceClient *self,
                                           const guint8 *data,
                                           gsize length,
                                           gsize *sent);
/* Reads until there are that many bytes; FALSE at the end of the connection. */
gboolean weir_conformance_client_fill (WeirConformanceClient *self, gsize length);
/* for_head: the request was a HEAD. A 100 is a response of its own. */
WeirConformanceResponse *weir_conformance_client_receive (WeirConformanceClient *self,
                                                          gboolean for_head);
/* Sends a GET and checks that 200 comes back on the same connection. */
void weir_conformance_client_check_alive (WeirConformanceClient *self);
/* Fails unless the server closes without another byte. */
void weir_conformance_client_check_closed (WeirConformanceClient *self);
/* Sends request, and checks the status of the response; returns it. */
WeirConformanceResponse *
weir_conformance_client_ask (WeirConformanceClient *self, const char *request, guint status);

/* The same, for a response that is of no further interest. */
void weir_conformance_client_check (WeirConformanceClient *self, const char *request, guint status);

void weir_conformance_response_free (WeirConformanceResponse *self);
/* The value of a field, or NULL (transfer full); count: (out) (optional) how many there are. */
char *
weir_conformance_response_dup_field (WeirConformanceResponse *self, const char *name, guint *count);
void weir_conformance_response_check_body (WeirConformanceResponse *self, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirConformanceClient, weir_conformance_client_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirConformanceResponse, weir_conformance_response_free)

G_END_DECLS
