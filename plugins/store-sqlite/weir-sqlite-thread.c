/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-sqlite-thread.h"

#include "weir-sqlite-database.h"

/* Callers that one commit may answer. */
#define MAX_GROUP 256

typedef enum
{
  JOB_OPEN,
  JOB_APPLY,
  JOB_LOOKUP,
  JOB_LIST,
  JOB_CHECK,
  JOB_BACKUP,
  JOB_POLL,
  JOB_QUIT,
} JobKind;

typedef struct
{
  JobKind kind;
  GTask *task;
  GPtrArray *changes;
  char *text; /* a kind of records, or a path */
  char *key;
  GError *error; /* why its changes were not made */
} Job;

struct _WeirSqliteThread
{
  GThread *thread;
  GAsyncQueue *jobs;
  WeirSqliteDatabase *database;
  WeirSqliteChangedFunc changed;
  gpointer user_data;
};

static Job *
job_new (JobKind kind, GTask *task)
{
  Job *job = g_new0 (Job, 1);

  job->kind = kind;
  if (task != NULL)
    job->task = g_object_ref (task);

  return job;
}

static void
job_free (Job *job)
{
  g_clear_object (&job->task);
  g_clear_pointer (&job->changes, g_ptr_array_unref);
  g_clear_error (&job->error);
  g_free (job->text);
  g_free (job->key);
  g_free (job);
}

/* On its way to whoever asked, together with the task: nothing of it stays on this thread,
 * which could otherwise be the last to hold the store, after the program thinks it is gone. */
typedef struct
{
  GTask *task;
  GType type; /* G_TYPE_NONE is a plain TRUE */
  gpointer boxed;
  GError *error;
} Answer;

static gboolean
give_answer (gpointer user_data)
{
  Answer *self = user_data;

  if (self->error != NULL)
    g_task_return_error (self->task, g_steal_pointer (&self->error));
  else if (self->type != G_TYPE_NONE)
    weir_task_return_boxed (self->task, self->type, g_steal_pointer (&self->boxed));
  else
    g_task_return_boolean (self->task, TRUE);

  return G_SOURCE_REMOVE;
}

static void
answer_free (gpointer data)
{
  Answer *self = data;

  if (self->boxed != NULL)
    g_boxed_free (self->type, self->boxed);
  g_clear_error (&self->error);
  g_object_unref (self->task);
  g_free (self);
}

static void
answer_boxed (Job *job, GType type, gpointer boxed, GError *error)
{
  g_autoptr (GMainContext) context = g_main_context_ref (g_task_get_context (job->task));
  g_autoptr (GSource) source = g_idle_source_new ();
  Answer *self = g_new0 (Answer, 1);

  self->task = g_steal_pointer (&job->task);
  self->type = type;
  self->boxed = boxed;
  self->error = error;
  g_source_set_priority (source, g_task_get_priority (self->task));
  g_source_set_static_name (source, "[weir] the store answers");
  g_source_set_callback (source, give_answer, self, answer_free);
  g_source_attach (source, context);
}

static void
answer (Job *job, GError *error)
{
  answer_boxed (job, G_TYPE_NONE, NULL, error);
}

/* ---- changes, in groups ---- */

static gboolean
commit (WeirSqliteThread *self, GPtrArray *group, GError **error)
{
  if (!weir_sqlite_database_open (self->database, TRUE, error) ||
      !weir_sqlite_database_exec (self->database, "BEGIN IMMEDIATE", error))
    return FALSE;

  for (guint i = 0; i < group->len; i++)
    {
      Job *job = group->pdata[i];

      weir_sqlite_records_apply (self->database, job->changes, &job->error);
    }
  if (weir_sqlite_database_exec (self->database, "COMMIT", error))
    return TRUE;
  weir_sqlite_database_exec (self->database, "ROLLBACK", NULL);

  return FALSE;
}

static void
run_group (WeirSqliteThread *self, GPtrArray *group)
{
  g_autoptr (GError) error = NULL;
  gboolean committed = commit (self, group, &error);
  gboolean any = FALSE;

  for (guint i = 0; i < group->len; i++)
    {
      Job *job = group->pdata[i];
      GError *why = job->error != NULL ? g_steal_pointer (&job->error)
                    : committed        ? NULL
                                       : g_error_copy (error);

      any = any || why == NULL;
      answer (job, why);
    }
  if (any)
    self->changed (self->user_data);
}

/* Takes more changes that wait behind the first; returns what came after them, or NULL. */
static Job *
run_changes (WeirSqliteThread *self, Job *first)
{
  g_autoptr (GPtrArray) group = g_ptr_array_new_with_free_func ((GDestroyNotify) job_free);
  Job *next = NULL;

  g_ptr_array_add (group, first);
  while (group->len < MAX_GROUP && (next = g_async_queue_try_pop (self->jobs)) != NULL &&
         next->kind == JOB_APPLY)
    g_ptr_array_add (group, g_steal_pointer (&next));
  run_group (self, group);

  return next;
}

