/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-resource-usage-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

G_DEFINE_TYPE (WeirResourceUsage, weir_resource_usage, G_TYPE_OBJECT)

/* Nanoseconds, where /proc counts in hundredths of a second. */
static gboolean
read_cpu (GPid pid, WeirResourceSample *sample)
{
  struct timespec used;
  clockid_t clock;

  if (clock_getcpuclockid (pid, &clock) != 0 || clock_gettime (clock, &used) != 0)
    return FALSE;
  sample->cpu = (gint64) used.tv_sec * G_USEC_PER_SEC + used.tv_nsec / 1000;
  return TRUE;
}

#define LINE_SIZE 160

/* As much of the file as there is room for. */
static gboolean
read_line (GPid pid, const char *name, char text[LINE_SIZE])
{
  char path[32];
  gssize n;
  int fd;

  g_snprintf (path, sizeof path, "/proc/%d/%s", pid, name);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return FALSE;
  n = read (fd, text, LINE_SIZE - 1);
  (void) close (fd);
  text[MAX (n, 0)] = '\0';
  return n > 0;
}

/* statm: all, resident, of that backed by files, code, 0, data and stack; in pages. */
static gboolean
read_memory (GPid pid, WeirResourceSample *sample)
{
  gint64 page = sysconf (_SC_PAGESIZE);
  long long resident, shared, data;
  char text[LINE_SIZE];

  if (!read_line (pid, "statm", text))
    return FALSE;
  if (sscanf (text, "%*s %lld %lld %*s %*s %lld", &resident, &shared, &data) != 3)
    return FALSE;
  sample->memory = (resident - shared) * page;
  sample->reserved = data * page;
  return TRUE;
}

static gboolean
weir_resource_usage_real_read (WeirResourceUsage *self, GPid pid, WeirResourceSample *sample)
{
  return read_cpu (pid, sample) && read_memory (pid, sample);
}

/* stat: the number, the name in brackets, which may hold brackets of its own, the state. */
static gboolean
weir_resource_usage_real_is_running (WeirResourceUsage *self, GPid pid)
{
  char text[LINE_SIZE];
  const char *name_end;

  if (!read_line (pid, "stat", text))
    return FALSE;
  name_end = strrchr (text, ')');
  return name_end != NULL && g_str_has_prefix (name_end, ") R");
}

/* Only the soft limit: who is not privileged can never raise the hard one again. */
static void
set_soft_limit (GPid pid, __rlimit_resource_t resource, rlim_t value)
{
  struct rlimit limit;

  if (prlimit (pid, resource, NULL, &limit) != 0)
    return;
  limit.rlim_cur = MIN (value, limit.rlim_max);
  if (prlimit (pid, resource, &limit, NULL) != 0 && errno != ESRCH)
    g_message ("Cannot limit process %d: %s", pid, g_strerror (errno));
}

static void
weir_resource_usage_real_limit_memory (WeirResourceUsage *self, GPid pid, gint64 bytes)
{
  set_soft_limit (pid, RLIMIT_DATA, bytes);
}

static void
weir_resource_usage_real_limit_cpu (WeirResourceUsage *self, GPid pid, gint64 seconds)
{
  set_soft_limit (pid, RLIMIT_CPU, seconds < 0 ? RLIM_INFINITY : (rlim_t) seconds);
}

/* Of its first thread alone, which is the one that runs the function. A policy that somebody
 * else gave it stays. */
static void
weir_resource_usage_real_set_patient (WeirResourceUsage *self, GPid pid, gboolean patient)
{
  const struct sched_param none = { 0 };

  if (sched_getscheduler (pid) == (patient ? SCHED_OTHER : SCHED_BATCH) &&
      sched_setscheduler (pid, patient ? SCHED_BATCH : SCHED_OTHER, &none) != 0)
    g_debug ("Cannot schedule process %d: %s", pid, g_strerror (errno));
}

static void
weir_resource_usage_class_init (WeirResourceUsageClass *klass)
{
  klass->read = weir_resource_usage_real_read;
  klass->is_running = weir_resource_usage_real_is_running;
  klass->limit_memory = weir_resource_usage_real_limit_memory;
  klass->limit_cpu = weir_resource_usage_real_limit_cpu;
  klass->set_patient = weir_resource_usage_real_set_patient;
}

static void
weir_resource_usage_init (WeirResourceUsage *self)
{
}

WeirResourceUsage *
weir_resource_usage_new (void)
{
  return g_object_new (WEIR_TYPE_RESOURCE_USAGE, NULL);
}

gboolean
weir_resource_usage_read (WeirResourceUsage *self, GPid pid, WeirResourceSample *sample)
{
  g_return_val_if_fail (WEIR_IS_RESOURCE_USAGE (self), FALSE);

  return pid > 0 && WEIR_RESOURCE_USAGE_GET_CLASS (self)->read (self, pid, sample);
}

gboolean
weir_resource_usage_is_running (WeirResourceUsage *self, GPid pid)
{
  g_return_val_if_fail (WEIR_IS_RESOURCE_USAGE (self), FALSE);

  return pid > 0 && WEIR_RESOURCE_USAGE_GET_CLASS (self)->is_running (self, pid);
}

void
weir_resource_usage_limit_memory (WeirResourceUsage *self, GPid pid, gint64 bytes)
{
  g_return_if_fail (WEIR_IS_RESOURCE_USAGE (self));

  if (pid > 0)
    WEIR_RESOURCE_USAGE_GET_CLASS (self)->limit_memory (self, pid, bytes);
}

void
weir_resource_usage_limit_cpu (WeirResourceUsage *self, GPid pid, gint64 seconds)
{
  g_return_if_fail (WEIR_IS_RESOURCE_USAGE (self));

  if (pid > 0)
    WEIR_RESOURCE_USAGE_GET_CLASS (self)->limit_cpu (self, pid, seconds);
}

void
weir_resource_usage_set_patient (WeirResourceUsage *self, GPid pid, gboolean patient)
{
  g_return_if_fail (WEIR_IS_RESOURCE_USAGE (self));

  if (pid > 0)
    WEIR_RESOURCE_USAGE_GET_CLASS (self)->set_patient (self, pid, patient);
}
