/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-status-private.h"

#include <json-glib/json-glib.h>
#include <unistd.h>

#include "http/weir-pipeline-private.h"
#include "worker/weir-worker-private.h"

typedef struct
{
  gint64 functions;
  gint64 workers;
  gint64 in_flight;
  gint64 requests;
  gint64 websockets;
  gint64 cpu_ms;
  gint64 memory;
} Totals;

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value != NULL)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

static void
add_number (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_start (JsonBuilder *builder, WeirWorkerStartKind kind, const char *reason)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (WEIR_TYPE_WORKER_START_KIND);

  add_string (builder, "start", g_enum_get_value (klass, kind)->value_nick);
  add_string (builder, "start_reason", reason);
}

static void
add_exit_reason (JsonBuilder *builder, WeirWorkerExitReason reason)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (WEIR_TYPE_WORKER_EXIT_REASON);

  if (reason == WEIR_WORKER_EXIT_REASON_NONE)
    add_string (builder, "exit_reason", NULL);
  else
    add_string (builder, "exit_reason", g_enum_get_value (klass, reason)->value_nick);
}

static void
add_worker (JsonBuilder *builder, WeirFunctionHost *host, WeirWorker *worker, Totals *totals)
{
  WeirFunction *function = weir_worker_get_function (worker);
  WeirGate *gate = weir_worker_get_gate (worker);
  WeirResourceSample sample = { 0 };

  (void) weir_function_host_read_usage (host, worker, &sample);
  json_builder_begin_object (builder);
  add_string (builder, "id", weir_worker_get_id (worker));
  add_string (builder, "function", weir_function_get_name (function));
  add_number (builder, "revision", weir_function_get_revision (function));
  add_string (builder, "state", weir_worker_state_get_nick (weir_worker_get_state (worker)));
  add_exit_reason (builder, weir_worker_get_exit_reason (worker));
  add_number (builder, "pid", weir_worker_get_pid (worker));
  add_number (builder, "in_flight", weir_gate_get_in_flight (gate));
  add_number (builder, "requests", weir_gate_get_total (gate));
  add_number (builder, "websockets", weir_gate_get_sockets (gate));
  add_number (builder, "background_tasks", weir_worker_get_tasks (worker));
  add_number (builder, "age_ms", weir_worker_get_age (worker) / 1000);
  add_number (builder, "cpu_ms", sample.cpu / 1000);
  add_number (builder, "memory_bytes", sample.memory);
  add_start (builder, weir_worker_get_start_kind (worker), weir_worker_get_start_reason (worker));
  json_builder_end_object (builder);

  totals->workers++;
  totals->in_flight += weir_gate_get_in_flight (gate);
  totals->requests += weir_gate_get_total (gate);
  totals->websockets += weir_gate_get_sockets (gate);
  totals->cpu_ms += sample.cpu / 1000;
  totals->memory += sample.memory;
}

static void
add_workers (JsonBuilder *builder, WeirFunctionHost *host, Totals *totals)
{
  GListModel *workers = weir_function_host_get_workers (host);

  json_builder_set_member_name (builder, "workers");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (workers); i++)
    {
      g_autoptr (WeirWorker) worker = g_list_model_get_item (workers, i);

      add_worker (builder, host, worker, totals);
    }
  json_builder_end_array (builder);
}

static guint
count_workers (WeirFunctionHost *host, const char *name)
{
  GListModel *workers = weir_function_host_get_workers (host);
  guint count = 0;

  for (guint i = 0; i < g_list_model_get_n_items (workers); i++)
    {
      g_autoptr (WeirWorker) worker = g_list_model_get_item (workers, i);

      count += g_str_equal (weir_function_get_name (weir_worker_get_function (worker)), name);
    }
  return count;
}

/* How its next worker would be started, were there a standby. */
static void
add_function_start (JsonBuilder *builder, WeirRuntime *runtime, WeirFunction *function)
{
  WeirSettings *settings = weir_function_get_settings (function);
  g_autofree char *reason = NULL;
  g_autofree char *key = weir_runtime_get_standby_key (runtime, function, &reason);

  if (key == NULL)
    add_start (builder, WEIR_WORKER_START_KIND_SPAWNED, reason);
  else if (weir_settings_get_boolean (settings, "bundle"))
    add_start (builder, WEIR_WORKER_START_KIND_BUNDLED, NULL);
  else
    add_start (builder, WEIR_WORKER_START_KIND_STANDBY, NULL);
}

