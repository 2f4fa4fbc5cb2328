/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-engine-private.h"

#include <glib-unix.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct
{
  GMainContext *context;
  WeirEngine *engine;
  GSource *watchdog;
  guint count;
} Fixture;

static gboolean
on_watchdog (gpointer user_data)
{
  g_error ("The test hangs");
  return G_SOURCE_REMOVE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->context = g_main_context_new ();
  g_main_context_push_thread_default (fixture->context);
  fixture->engine = weir_engine_new (NULL, &error);
  g_assert_no_error (error);
  g_assert_true (weir_engine_get_context (fixture->engine) == fixture->context);
  fixture->watchdog = g_timeout_source_new_seconds (20);
  g_source_set_callback (fixture->watchdog, on_watchdog, NULL, NULL);
  g_source_attach (fixture->watchdog, fixture->context);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_source_destroy (fixture->watchdog);
  g_source_unref (fixture->watchdog);
  g_assert_finalize_object (fixture->engine);
  g_main_context_pop_thread_default (fixture->context);
  g_main_context_unref (fixture->context);
}

static void
turn_until (Fixture *fixture, guint count)
{
  while (fixture->count < count)
    g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpuint (fixture->count, ==, count);
}

static void
turn_while_busy (Fixture *fixture)
{
  while (g_main_context_iteration (fixture->context, FALSE))
    ;
}

typedef struct
{
  WeirWatch watch;
  WeirTimer timer;
  WeirFlush flush;
  Fixture *fixture;
  guint events;
  guint calls;
  gint64 armed_at;
  gint64 fired_at;
} Thing;

static void
on_watch (WeirWatch *watch, guint events)
{
  Thing *thing = (Thing *) watch;

  thing->events |= events;
  thing->calls++;
  thing->fixture->count++;
}

static void
thing_watch (Thing *thing, Fixture *fixture, guint events, WeirWatchFunc func)
{
  g_autoptr (GError) error = NULL;
  int fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);

  thing->fixture = fixture;
  weir_engine_watch (fixture->engine, &thing->watch, fd, events, func, &error);
  g_assert_no_error (error);
}

static void
thing_unwatch (Thing *thing)
{
  weir_engine_unwatch (thing->fixture->engine, &thing->watch);
  close (thing->watch.fd);
}

static void
test_watch (Fixture *fixture, gconstpointer data)
{
  Thing thing = { 0 };

  thing_watch (&thing, fixture, EPOLLIN, on_watch);
  turn_while_busy (fixture);
  g_assert_cmpuint (thing.calls, ==, 0);

  eventfd_write (thing.watch.fd, 1);
  turn_until (fixture, 1);
  g_assert_cmpuint (thing.events, ==, EPOLLIN);
  turn_while_busy (fixture);
  g_assert_cmpuint (thing.calls, ==, 1); /* an edge is told once */

  thing.events = 0;
  weir_engine_modify (fixture->engine, &thing.watch, EPOLLOUT);
  turn_until (fixture, 2);
  g_assert_cmpuint (thing.events, ==, EPOLLOUT);
  weir_engine_modify (fixture->engine, &thing.watch, EPOLLIN);
  turn_until (fixture, 3); /* still readable: told again */

  thing_unwatch (&thing);
  weir_engine_unwatch (fixture->engine, &thing.watch);
  turn_while_busy (fixture);
  g_assert_cmpuint (thing.calls, ==, 3);
}

static void
test_watch_bad (Fixture *fixture, gconstpointer data)
{
  Thing thing = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (
      weir_engine_watch (fixture->engine, &thing.watch, 1000000, EPOLLIN, on_watch, &error));
  g_assert_nonnull (error);
  weir_engine_unwatch (fixture->engine, &thing.watch);
}

static Thing *victims[2];

static void
on_watch_free_other (WeirWatch *watch, guint events)
{
  Thing *thing = (Thing *) watch;
  guint other = thing == victims[0] ? 1 : 0;

  thing->fixture->count++;
  if (victims[other] == NULL)
    return;
  thing_unwatch (victims[other]);
  g_clear_pointer (&victims[other], g_free);
}

static void
test_unwatch_in_batch (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      victims[i] = g_new0 (Thing, 1);
      thing_watch (victims[i], fixture, EPOLLIN, on_watch_free_other);
      eventfd_write (victims[i]->watch.fd, 1);
    }
  turn_while_busy (fixture);
  g_assert_cmpuint (fixture->count, ==, 1);
  for (guint i = 0; i < 2; i++)
    {
      if (victims[i] != NULL)
        thing_unwatch (victims[i]);
      g_clear_pointer (&victims[i], g_free);
    }
}

