/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-spawn-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* No worker may survive a server that was killed with SIGKILL, not even one that never
 * looks at its standard input again. Only the kernel can promise that, by
 * PR_SET_PDEATHSIG, which has to be set between fork and exec. GLib forks for that, and a
 * fork of a large server costs milliseconds; posix_spawn has no such attribute. So this
 * does what posix_spawn does inside: a child that borrows our memory, on a stack of its
 * own, while the calling thread stands still until it has called exec. The end of
 * standard input is the second way for a worker to learn that the server is gone. */

/* A sanitizer of threads cannot follow a child into the same memory; without it, why a program
 * could not be run is not known. */
#define CLONE_FLAGS (CLONE_VM | CLONE_VFORK | SIGCHLD)
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef CLONE_FLAGS
#define CLONE_FLAGS (CLONE_VFORK | SIGCHLD)
#endif
#endif
#define STACK_SIZE (64 * 1024)

typedef struct
{
  const char *program;
  char *const *argv;
  char *const *environ;
  const char *directory;
  int fds[3];
  pid_t parent;
  gboolean is_ordinary;
  const char *failed_at;
  int failure;
} Child;

/* Runs in the memory of the parent: system calls only, nothing that allocates or locks.
 * Sanitizers do not know its stack. */
__attribute__ ((noinline, no_sanitize ("address", "undefined"))) static int
child_main (void *data)
{
  Child *child = data;
  const struct rlimit no_core = { 0, 0 };
  const struct sched_param ordinary = { 0 };
  struct sigaction action;
  sigset_t none;

  for (int signum = 1; signum < NSIG; signum++)
    {
      /* Some cannot be changed and some are the C library's: both say so, harmlessly. */
      action.sa_handler = SIG_DFL;
      action.sa_flags = 0;
      sigemptyset (&action.sa_mask);
      (void) sigaction (signum, &action, NULL);
    }

  child->failed_at = "set up the process";
  if (setpgid (0, 0) != 0 || prctl (PR_SET_PDEATHSIG, SIGKILL) != 0)
    goto fail;
  if (getppid () != child->parent) /* it died before the line above */
    _exit (127);

  if (child->is_ordinary)
    (void) sched_setscheduler (0, SCHED_OTHER, &ordinary);

  /* A core file would hold the secrets of the function. */
  (void) setrlimit (RLIMIT_CORE, &no_core);

  for (int fd = 0; fd < 3; fd++)
    if (dup2 (child->fds[fd], fd) < 0)
      goto fail;
  /* An old kernel cannot; all that Weir and GLib open is close-on-exec as well. */
  (void) close_range (3, ~0U, 0);

  child->failed_at = "enter the working folder";
  if (child->directory != NULL && chdir (child->directory) != 0)
    goto fail;

  sigemptyset (&none);
  (void) sigprocmask (SIG_SETMASK, &none, NULL);
  child->failed_at = "run the program";
  execve (child->program, child->argv, child->environ);

fail:
  child->failure = errno;
  _exit (127);
}

static void
close_pair (int pair[2])
{
  for (int i = 0; i < 2; i++)
    if (pair[i] >= 0)
      (void) close (pair[i]);
}

/* Ends above 2, so that dup2() in the child never meets its own target. */
static gboolean
open_pipe (int pair[2], GError **error)
{
  if (!g_unix_open_pipe (pair, FD_CLOEXEC, error))
    {
      pair[0] = pair[1] = -1;
      return FALSE;
    }
  for (int i = 0; i < 2; i++)
    if (pair[i] < 3)
      {
        int low = pair[i];

        pair[i] = fcntl (low, F_DUPFD_CLOEXEC, 3);
        (void) close (low);
        if (pair[i] < 0)
          {
            g_set_error_literal (error, G_UNIX_ERROR, 0, "Cannot duplicate the end of a pipe");
            return FALSE;
          }
      }
  return TRUE;
}

