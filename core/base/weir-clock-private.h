/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* Time for the control plane: now, and a callback at a later moment. Tests put a
 * fake in its place, whose time only moves when it is told to. */
#define WEIR_TYPE_CLOCK (weir_clock_get_type ())
G_DECLARE_DERIVABLE_TYPE (WeirClock, weir_clock, WEIR, CLOCK, GObject)

typedef void (*WeirClockFunc) (gpointer user_data);

struct _WeirClockClass
{
  GObjectClass parent_class;

  gint64 (*now) (WeirClock *self);
  guint64 (*arm) (WeirClock *self, guint delay_ms, WeirClockFunc func, gpointer user_data);
  void (*disarm) (WeirClock *self, guint64 id);
};

WeirClock *weir_clock_new (void);        /* the real one, on the thread-default context */
gint64 weir_clock_now (WeirClock *self); /* monotonic, microseconds */
/* Calls func once after delay_ms; the id (never 0) is spent when it has. */
guint64 weir_clock_arm (WeirClock *self, guint delay_ms, WeirClockFunc func, gpointer user_data);
void weir_clock_disarm (WeirClock *self, guint64 id);

G_END_DECLS