static void
test_thousand_watches (Fixture *fixture, gconstpointer data)
{
  g_autofree Thing *things = g_new0 (Thing, 1000);
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = MIN (limit.rlim_max, 4096);
  setrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 1100)
    {
      g_test_skip ("too few file descriptors are allowed");
      return;
    }
  for (guint i = 0; i < 1000; i++)
    thing_watch (&things[i], fixture, EPOLLIN, on_watch);
  for (guint round = 1; round <= 3; round++)
    {
      for (guint i = 0; i < 1000; i++)
        eventfd_write (things[i].watch.fd, 1);
      turn_until (fixture, round * 1000);
      for (guint i = 0; i < 1000; i++)
        g_assert_cmpuint (things[i].calls, ==, round);
    }
  for (guint i = 0; i < 1000; i++)
    thing_unwatch (&things[i]);
}

static gboolean
on_foreign (int fd, GIOCondition condition, gpointer user_data)
{
  Fixture *fixture = user_data;
  eventfd_t value;

  eventfd_read (fd, &value);
  fixture->count += 100;
  return G_SOURCE_CONTINUE;
}

static void
test_foreign_sources (Fixture *fixture, gconstpointer data)
{
  Thing thing = { 0 };
  int fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  GSource *source = g_unix_fd_source_new (fd, G_IO_IN);

  g_source_set_callback (source, G_SOURCE_FUNC (on_foreign), fixture, NULL);
  thing_watch (&thing, fixture, EPOLLIN, on_watch);

  eventfd_write (thing.watch.fd, 1);
  turn_until (fixture, 1); /* alone */
  g_source_attach (source, fixture->context);
  eventfd_write (fd, 1);
  turn_until (fixture, 101);
  eventfd_write (thing.watch.fd, 1);
  turn_until (fixture, 102);
  eventfd_write (thing.watch.fd, 1);
  eventfd_write (fd, 1);
  turn_until (fixture, 203);
  g_source_destroy (source);
  eventfd_write (thing.watch.fd, 1);
  turn_until (fixture, 204); /* alone again */

  g_source_unref (source);
  close (fd);
  thing_unwatch (&thing);
}

static void
on_flush_forever (WeirFlush *flush)
{
  Thing *thing = (Thing *) ((char *) flush - G_STRUCT_OFFSET (Thing, flush));

  weir_engine_defer (thing->fixture->engine, flush, on_flush_forever);
}

static void
test_foreign_not_starved (Fixture *fixture, gconstpointer data)
{
  Thing thing = { .fixture = fixture };
  int fd = eventfd (1, EFD_CLOEXEC | EFD_NONBLOCK);
  GSource *source = g_unix_fd_source_new (fd, G_IO_IN);

  g_source_set_callback (source, G_SOURCE_FUNC (on_foreign), fixture, NULL);
  g_source_attach (source, fixture->context);
  weir_engine_defer (fixture->engine, &thing.flush, on_flush_forever);
  turn_until (fixture, 100);
  weir_engine_undefer (fixture->engine, &thing.flush);
  g_source_destroy (source);
  g_source_unref (source);
  close (fd);
}

static gboolean
on_idle_count (gpointer user_data)
{
  ((Fixture *) user_data)->count++;
  return G_SOURCE_REMOVE;
}

static gpointer
attach_from_thread (gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, on_idle_count, fixture, NULL);
  g_source_attach (source, fixture->context);
  return NULL;
}

/* The context's own wake-up goes through the same sleep. */
static void
test_context_wakeup (Fixture *fixture, gconstpointer data)
{
  for (guint i = 1; i <= 50; i++)
    {
      GThread *thread = g_thread_new ("attach", attach_from_thread, fixture);

      turn_until (fixture, i);
      g_thread_join (thread);
    }
}

static void
on_timer (WeirTimer *timer)
{
  Thing *thing = (Thing *) ((char *) timer - G_STRUCT_OFFSET (Thing, timer));

  thing->fired_at = g_get_monotonic_time ();
  thing->calls++;
  thing->fixture->count++;
  g_assert_false (weir_engine_is_armed (thing->fixture->engine, timer));
}

static void
test_timers (Fixture *fixture, gconstpointer data)
{
  g_autofree Thing *things = g_new0 (Thing, 5000);

  for (guint i = 0; i < 5000; i++)
    {
      things[i].fixture = fixture;
      things[i].armed_at = g_get_monotonic_time ();
      if (i % 2 == 0)
        weir_engine_arm (fixture->engine, &things[i].timer, i % 200, on_timer);
      else
        weir_engine_arm_at (fixture->engine,
                            &things[i].timer,
                            things[i].armed_at + (i % 200) * 1000,
                            on_timer);
    }
  for (guint i = 0; i < 5000; i += 5)
    weir_engine_disarm (fixture->engine, &things[i].timer);
  turn_until (fixture, 4000);
  for (guint i = 0; i < 5000; i++)
    {
      g_assert_cmpuint (things[i].calls, ==, i % 5 == 0 ? 0 : 1);
      if (i % 5 != 0)
        g_assert_cmpint (things[i].fired_at, >=, things[i].armed_at + (i % 200) * 1000);
    }
}

