/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/weir-clock-private.h"

G_BEGIN_DECLS

/* A clock whose time only moves when it is told to. */
#define WEIR_TYPE_FAKE_CLOCK (weir_fake_clock_get_type ())
G_DECLARE_FINAL_TYPE (WeirFakeClock, weir_fake_clock, WEIR, FAKE_CLOCK, WeirClock)

WeirFakeClock *weir_fake_clock_new (void);
/* Moves time on, calling what falls due on the way, each at its own moment. */
void weir_fake_clock_advance (WeirFakeClock *self, guint ms);
guint weir_fake_clock_get_n_armed (WeirFakeClock *self);
/* Milliseconds until the next callback, or -1. */
gint64 weir_fake_clock_get_next (WeirFakeClock *self);

G_END_DECLS