/* ---- the rest, one by one ---- */

static void
run_poll (WeirSqliteThread *self)
{
  g_autoptr (GError) error = NULL;
  gboolean changed;

  if (!weir_sqlite_database_poll (self->database, &changed, &error))
    g_warning ("%s", error->message);
  else if (changed)
    self->changed (self->user_data);
}

static void
run_job (WeirSqliteThread *self, Job *job)
{
  GError *error = NULL;
  gpointer boxed;

  switch (job->kind)
    {
    case JOB_OPEN:
      weir_sqlite_database_open (self->database, FALSE, &error);
      answer (job, error);
      break;
    case JOB_LOOKUP:
      boxed = weir_sqlite_records_lookup (self->database, job->text, job->key, &error);
      answer_boxed (job, WEIR_TYPE_RECORD, boxed, error);
      break;
    case JOB_LIST:
      boxed = weir_sqlite_records_list (self->database, job->text, &error);
      answer_boxed (job, G_TYPE_PTR_ARRAY, boxed, error);
      break;
    case JOB_CHECK:
      boxed = weir_sqlite_database_check (self->database, &error);
      answer_boxed (job, G_TYPE_STRV, boxed, error);
      break;
    case JOB_BACKUP:
      weir_sqlite_database_backup (self->database, job->text, &error);
      answer (job, error);
      break;
    case JOB_POLL:
      run_poll (self);
      break;
    case JOB_APPLY:
    case JOB_QUIT:
      g_assert_not_reached ();
    }
  job_free (job);
}

static gpointer
run (gpointer data)
{
  WeirSqliteThread *self = data;
  Job *next = NULL;

  while (TRUE)
    {
      Job *job = next != NULL ? next : g_async_queue_pop (self->jobs);

      next = NULL;
      if (job->kind == JOB_QUIT)
        {
          job_free (job);
          break;
        }
      if (job->kind == JOB_APPLY)
        next = run_changes (self, job);
      else
        run_job (self, job);
    }
  weir_sqlite_database_free (self->database);
  g_async_queue_unref (self->jobs);
  g_free (self);

  return NULL;
}

/* ---- the other side ---- */

WeirSqliteThread *
weir_sqlite_thread_new (const char *path, WeirSqliteChangedFunc changed, gpointer user_data)
{
  WeirSqliteThread *self = g_new0 (WeirSqliteThread, 1);

  self->jobs = g_async_queue_new ();
  self->database = weir_sqlite_database_new (path);
  self->changed = changed;
  self->user_data = user_data;
  self->thread = g_thread_new ("weir-store", run, self);

  return self;
}

void
weir_sqlite_thread_free (WeirSqliteThread *self)
{
  GThread *thread = self->thread;

  g_async_queue_push (self->jobs, job_new (JOB_QUIT, NULL));
  /* The last reference to a store may be the one of a task that this very thread answered. */
  if (thread == g_thread_self ())
    g_thread_unref (thread);
  else
    g_thread_join (thread);
}

static void
push (WeirSqliteThread *self, Job *job)
{
  g_async_queue_push (self->jobs, job);
}

void
weir_sqlite_thread_open (WeirSqliteThread *self, GTask *task)
{
  push (self, job_new (JOB_OPEN, task));
}

void
weir_sqlite_thread_apply (WeirSqliteThread *self, GPtrArray *changes, GTask *task)
{
  Job *job = job_new (JOB_APPLY, task);

  /* A copy: the caller may go on with its array. */
  job->changes = g_ptr_array_new_full (changes->len, (GDestroyNotify) weir_change_unref);
  for (guint i = 0; i < changes->len; i++)
    g_ptr_array_add (job->changes, weir_change_ref (changes->pdata[i]));
  push (self, job);
}

void
weir_sqlite_thread_lookup (WeirSqliteThread *self, const char *kind, const char *key, GTask *task)
{
  Job *job = job_new (JOB_LOOKUP, task);

  job->text = g_strdup (kind);
  job->key = g_strdup (key);
  push (self, job);
}

void
weir_sqlite_thread_list (WeirSqliteThread *self, const char *kind, GTask *task)
{
  Job *job = job_new (JOB_LIST, task);

  job->text = g_strdup (kind);
  push (self, job);
}

void
weir_sqlite_thread_check (WeirSqliteThread *self, GTask *task)
{
  push (self, job_new (JOB_CHECK, task));
}

void
weir_sqlite_thread_backup (WeirSqliteThread *self, const char *path, GTask *task)
{
  Job *job = job_new (JOB_BACKUP, task);

  job->text = g_strdup (path);
  push (self, job);
}

void
weir_sqlite_thread_poll (WeirSqliteThread *self)
{
  push (self, job_new (JOB_POLL, NULL));
}