static Thing *chain[3];

static void
on_timer_chain (WeirTimer *timer)
{
  Thing *thing = (Thing *) ((char *) timer - G_STRUCT_OFFSET (Thing, timer));
  WeirEngine *engine = thing->fixture->engine;

  thing->calls++;
  thing->fixture->count++;
  weir_engine_disarm (engine, &chain[1]->timer); /* due in this batch too: must not come */
  weir_engine_arm (engine, &chain[2]->timer, 300, on_timer_chain); /* moved */
  if (thing == chain[0] && thing->calls < 5)
    weir_engine_arm (engine, timer, 0, on_timer_chain);
}

static void
test_timers_from_callbacks (Fixture *fixture, gconstpointer data)
{
  Thing things[3] = { { .fixture = fixture }, { .fixture = fixture }, { .fixture = fixture } };

  for (guint i = 0; i < 3; i++)
    {
      chain[i] = &things[i];
      weir_engine_arm (fixture->engine, &things[i].timer, 10, on_timer_chain);
    }
  g_assert_true (weir_engine_is_armed (fixture->engine, &things[1].timer));
  turn_until (fixture, 5);
  g_assert_cmpuint (things[0].calls, ==, 5);
  g_assert_cmpuint (things[1].calls, ==, 0);
  g_assert_cmpuint (things[2].calls, ==, 0);
  g_assert_true (weir_engine_is_armed (fixture->engine, &things[2].timer));
  weir_engine_disarm (fixture->engine, &things[2].timer);
}

static void
on_timer_is_first (WeirTimer *timer)
{
  Thing *thing = (Thing *) ((char *) timer - G_STRUCT_OFFSET (Thing, timer));

  thing->fired_at = g_get_monotonic_time ();
  thing->fixture->count++;
}

/* A loop that did not turn for a while has an old idea of the time. */
static void
test_timer_never_early (Fixture *fixture, gconstpointer data)
{
  Thing thing = { .fixture = fixture };
  gint64 until;

  weir_engine_arm (fixture->engine, &thing.timer, 0, on_timer_is_first);
  turn_until (fixture, 1);
  until = g_get_monotonic_time () + 50000;
  while (g_get_monotonic_time () < until)
    ;
  weir_engine_arm (fixture->engine, &thing.timer, 30, on_timer_is_first);
  turn_until (fixture, 2);
  g_assert_cmpint (thing.fired_at, >=, until + 30000);
}

static void
on_flush (WeirFlush *flush)
{
  Thing *thing = (Thing *) ((char *) flush - G_STRUCT_OFFSET (Thing, flush));

  thing->calls++;
  thing->fixture->count++;
}

static void
on_flush_more (WeirFlush *flush)
{
  Thing *thing = (Thing *) ((char *) flush - G_STRUCT_OFFSET (Thing, flush));
  WeirEngine *engine = thing->fixture->engine;

  thing->calls++;
  thing->fixture->count++;
  weir_engine_defer (engine, &thing[1].flush, on_flush);
  weir_engine_undefer (engine, &thing[2].flush);
  weir_engine_undefer (engine, &thing[2].flush);
}

static void
test_defer (Fixture *fixture, gconstpointer data)
{
  Thing things[3] = { { .fixture = fixture }, { .fixture = fixture }, { .fixture = fixture } };

  weir_engine_defer (fixture->engine, &things[0].flush, on_flush_more);
  weir_engine_defer (fixture->engine, &things[2].flush, on_flush);
  weir_engine_defer (fixture->engine, &things[0].flush, on_flush_more);
  g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpuint (things[0].calls, ==, 1);
  g_assert_cmpuint (things[1].calls, ==, 1); /* in the same turn */
  g_assert_cmpuint (things[2].calls, ==, 0);
}

static void
on_watch_defer (WeirWatch *watch, guint events)
{
  Thing *thing = (Thing *) watch;

  thing->events = thing->fixture->count++;
  weir_engine_defer (thing->fixture->engine, &thing->flush, on_flush);
}

static void
test_defer_after_batch (Fixture *fixture, gconstpointer data)
{
  Thing things[10] = { 0 };

  for (guint i = 0; i < 10; i++)
    {
      thing_watch (&things[i], fixture, EPOLLIN, on_watch_defer);
      eventfd_write (things[i].watch.fd, 1);
    }
  g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpuint (fixture->count, ==, 20);
  for (guint i = 0; i < 10; i++)
    {
      g_assert_cmpuint (things[i].events, <, 10); /* no flush came in between */
      thing_unwatch (&things[i]);
    }
}

