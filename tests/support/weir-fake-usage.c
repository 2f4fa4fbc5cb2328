/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-fake-usage.h"

struct _WeirFakeUsage
{
  WeirResourceUsage parent_instance;

  WeirResourceSample sample;
  guint n_read;
  gint64 memory_limit;
  gint64 cpu_limit;
  gboolean patient;
  gboolean running;
};

G_DEFINE_FINAL_TYPE (WeirFakeUsage, weir_fake_usage, WEIR_TYPE_RESOURCE_USAGE)

static gboolean
weir_fake_usage_read (WeirResourceUsage *usage, GPid pid, WeirResourceSample *sample)
{
  WeirFakeUsage *self = WEIR_FAKE_USAGE (usage);

  self->n_read++;
  *sample = self->sample;
  return TRUE;
}

static gboolean
weir_fake_usage_is_running (WeirResourceUsage *usage, GPid pid)
{
  return WEIR_FAKE_USAGE (usage)->running;
}

static void
weir_fake_usage_limit_memory (WeirResourceUsage *usage, GPid pid, gint64 bytes)
{
  WEIR_FAKE_USAGE (usage)->memory_limit = bytes;
}

static void
weir_fake_usage_limit_cpu (WeirResourceUsage *usage, GPid pid, gint64 seconds)
{
  WEIR_FAKE_USAGE (usage)->cpu_limit = seconds;
}

static void
weir_fake_usage_set_patient (WeirResourceUsage *usage, GPid pid, gboolean patient)
{
  g_assert_true (WEIR_FAKE_USAGE (usage)->patient != patient);
  WEIR_FAKE_USAGE (usage)->patient = patient;
}

static void
weir_fake_usage_class_init (WeirFakeUsageClass *klass)
{
  WeirResourceUsageClass *usage_class = WEIR_RESOURCE_USAGE_CLASS (klass);

  usage_class->read = weir_fake_usage_read;
  usage_class->is_running = weir_fake_usage_is_running;
  usage_class->limit_memory = weir_fake_usage_limit_memory;
  usage_class->limit_cpu = weir_fake_usage_limit_cpu;
  usage_class->set_patient = weir_fake_usage_set_patient;
}

static void
weir_fake_usage_init (WeirFakeUsage *self)
{
}

WeirFakeUsage *
weir_fake_usage_new (void)
{
  return g_object_new (WEIR_TYPE_FAKE_USAGE, NULL);
}

WeirResourceSample *
weir_fake_usage_get_sample (WeirFakeUsage *self)
{
  return &self->sample;
}

guint
weir_fake_usage_get_n_read (WeirFakeUsage *self)
{
  return self->n_read;
}

gint64
weir_fake_usage_get_memory_limit (WeirFakeUsage *self)
{
  return self->memory_limit;
}

gint64
weir_fake_usage_get_cpu_limit (WeirFakeUsage *self)
{
  return self->cpu_limit;
}

gboolean
weir_fake_usage_is_patient (WeirFakeUsage *self)
{
  return self->patient;
}

void
weir_fake_usage_set_running (WeirFakeUsage *self, gboolean running)
{
  self->running = running;
}
