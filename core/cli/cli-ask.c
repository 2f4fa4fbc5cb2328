/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-ask-private.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli-output-private.h"

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* What a signal finds. */
static struct termios shown;

/* Who is interrupted must not leave a terminal that hides what is typed. */
static void
on_end (int number)
{
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &shown);
  raise (number); /* the action is the usual one again, and is taken on return */
}

static gboolean
hide (struct sigaction *before)
{
  struct sigaction action = { .sa_handler = on_end, .sa_flags = SA_RESETHAND };
  struct termios hidden;

  if (tcgetattr (STDIN_FILENO, &shown) != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      sigaction (ends[i], NULL, &before[i]);
      if (before[i].sa_handler != SIG_IGN)
        sigaction (ends[i], &action, NULL);
    }
  hidden = shown;
  hidden.c_lflag &= ~(tcflag_t) ECHO;
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &hidden);
  return TRUE;
}

static void
show (const struct sigaction *before)
{
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &shown);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    sigaction (ends[i], &before[i], NULL);
}

char *
cli_ask_hidden (const char *question)
{
  struct sigaction before[G_N_ELEMENTS (ends)];
  char *line = NULL;
  size_t size = 0;
  char *value = NULL;
  gboolean hidden;

  cli_print (stderr, "%s", question);
  hidden = hide (before);
  if (getline (&line, &size, stdin) >= 0)
    value = g_strndup (line, strcspn (line, "\r\n"));
  if (hidden)
    show (before);
  cli_print (stderr, "\n");
  if (line != NULL)
    explicit_bzero (line, size);
  free (line);
  return value;
}