typedef struct
{
  Fixture *fixture;
  guint thread;
  guint number;
  guint *last;
} Message;

static void
on_message (gpointer user_data)
{
  g_autofree Message *message = user_data;

  g_assert_cmpuint (message->last[message->thread]++, ==, message->number);
  message->fixture->count++;
}

typedef struct
{
  Fixture *fixture;
  guint thread;
  guint *last;
} Sender;

static gpointer
send_messages (gpointer user_data)
{
  Sender *sender = user_data;

  for (guint i = 0; i < 20000; i++)
    {
      Message *message = g_new (Message, 1);

      *message = (Message){ sender->fixture, sender->thread, i, sender->last };
      weir_engine_invoke (sender->fixture->engine, on_message, message);
      if (i % 1000 == 0)
        g_thread_yield ();
    }
  return NULL;
}

static void
test_invoke_threads (Fixture *fixture, gconstpointer data)
{
  guint last[4] = { 0 };
  Sender senders[4];
  GThread *threads[4];

  for (guint i = 0; i < 4; i++)
    {
      senders[i] = (Sender){ fixture, i, last };
      threads[i] = g_thread_new ("sender", send_messages, &senders[i]);
    }
  turn_until (fixture, 80000);
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
}

static void
on_invoked_again (gpointer user_data)
{
  Fixture *fixture = user_data;
  guint before = ++fixture->count;

  if (before < 10)
    weir_engine_invoke (fixture->engine, on_invoked_again, fixture);
  g_assert_cmpuint (fixture->count, ==, before);
}

static void
test_invoke_from_own_thread (Fixture *fixture, gconstpointer data)
{
  weir_engine_invoke (fixture->engine, on_invoked_again, fixture);
  g_assert_cmpuint (fixture->count, ==, 0);
  turn_until (fixture, 10);
}

static void
on_invoked (gpointer user_data)
{
  ((Fixture *) user_data)->count++;
}

static void
test_invoke_left_over (Fixture *fixture, gconstpointer data)
{
  WeirEngine *engine;
  g_autoptr (GMainContext) context = g_main_context_new ();

  engine = weir_engine_new (context, NULL);
  for (guint i = 0; i < 3000; i++)
    weir_engine_invoke (engine, on_invoked, fixture);
  g_assert_finalize_object (engine);
  g_assert_cmpuint (fixture->count, ==, 3000);
}

static void
on_watch_nested (WeirWatch *watch, guint events)
{
  Thing *thing = (Thing *) watch;

  thing->calls++;
  thing->fixture->count++;
  while (g_main_context_iteration (thing->fixture->context, FALSE))
    ;
}

/* A callback that runs the context itself must not lose what others wait for. */
static void
test_nested (Fixture *fixture, gconstpointer data)
{
  Thing things[20] = { 0 };

  for (guint i = 0; i < 20; i++)
    {
      thing_watch (&things[i], fixture, EPOLLIN, on_watch_nested);
      eventfd_write (things[i].watch.fd, 1);
    }
  turn_until (fixture, 20);
  for (guint i = 0; i < 20; i++)
    {
      g_assert_cmpuint (things[i].calls, ==, 1);
      thing_unwatch (&things[i]);
    }
}

static void
on_drop_engine (gpointer user_data)
{
  WeirEngine **engine = user_data;

  g_clear_object (engine);
}

static void
test_dropped_in_callback (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  WeirEngine *engine = weir_engine_new (context, NULL);

  g_object_add_weak_pointer (G_OBJECT (engine), (gpointer *) &engine);
  weir_engine_invoke (engine, on_drop_engine, &engine);
  while (engine != NULL)
    g_main_context_iteration (context, FALSE);
  g_main_context_iteration (context, FALSE);
}

#define ADD(path, func) g_test_add ("/engine/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  ADD ("watch", test_watch);
  ADD ("watch-bad", test_watch_bad);
  ADD ("unwatch-in-batch", test_unwatch_in_batch);
  ADD ("thousand-watches", test_thousand_watches);
  ADD ("foreign-sources", test_foreign_sources);
  ADD ("foreign-not-starved", test_foreign_not_starved);
  ADD ("context-wakeup", test_context_wakeup);
  ADD ("timers", test_timers);
  ADD ("timers-from-callbacks", test_timers_from_callbacks);
  ADD ("timer-never-early", test_timer_never_early);
  ADD ("defer", test_defer);
  ADD ("defer-after-batch", test_defer_after_batch);
  ADD ("invoke-threads", test_invoke_threads);
  ADD ("invoke-from-own-thread", test_invoke_from_own_thread);
  ADD ("invoke-left-over", test_invoke_left_over);
  ADD ("nested", test_nested);
  ADD ("dropped-in-callback", test_dropped_in_callback);
  return g_test_run ();
}
