/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "io/weir-engine.h"

G_BEGIN_DECLS

/* Timers in four wheels of 64 slots; a slot of one wheel is as long as the whole wheel
 * before it. Arming and disarming cost the same however many there are. It asks nobody
 * for the time: all moments are given, in monotonic microseconds. */
#define WEIR_TIMER_WHEEL_LEVELS 4
#define WEIR_TIMER_WHEEL_SLOTS 64

typedef struct
{
  guint64 tick; /* the next one to look at; all before it are done */
  guint n_armed;
  guint64 occupied[WEIR_TIMER_WHEEL_LEVELS];
  WeirTimer slots[WEIR_TIMER_WHEEL_LEVELS][WEIR_TIMER_WHEEL_SLOTS]; /* heads of rings */
  WeirTimer expired;
} WeirTimerWheel;

void weir_timer_wheel_init (WeirTimerWheel *self);
void weir_timer_wheel_add (WeirTimerWheel *self, WeirTimer *timer, gint64 now, gint64 due);
void weir_timer_wheel_remove (WeirTimerWheel *self, WeirTimer *timer);
/* When it wants to be advanced again; G_MAXINT64 when nothing is armed. */
gint64 weir_timer_wheel_next (WeirTimerWheel *self);
/* Collects what is due; pop gives it, no longer armed, until there is no more. */
void weir_timer_wheel_advance (WeirTimerWheel *self, gint64 now);
WeirTimer *weir_timer_wheel_pop (WeirTimerWheel *self);

G_END_DECLS
