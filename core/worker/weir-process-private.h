/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>
#include "worker/weir-launch.h"

G_BEGIN_DECLS

/* The seam to the operating system: a child process with line-wise pipes. Real:
 * WeirSubprocess; tests have a fake. Signals: "spawned" (pid), "spawn-failed" (GError),
 * "exited" (wait status), "output" (line, from stdout), "error-output" (line, stderr).
 * "exited" comes after the last line of both. */
#define WEIR_TYPE_PROCESS (weir_process_get_type ())
G_DECLARE_INTERFACE (WeirProcess, weir_process, WEIR, PROCESS, GObject)

struct _WeirProcessInterface
{
  GTypeInterface g_iface;

  /* Answers by signal, later; at once if it runs already. */
  void (*spawn) (WeirProcess *self, WeirLaunch *launch);
  void (*write_line) (WeirProcess *self, const char *line);
  void (*send_signal) (WeirProcess *self, int signum);
};

void weir_process_spawn (WeirProcess *self, WeirLaunch *launch);
void weir_process_write_line (WeirProcess *self, const char *line);
void weir_process_send_signal (WeirProcess *self, int signum);

G_END_DECLS
