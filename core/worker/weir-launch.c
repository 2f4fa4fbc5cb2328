/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-launch-private.h"

/**
 * WeirLaunch:
 *
 * How to start one worker: command line, environment, working folder, the first
 * line to write to its standard input, and the Unix socket it will listen on.
 *
 * A launch is immutable and may be read from any thread. The environment is
 * everything the worker gets: nothing of the server's own is passed on.
 *
 * Since: 1.0
 */
struct _WeirLaunch
{
  char **argv;
  char **environ;
  char *directory;
  char *load_command;
  char *socket_path;
  gboolean listens;
};

G_DEFINE_BOXED_TYPE (WeirLaunch, weir_launch, weir_launch_ref, weir_launch_unref)

/**
 * weir_launch_new:
 * @argv: (array zero-terminated=1): the command line; the first word is the program,
 *   an absolute path or a name to be found in `$PATH`
 * @environ_: (array zero-terminated=1) (nullable): `KEY=value` lines; %NULL for none
 * @directory: (nullable): absolute path of the working folder; %NULL to keep the server's
 * @load_command: one line of JSON without the newline, written to the worker's
 *   standard input once it runs
 * @socket_path: absolute path of the Unix socket that the worker will listen on
 *
 * Makes a launch from copies of everything.
 *
 * Returns: (transfer full): a new launch
 *
 * Since: 1.0
 */
WeirLaunch *
weir_launch_new (const char *const *argv,
                 const char *const *environ_,
                 const char *directory,
                 const char *load_command,
                 const char *socket_path)
{
  WeirLaunch *self;

  g_return_val_if_fail (argv != NULL && argv[0] != NULL, NULL);
  g_return_val_if_fail (load_command != NULL, NULL);
  g_return_val_if_fail (strchr (load_command, '\n') == NULL, NULL);
  g_return_val_if_fail (socket_path != NULL, NULL);

  self = g_atomic_rc_box_new0 (WeirLaunch);
  self->argv = g_strdupv ((char **) argv);
  self->environ = environ_ != NULL ? g_strdupv ((char **) environ_) : g_new0 (char *, 1);
  self->directory = g_strdup (directory);
  self->load_command = g_strdup (load_command);
  self->socket_path = g_strdup (socket_path);
  return self;
}

WeirLaunch *
weir_launch_new_loaded (WeirLaunch *standby, const char *load_command, gboolean listens)
{
  WeirLaunch *self = weir_launch_new (weir_launch_get_argv (standby),
                                      weir_launch_get_environ (standby),
                                      standby->directory,
                                      load_command,
                                      standby->socket_path);

  self->listens = listens;
  return self;
}

gboolean
weir_launch_listens (WeirLaunch *self)
{
  return self->listens;
}

/**
 * weir_launch_ref:
 * @self: a launch
 *
 * Adds a reference. Any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
WeirLaunch *
weir_launch_ref (WeirLaunch *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

static void
weir_launch_clear (gpointer data)
{
  WeirLaunch *self = data;

  g_strfreev (self->argv);
  g_strfreev (self->environ);
  g_free (self->directory);
  g_free (self->load_command);
  g_free (self->socket_path);
}

/**
 * weir_launch_unref:
 * @self: (transfer full): a launch
 *
 * Gives a reference back. Any thread.
 *
 * Since: 1.0
 */
void
weir_launch_unref (WeirLaunch *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release_full (self, weir_launch_clear);
}

/**
 * weir_launch_get_argv:
 * @self: a launch
 *
 * Returns: (transfer none) (array zero-terminated=1): the command line
 *
 * Since: 1.0
 */
const char *const *
weir_launch_get_argv (WeirLaunch *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->argv;
}

/**
 * weir_launch_get_environ:
 * @self: a launch
 *
 * Returns: (transfer none) (array zero-terminated=1): the whole environment, as
 *   `KEY=value` lines
 *
 * Since: 1.0
 */
const char *const *
weir_launch_get_environ (WeirLaunch *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->environ;
}

/**
 * weir_launch_get_directory:
 * @self: a launch
 *
 * Returns: (nullable): the working folder, or %NULL for the server's own
 *
 * Since: 1.0
 */
const char *
weir_launch_get_directory (WeirLaunch *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->directory;
}

/**
 * weir_launch_get_load_command:
 * @self: a launch
 *
 * The first line for the worker's standard input. It carries the function's
 * environment, secrets included: it must never be logged.
 *
 * Returns: one line of JSON without the newline
 *
 * Since: 1.0
 */
const char *
weir_launch_get_load_command (WeirLaunch *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->load_command;
}

/**
 * weir_launch_get_socket_path:
 * @self: a launch
 *
 * Returns: absolute path of the worker's Unix socket
 *
 * Since: 1.0
 */
const char *
weir_launch_get_socket_path (WeirLaunch *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->socket_path;
}