/* Since the server started, whichever workers it took. */
static void
add_function_stats (JsonBuilder *builder, WeirFunctionHost *host, const char *name)
{
  g_autoptr (WeirFunctionStats) stats = weir_function_host_dup_stats (host, name);

  add_number (builder, "requests", weir_function_stats_get_requests (stats));
  add_number (builder, "errors", weir_function_stats_get_errors (stats));
  add_number (builder, "restarts", weir_function_stats_get_restarts (stats));
}

static void
add_functions (JsonBuilder *builder, WeirFunctionHost *host, Totals *totals)
{
  GListModel *functions = weir_function_host_get_functions (host);

  json_builder_set_member_name (builder, "functions");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (functions); i++)
    {
      g_autoptr (WeirFunction) function = g_list_model_get_item (functions, i);
      const char *name = weir_function_get_name (function);

      json_builder_begin_object (builder);
      add_string (builder, "name", name);
      add_string (builder, "entrypoint", weir_function_get_entrypoint (function));
      add_number (builder, "revision", weir_function_get_revision (function));
      add_number (builder, "workers", count_workers (host, name));
      add_function_stats (builder, host, name);
      add_function_start (builder, weir_function_host_get_runtime (host), function);
      json_builder_end_object (builder);
      totals->functions++;
    }
  json_builder_end_array (builder);
}

static void
add_server (JsonBuilder *builder, const WeirStatus *status)
{
  g_autoptr (WeirResourceUsage) usage = weir_resource_usage_new ();
  WeirResourceSample sample = { 0 };

  (void) weir_resource_usage_read (usage, getpid (), &sample);
  json_builder_set_member_name (builder, "server");
  json_builder_begin_object (builder);
  add_string (builder, "version", WEIR_VERSION_S);
  add_number (builder, "pid", getpid ());
  add_string (builder, "state", status->state);
  add_number (builder, "uptime_ms", status->uptime_ms);
  add_number (builder, "cpu_ms", sample.cpu / 1000);
  add_number (builder, "memory_bytes", sample.memory);
  add_string (builder,
              "directory",
              weir_config_get_functions_directory (weir_function_host_get_config (status->host)));
  add_number (builder, "standbys", weir_function_host_get_n_standbys (status->host));
  json_builder_set_member_name (builder, "uris");
  json_builder_begin_array (builder);
  for (guint i = 0; status->uris[i] != NULL; i++)
    json_builder_add_string_value (builder, status->uris[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

static void
add_lanes (JsonBuilder *builder, WeirFrontend *frontend)
{
  json_builder_set_member_name (builder, "data_threads");
  json_builder_begin_array (builder);
  for (guint i = 0; i < weir_frontend_get_n_lanes (frontend); i++)
    {
      WeirPipeline *pipeline = weir_lane_get_pipeline (weir_frontend_get_lane (frontend, i));

      json_builder_begin_object (builder);
      add_number (builder, "requests", weir_pipeline_get_total (pipeline));
      add_number (builder, "in_flight", weir_pipeline_get_open (pipeline));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_totals (JsonBuilder *builder, const Totals *totals)
{
  json_builder_set_member_name (builder, "totals");
  json_builder_begin_object (builder);
  add_number (builder, "functions", totals->functions);
  add_number (builder, "workers", totals->workers);
  add_number (builder, "in_flight", totals->in_flight);
  add_number (builder, "requests", totals->requests);
  add_number (builder, "websockets", totals->websockets);
  add_number (builder, "cpu_ms", totals->cpu_ms);
  add_number (builder, "memory_bytes", totals->memory);
  json_builder_end_object (builder);
}

char *
weir_status_format (const WeirStatus *status)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  Totals totals = { 0 };

  json_builder_begin_object (builder);
  add_server (builder, status);
  add_lanes (builder, status->frontend);
  add_functions (builder, status->host, &totals);
  add_workers (builder, status->host, &totals);
  add_totals (builder, &totals);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}
