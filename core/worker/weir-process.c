/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-process-private.h"

#include "base/weir-signal-private.h"

G_DEFINE_INTERFACE (WeirProcess, weir_process, G_TYPE_OBJECT)

static void
weir_process_default_init (WeirProcessInterface *iface)
{
  weir_signal_new (WEIR_TYPE_PROCESS, "spawned", 1, G_TYPE_INT);
  weir_signal_new (WEIR_TYPE_PROCESS, "spawn-failed", 1, G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
  weir_signal_new (WEIR_TYPE_PROCESS, "exited", 1, G_TYPE_INT);
  weir_signal_new (WEIR_TYPE_PROCESS, "output", 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  weir_signal_new (WEIR_TYPE_PROCESS,
                   "error-output",
                   1,
                   G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}

void
weir_process_spawn (WeirProcess *self, WeirLaunch *launch)
{
  g_return_if_fail (WEIR_IS_PROCESS (self));
  g_return_if_fail (launch != NULL);

  WEIR_PROCESS_GET_IFACE (self)->spawn (self, launch);
}

void
weir_process_write_line (WeirProcess *self, const char *line)
{
  g_return_if_fail (WEIR_IS_PROCESS (self));
  g_return_if_fail (line != NULL);

  WEIR_PROCESS_GET_IFACE (self)->write_line (self, line);
}

void
weir_process_send_signal (WeirProcess *self, int signum)
{
  g_return_if_fail (WEIR_IS_PROCESS (self));

  WEIR_PROCESS_GET_IFACE (self)->send_signal (self, signum);
}
