/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the kernel counts of a process. */
typedef struct
{
  gint64 cpu;      /* processor time since it was made, microseconds */
  gint64 memory;   /* bytes that it really has and shares with nobody */
  gint64 reserved; /* bytes that it was promised, used or not */
} WeirResourceSample;

/* The seam to the kernel's counters and limits; the class itself is the real one, tests put
 * a fake in its place. Nothing here blocks. */
#define WEIR_TYPE_RESOURCE_USAGE (weir_resource_usage_get_type ())
G_DECLARE_DERIVABLE_TYPE (WeirResourceUsage, weir_resource_usage, WEIR, RESOURCE_USAGE, GObject)

struct _WeirResourceUsageClass
{
  GObjectClass parent_class;

  gboolean (*read) (WeirResourceUsage *self, GPid pid, WeirResourceSample *sample);
  gboolean (*is_running) (WeirResourceUsage *self, GPid pid);
  void (*limit_memory) (WeirResourceUsage *self, GPid pid, gint64 bytes);
  void (*limit_cpu) (WeirResourceUsage *self, GPid pid, gint64 seconds);
  void (*set_patient) (WeirResourceUsage *self, GPid pid, gboolean patient);
};

WeirResourceUsage *weir_resource_usage_new (void);
/* FALSE: there is no such process any more. */
gboolean weir_resource_usage_read (WeirResourceUsage *self, GPid pid, WeirResourceSample *sample);
/* Its first thread computes at this moment, or would if nobody else had the processor. */
gboolean weir_resource_usage_is_running (WeirResourceUsage *self, GPid pid);
/* How much it may be promised in all; what it asks for beyond that it does not get. */
void weir_resource_usage_limit_memory (WeirResourceUsage *self, GPid pid, gint64 bytes);
/* The kernel ends it when it has computed for so long in all; -1 lifts that. */
void weir_resource_usage_limit_cpu (WeirResourceUsage *self, GPid pid, gint64 seconds);
/* A patient one does not take the processor from somebody else at the moment it is woken up. */
void weir_resource_usage_set_patient (WeirResourceUsage *self, GPid pid, gboolean patient);

G_END_DECLS
