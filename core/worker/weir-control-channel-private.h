/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"

G_BEGIN_DECLS

/* What a worker says on its standard output, one JSON object a line. The worker runs code
 * that nobody vouches for: every word is checked and cut to size here, and whoever is
 * behind the callbacks may rely on it. */
typedef struct _WeirControlChannel WeirControlChannel;

#define WEIR_CONTROL_MESSAGE_MAX 10000 /* characters */
#define WEIR_CONTROL_STACK_MAX 20000
#define WEIR_CONTROL_SOURCE_MAX 1000
#define WEIR_CONTROL_EVENTS_MAX 100 /* in each window, of logs and of errors */
#define WEIR_CONTROL_WINDOW_MS 10000

/* Borrowed for the call. kind: why it did not load (syntax, missing-module, not-cached,
 * threw, no-handler, timeout), or what threw (handler, response, rejection, uncaught).
 * line and column: 0 if unknown. kind and message are never NULL, the others may be. */
typedef struct
{
  const char *kind;
  const char *message;
  const char *stack;
  const char *file;
  guint line;
  guint column;
  const char *source;
  const char *request_id;
} WeirWorkerFailure;

typedef struct
{
  void (*ready) (const char *form, double load_ms, gpointer user_data);  /* once at the most */
  void (*failed) (const WeirWorkerFailure *failure, gpointer user_data); /* instead of ready */
  void (*log) (const char *level, const char *message, const char *request_id, gpointer user_data);
  void (*error) (const WeirWorkerFailure *failure, gpointer user_data);
  void (*task) (guint pending, gpointer user_data);
  void (*pong) (gint64 id, gpointer user_data);
} WeirControlChannelCallbacks;

/* callbacks must outlive the channel; any of them may be NULL. */
WeirControlChannel *weir_control_channel_new (WeirClock *clock,
                                              const WeirControlChannelCallbacks *callbacks,
                                              gpointer user_data);
/* Safe from within a callback; nothing is called back any more. */
void weir_control_channel_close (WeirControlChannel *self);
void weir_control_channel_free (WeirControlChannel *self);
/* One line of standard output: valid UTF-8, without the newline. */
void weir_control_channel_take_line (WeirControlChannel *self, const char *line);
/* A line of text that is no event: standard error. */
void weir_control_channel_take_text (WeirControlChannel *self, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirControlChannel, weir_control_channel_free)

G_END_DECLS
