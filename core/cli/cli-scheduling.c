/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-scheduling-private.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESET_ON_FORK 1

/* The kernel's struct sched_attr, which the C library does not declare. */
typedef struct
{
  guint32 size;
  guint32 policy;
  guint64 flags;
  gint32 nice;
  guint32 priority;
  guint64 runtime;
  guint64 deadline;
  guint64 period;
} Attributes;

static gboolean
is_free_to_choose (const Attributes *attributes, gboolean patient)
{
  if (!patient)
    return attributes->policy == SCHED_BATCH && (attributes->flags & RESET_ON_FORK) != 0;
  return attributes->policy == SCHED_OTHER && attributes->nice >= 0;
}

/* The kernel resets no policy but those for real time, whatever the flag says; weir_spawn() does it
 * for workers where it sees the flag, which nobody can take back. Who runs us by another policy or
 * in a better place knows better. Not sched_setscheduler(): what systemd keeps from asking for real
 * time may not give it the flag. */
void
cli_scheduling_set_patient (gboolean patient)
{
  Attributes attributes = { .size = sizeof attributes };

  if (syscall (SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 ||
      !is_free_to_choose (&attributes, patient))
    return;
  attributes.policy = patient ? SCHED_BATCH : SCHED_OTHER;
  attributes.flags = RESET_ON_FORK;
  if (syscall (SYS_sched_setattr, 0, &attributes, 0) != 0)
    g_debug ("Cannot be scheduled otherwise: %s", g_strerror (errno));
}