static pid_t
clone_child (Child *child)
{
  sigset_t all, before;
  pid_t pid;
  void *stack = mmap (NULL,
                      STACK_SIZE,
                      PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
                      -1,
                      0);

  if (stack == MAP_FAILED)
    {
      child->failure = errno;
      return -1;
    }

  /* A handler of ours must not run in the child. */
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  pid = clone (child_main, (char *) stack + STACK_SIZE, CLONE_FLAGS, child);
  if (pid < 0)
    child->failure = errno;
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  munmap (stack, STACK_SIZE);
  return pid;
}

/* ---- which thread makes it ---- */

typedef struct
{
  Child *child;
  pid_t pid;
  gboolean done;
} Order;

static GMutex lock;
static GCond news;
static Order *order; /* under the lock; one at a time */

static gpointer
make_children (gpointer unused)
{
  sigset_t all;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, NULL); /* they are for others */
  g_mutex_lock (&lock);
  while (TRUE)
    {
      while (order == NULL)
        g_cond_wait (&news, &lock);
      order->pid = clone_child (order->child);
      order->done = TRUE;
      order = NULL;
      g_cond_broadcast (&news);
    }
  return NULL;
}

static gpointer
start_maker (gpointer unused)
{
  return g_thread_try_new ("weir-spawn", make_children, NULL, NULL);
}

/* For the kernel the parent is the thread that made the child. The first one of a process lives as
 * long as that; of any other nobody can tell, so one that never ends does it in its place. */
static pid_t
make_child (Child *child)
{
  static GOnce once = G_ONCE_INIT;
  Order own = { .child = child };

  if (gettid () == getpid () || g_once (&once, start_maker, NULL) == NULL)
    return clone_child (child);

  g_mutex_lock (&lock);
  while (order != NULL)
    g_cond_wait (&news, &lock);
  order = &own;
  g_cond_broadcast (&news);
  while (!own.done)
    g_cond_wait (&news, &lock);
  g_mutex_unlock (&lock);
  return own.pid;
}

/* The kernel hands SCHED_BATCH down to children in spite of the flag, which it only obeys for real
 * time. */
static gboolean
is_ordinary (void)
{
  int policy = sched_getscheduler (0);

  return policy == SCHED_OTHER || policy == (SCHED_BATCH | SCHED_RESET_ON_FORK);
}

static gboolean
run (WeirLaunch *launch, const char *program, int pairs[3][2], GPid *pid, GError **error)
{
  Child child = {
    .program = program,
    .argv = (char *const *) weir_launch_get_argv (launch),
    .environ = (char *const *) weir_launch_get_environ (launch),
    .directory = weir_launch_get_directory (launch),
    .fds = { pairs[0][0], pairs[1][1], pairs[2][1] },
    .parent = getpid (),
    .is_ordinary = is_ordinary (),
    .failed_at = "make a process",
  };

  *pid = make_child (&child);
  if (child.failure == 0)
    return TRUE;

  if (*pid > 0)
    while (waitpid (*pid, NULL, 0) < 0 && errno == EINTR)
      ;
  *pid = 0;
  g_set_error (error,
               G_IO_ERROR,
               g_io_error_from_errno (child.failure),
               "Cannot %s “%s”: %s",
               child.failed_at,
               g_str_has_suffix (child.failed_at, "folder") ? child.directory : program,
               g_strerror (child.failure));
  return FALSE;
}

gboolean
weir_spawn (WeirLaunch *launch, GPid *pid, int pipes[3], GError **error)
{
  int pairs[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
  const char *name = weir_launch_get_argv (launch)[0];
  g_autofree char *program = g_find_program_in_path (name);
  gboolean done = FALSE;

  if (program == NULL)
    program = g_strdup (name); /* exec knows better why not */
  if (open_pipe (pairs[0], error) && open_pipe (pairs[1], error) && open_pipe (pairs[2], error))
    done = run (launch, program, pairs, pid, error);

  for (int i = 0; done && i < 3; i++)
    {
      int ours = i == 0 ? 1 : 0;

      pipes[i] = pairs[i][ours];
      pairs[i][ours] = -1;
      (void) g_unix_set_fd_nonblocking (pipes[i], TRUE, NULL);
    }
  for (int i = 0; i < 3; i++)
    close_pair (pairs[i]);
  return done;
}
