/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-schema-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"

#define A_DAY G_GINT64_CONSTANT (86400000)
#define FUNCTION WEIR_OPTION_FUNCTION
#define SERVER WEIR_OPTION_SERVER

/* clang-format off */
static const WeirOption options[] = {
  { "enabled", "enabled", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, "true", NULL,
    "Whether the function is served. One that is not answers like one that does not exist." },
  { "entrypoint", "entrypoint", FUNCTION, WEIR_OPTION_PATH, 0, 0, NULL, NULL,
    "The file to load instead of the one that was found. Not in `[defaults]`." },
  { "import_map", "importMap", FUNCTION, WEIR_OPTION_PATH, 0, 0, NULL, NULL,
    "An import map, or the deno.json to use." },
  { "static_files", "staticFiles", FUNCTION, WEIR_OPTION_PATHS, 0, 0, "@as []", NULL,
    "Globs of files that the function reads while it runs." },
  { "env", "env", FUNCTION, WEIR_OPTION_TABLE, 0, 0, "@a{ss} {}", NULL,
    "Environment variables. The tables of all files are put together, name by name." },
  { "rate_limit", "rateLimit", FUNCTION, WEIR_OPTION_RATE, 0, 0, NULL, NULL,
    "How often one caller may call: the name of a plan, `60/min burst 120`, windows as in `100/min, 1000/hour, 5000/day`, or `off`." },
  { "rate_limit_shared", "rateLimitShared", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, "false", NULL,
    "Whether calls of all functions with the same limit that share it are counted together." },
  { "memory_limit_mb", "memoryLimitMb", FUNCTION, WEIR_OPTION_INTEGER, 0, 1048576, "256", "MiB",
    "Memory of one worker beyond the runtime itself, heap and buffers; 0 is no limit." },
  { "spawn_timeout_ms", "spawnTimeoutMs", FUNCTION, WEIR_OPTION_INTEGER, 1, A_DAY, "5000", "ms",
    "How long a worker's process may take to start." },
  { "boot_timeout_ms", "bootTimeoutMs", FUNCTION, WEIR_OPTION_INTEGER, 1, A_DAY, "10000", "ms",
    "How long a worker may take to load the function." },
  { "idle_timeout_ms", "idleTimeoutMs", FUNCTION, WEIR_OPTION_INTEGER, 0, A_DAY, "300000", "ms",
    "A worker without a request for this long is ended; 0 is never." },
  { "drain_timeout_ms", "drainTimeoutMs", FUNCTION, WEIR_OPTION_INTEGER, 0, A_DAY, "15000", "ms",
    "How long a worker that takes no more requests may finish those it has." },
  { "stop_timeout_ms", "stopTimeoutMs", FUNCTION, WEIR_OPTION_INTEGER, 0, A_DAY, "5000", "ms",
    "How long a worker that was told to end may take before it is killed." },
  { "permissions", "permissions", FUNCTION, WEIR_OPTION_FLAGS, 0, 0, "['standard']", NULL,
    "What the function may do: a profile, or flags of the runtime. See below." },
  { "route", "route", FUNCTION, WEIR_OPTION_ROUTE, 0, 0, NULL, NULL,
    "The one path that the function answers at, in place of `/NAME` and all below it. Functions may share it if their methods differ. Not in `[defaults]`." },
  { "methods", "methods", FUNCTION, WEIR_OPTION_METHODS, 0, 0, NULL, NULL,
    "The methods it may be called by; without it, all. `GET` is also `HEAD`, and what a browser asks beforehand by `OPTIONS` is always answered." },
  { "dialect", "dialect", FUNCTION, WEIR_OPTION_WORD, 0, 0, "'weir'", "weir|flux",
    "In whose words clients are told of errors at the function's own path. With `flux` there is nothing below `/NAME`, and a wrong method is 404." },
  { "allow_net", "allowNet", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, "true", NULL,
    "`false` takes the network from what the permissions give." },
  { "allow_env", "allowEnv", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, "true", NULL,
    "`false` takes the environment from what the permissions give." },
  { "logs", "logs", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, "true", NULL,
    "Whether what the function writes to its console is told. What goes wrong in it always is." },
  { "namespace", "namespace", FUNCTION, WEIR_OPTION_NAME, 0, 0, "'default'", NULL,
    "The group of functions that it belongs to, for clients and handlers of Fluxbase." },
  { "bundle", "bundle", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, "false", NULL,
    "Whether all modules of the function are put into one file before it is started." },
  { "request_timeout_ms", "requestTimeoutMs", FUNCTION, WEIR_OPTION_INTEGER, 0, A_DAY, "150000", "ms",
    "How long a function may take to answer, or be silent in the middle of an answer; 0 is no limit." },
  { "min_workers", "minWorkers", FUNCTION, WEIR_OPTION_INTEGER, 0, 1000, "0", NULL,
    "Workers that are kept even when idle, from the first request on, or from the start with `eager`. Never more than `max_workers`." },
  { "max_workers", "maxWorkers", FUNCTION, WEIR_OPTION_INTEGER, 0, 1000, "1", NULL,
    "Workers at one time; one more is started when all are busy. 0 is the number of processors. Each has memory of its own, so what a function keeps in variables is not shared. Workers that only finish what they have, as after an edit, do not count." },
  { "eager", "eager", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, "false", NULL,
    "Whether the first workers are started with the server, instead of with the first request." },
  { "max_concurrency", "maxConcurrency", FUNCTION, WEIR_OPTION_INTEGER, 0, 1000000, "0", NULL,
    "Requests at one time in one worker; 0 is no limit. More wait for their turn." },
  { "queue_size", "queueSize", FUNCTION, WEIR_OPTION_INTEGER, 0, 1000000, "1024", NULL,
    "Requests that may wait for a worker. More are answered with 503." },
  { "queue_timeout_ms", "queueTimeoutMs", FUNCTION, WEIR_OPTION_INTEGER, 0, A_DAY, "10000", "ms",
    "How long a request may wait until a worker has room for it, before it is answered with 503; 0 is no limit. A first worker that is being started has time limits of its own." },
  { "max_websockets", "maxWebSocketConnections", FUNCTION, WEIR_OPTION_INTEGER, 0, 1000000, "100", NULL,
    "WebSockets at one time in one worker; 0 is no limit." },
  { "request_size_limit", "requestSizeLimit", FUNCTION, WEIR_OPTION_INTEGER, 0, G_MAXINT64, "0", "bytes",
    "The body of one request; 0 is no limit. More is answered with 413." },
  { "response_size_limit", "responseSizeLimit", FUNCTION, WEIR_OPTION_INTEGER, 0, G_MAXINT64, "0", "bytes",
    "The body of one answer; 0 is no limit. One that says that it is longer becomes a 502, and one that turns out to be is broken off." },
  { "cpu_soft_ms", "cpuSoftMs", FUNCTION, WEIR_OPTION_INTEGER, 0, A_DAY, "1000", "ms",
    "Processor time after which a worker gets no more requests; 0 is no limit." },
  { "cpu_hard_ms", "cpuHardMs", FUNCTION, WEIR_OPTION_INTEGER, 0, A_DAY, "2000", "ms",
    "Processor time after which a worker is killed; 0 is no limit." },
  { "wall_clock_ms", "wallClockMs", FUNCTION, WEIR_OPTION_INTEGER, 0, 30 * A_DAY, "0", "ms",
    "How long a worker may live before another takes its place; 0 is no limit." },
  { "max_requests", "maxRequests", FUNCTION, WEIR_OPTION_INTEGER, 0, G_MAXINT32, "0", NULL,
    "How many requests a worker gets before another takes its place; 0 is no limit. With 1, nothing that a request leaves in memory is seen by another." },
  { "background_task_timeout_ms", "backgroundTaskTimeoutMs", FUNCTION, WEIR_OPTION_INTEGER, 0, A_DAY, "30000", "ms",
    "How long background tasks may go on after the last request; 0 is no limit." },
  { "background_task_keeps_alive", "backgroundTaskKeepsAlive", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, "true", NULL,
    "Whether a worker with background tasks counts as one that is not idle." },
  { "websocket_keeps_alive", "websocketKeepsAlive", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, "true", NULL,
    "Whether a worker with open WebSockets counts as one that is not idle." },
  { "health_check_interval_ms", "healthCheckIntervalMs", FUNCTION, WEIR_OPTION_INTEGER, 0, A_DAY, "0", "ms",
    "How often a worker is asked whether its event loop turns; 0 is never." },
  { "health_check_timeout_ms", "healthCheckTimeoutMs", FUNCTION, WEIR_OPTION_INTEGER, 1, A_DAY, "5000", "ms",
    "How long a worker may take to answer that." },
  { "health_check_failures", "healthCheckFailures", FUNCTION, WEIR_OPTION_INTEGER, 1, 1000, "3", NULL,
    "After so many checks in a row without an answer, another worker takes its place." },
  { "auth", "auth", FUNCTION, WEIR_OPTION_AUTH, 0, 0, NULL, NULL,
    "Who may call: `required` (or `true`) only those whom an authenticator knows, `optional` also those who do not say, `public` (or `false`) everybody. Without it, `required` where there is an authenticator." },
  { "auth_scopes", "authScopes", FUNCTION, WEIR_OPTION_STRINGS, 0, 0, NULL, NULL,
    "Of the API keys that have scopes, those with one of these may call; without it, those with `function:invoke`." },
  { "auth_keys", "authKeys", FUNCTION, WEIR_OPTION_STRINGS, 0, 0, NULL, NULL,
    "Of the API keys, only these may call, by name or id; without it, all." },
  { "cors_origins", "corsOrigins", FUNCTION, WEIR_OPTION_ORIGINS, 0, 0, NULL, NULL,
    "Origins of the web pages that may use the function, `*` for all; empty leaves it to the function." },
  { "cors_methods", "corsMethods", FUNCTION, WEIR_OPTION_STRINGS, 0, 0, NULL, NULL,
    "Methods that those pages are told they may use; without it, all." },
  { "cors_headers", "corsHeaders", FUNCTION, WEIR_OPTION_STRINGS, 0, 0, NULL, NULL,
    "Header fields that those pages are told they may send; without it, those they ask for." },
  { "cors_credentials", "corsCredentials", FUNCTION, WEIR_OPTION_BOOLEAN, 0, 0, NULL, NULL,
    "Whether those pages may send cookies; not with `*`." },
  { "cors_max_age", "corsMaxAge", FUNCTION, WEIR_OPTION_INTEGER, 0, 86400, "0", "s",
    "How long a browser may remember the answer; 0 leaves it to the browser." },

  { "listen", NULL, SERVER, WEIR_OPTION_ADDRESSES, 0, 0, "['127.0.0.1:9000']", NULL,
    "Addresses to serve on: `host:port`, where port 0 takes a free one; `unix:/PATH` for a socket "
    "in the file system, `unix:@NAME` for an abstract one." },
  { "functions", NULL, SERVER, WEIR_OPTION_PATH, 0, 0, NULL, NULL,
    "The folder of the functions, where it is not found by itself." },
  { "adapter", NULL, SERVER, WEIR_OPTION_STRING, 0, 0, "'native'", NULL,
    "The HTTP server to use: `native` or `soup`, or that of a plugin." },
  { "data_threads", NULL, SERVER, WEIR_OPTION_INTEGER, 1, 64, "1", NULL,
    "Threads that serve requests, each with connections of its own. One is enough for most: workers are processes and need the processors more. The adapter `soup` works on one only." },
  { "reload", NULL, SERVER, WEIR_OPTION_BOOLEAN, 0, 0, "true", NULL,
    "Whether an edited file takes effect at once." },
  { "strict_reload", NULL, SERVER, WEIR_OPTION_BOOLEAN, 0, 0, "false", NULL,
    "Whether a broken edit stops the function, instead of leaving the old code serving." },
  { "shutdown_timeout_ms", NULL, SERVER, WEIR_OPTION_INTEGER, 0, A_DAY, "10000", "ms",
    "How long requests may go on when the server is told to end." },
  { "stage_timeout_ms", NULL, SERVER, WEIR_OPTION_INTEGER, 1, A_DAY, "10000", "ms",
    "How long a stage or an authenticator of a plugin may take over one request, before that is answered with 504." },
  { "max_workers_total", NULL, SERVER, WEIR_OPTION_INTEGER, 0, 100000, "0", NULL,
    "Workers of all functions at one time; 0 is no limit. When there is no room for one more, the one that was idle the longest is ended." },
  { "worker_memory_mb", NULL, SERVER, WEIR_OPTION_INTEGER, 0, 16777216, "0", "MiB",
    "Memory of all workers together, above which none is started before another one is ended, and those that have grown beyond it are ended; 0 is half of the machine's memory." },
  { "max_websockets", NULL, SERVER, WEIR_OPTION_INTEGER, 0, 1000000, "0", NULL,
    "WebSockets at one time in the whole server; 0 is no limit." },
  { "env_files", NULL, SERVER, WEIR_OPTION_PATHS, 0, 0, "@as []", NULL,
    "Files of environment variables for all functions, a later one over an earlier one." },
  { "standby_workers", NULL, SERVER, WEIR_OPTION_INTEGER, 0, 64, "2", NULL,
    "Processes that are kept started and empty, so that a function only has to be loaded; 0 is none." },
  { "standby_max", NULL, SERVER, WEIR_OPTION_INTEGER, 0, 256, "8", NULL,
    "The same in all, where functions need processes that differ, as those with other limits do." },
  { "trusted_proxies", NULL, SERVER, WEIR_OPTION_NETWORKS, 0, 0, "@as []", NULL,
    "Addresses of proxies whose word is taken about who calls and by which address, as `10.0.0.1` or `10.0.0.0/8`; `unix` for those that come by a Unix socket." },
  { "proxy_headers", NULL, SERVER, WEIR_OPTION_WORD, 0, 0, "'x-forwarded'", "x-forwarded|forwarded",
    "Which fields of theirs are read: `x-forwarded-for`, `-proto` and `-host`, or the `forwarded` of RFC 7239." },
  { "rate_limiter", NULL, SERVER, WEIR_OPTION_STRING, 0, 0, "'token-bucket'", NULL,
    "The plugin that counts limits with a burst." },
  { "window_limiter", NULL, SERVER, WEIR_OPTION_STRING, 0, 0, "'window'", NULL,
    "The plugin that counts limits of a minute, an hour or a day." },
  { "rate_limit_failure", NULL, SERVER, WEIR_OPTION_WORD, 0, 0, "'open'", "open|closed",
    "What becomes of calls while a limiter fails: `open` lets them pass, `closed` answers 503." },
  { "rate_limits.free", NULL, SERVER, WEIR_OPTION_RATE, 0, 0, "'60/min burst 120'", NULL,
    "The plan `free`. Any other name makes another plan: `[rate_limits.NAME]` with `per_minute` and `burst`." },
  { "rate_limits.pro", NULL, SERVER, WEIR_OPTION_RATE, 0, 0, "'1000/min burst 2000'", NULL,
    "The plan `pro`." },
  { "rate_limits.team", NULL, SERVER, WEIR_OPTION_RATE, 0, 0, "'10000/min burst 30000'", NULL,
    "The plan `team`." },
  { "limiters.token-bucket.max_keys", NULL, SERVER, WEIR_OPTION_INTEGER, 1, 100000000, "1000000", NULL,
    "Callers that are remembered, at 48 bytes each. Over that, those who have nearly all of their limit again are forgotten first." },
  { "limiters.window.max_keys", NULL, SERVER, WEIR_OPTION_INTEGER, 1, 100000000, "1000000", NULL,
    "As above, at 80 bytes each." },
  { "auth.authenticators", NULL, SERVER, WEIR_OPTION_STRINGS, 0, 0, NULL, NULL,
    "Names of the authenticators to ask who calls, in this order. Without it, those that have a table `[authenticators.NAME]`, after `supabase` in a Supabase project." },
  { "auth.public_functions", NULL, SERVER, WEIR_OPTION_STRINGS, 0, 0, "@as []", NULL,
    "Functions that everybody may call, as `auth = \"public\"` in `[functions.NAME]` of each would say." },
  { "auth.verify_jwt", NULL, SERVER, WEIR_OPTION_BOOLEAN, 0, 0, "true", NULL,
    "`false` lets everybody call every function, whatever it says." },
  { "store", NULL, SERVER, WEIR_OPTION_STRING, 0, 0, "'sqlite'", NULL,
    "Where API keys, settings and encrypted secrets are kept." },
  { "secrets", NULL, SERVER, WEIR_OPTION_STRING, 0, 0, "'auto'", NULL,
    "Where secrets are kept: `libsecret` is the keyring, `file` is encrypted in the store, `auto` is the keyring where one answers and else the store." },
  { "stores.sqlite.path", NULL, SERVER, WEIR_OPTION_PATH, 0, 0, NULL, NULL,
    "The file of the store; without it, one for each project in `$XDG_DATA_HOME/weir`." },
  { "secret_stores.file.key_file", NULL, SERVER, WEIR_OPTION_PATH, 0, 0, NULL, NULL,
    "The file of the key that secrets are encrypted with; without it, `$XDG_CONFIG_HOME/weir/master.key`." },
  { "plugins.path", NULL, SERVER, WEIR_OPTION_PATHS, 0, 0, "@as []", NULL,
    "More folders to look for plugins in." },
  { "plugins.require", NULL, SERVER, WEIR_OPTION_STRINGS, 0, 0, "@as []", NULL,
    "Ids of plugins without which the server does not start." },
  { "plugins.disable", NULL, SERVER, WEIR_OPTION_STRINGS, 0, 0, "@as []", NULL,
    "Ids of plugins that are not to be loaded." },
  { "adapters.native.head_timeout_ms", NULL, SERVER, WEIR_OPTION_INTEGER, 1, A_DAY, "10000", "ms",
    "How long a client may take to send a request's head." },
  { "adapters.native.body_timeout_ms", NULL, SERVER, WEIR_OPTION_INTEGER, 1, A_DAY, "30000", "ms",
    "How long a client may pause inside a body." },
  { "adapters.native.idle_timeout_ms", NULL, SERVER, WEIR_OPTION_INTEGER, 1, A_DAY, "75000", "ms",
    "How long a connection is kept open between requests." },
  { "adapters.native.max_connections", NULL, SERVER, WEIR_OPTION_INTEGER, 1, 1000000, "1024", NULL,
    "Connections at one time." },
  { "adapters.native.max_connections_per_address", NULL, SERVER, WEIR_OPTION_INTEGER, 0, 1000000, "0", NULL,
    "Connections at one time from one address; 0 is no limit." },
  { "adapters.native.proxy_protocol", NULL, SERVER, WEIR_OPTION_NETWORKS, 0, 0, "@as []", NULL,
    "Addresses of proxies that begin each connection with a header of the PROXY protocol, version 2; `unix` for those that come by a Unix socket." },
  { "adapters.native.max_body_size", NULL, SERVER, WEIR_OPTION_INTEGER, 0, G_MAXINT64, "0", "bytes",
    "The body of one request; 0 is no limit." },
  { "adapters.native.max_head_size", NULL, SERVER, WEIR_OPTION_INTEGER, 1024, 1048576, "65536", "bytes",
    "The head of one request." },
  { "adapters.native.max_fields", NULL, SERVER, WEIR_OPTION_INTEGER, 1, 10000, "128", NULL,
    "Header fields of one request." },
  { "adapters.soup.head_timeout_ms", NULL, SERVER, WEIR_OPTION_INTEGER, 1, A_DAY, "10000", "ms",
    "How long a client may take to send a request's head." },
  { "adapters.soup.body_timeout_ms", NULL, SERVER, WEIR_OPTION_INTEGER, 1, A_DAY, "30000", "ms",
    "How long a client may pause inside a body." },
  { "adapters.soup.idle_timeout_ms", NULL, SERVER, WEIR_OPTION_INTEGER, 1, A_DAY, "75000", "ms",
    "How long a connection is kept open between requests." },
  { "adapters.soup.max_connections", NULL, SERVER, WEIR_OPTION_INTEGER, 1, 1000000, "1024", NULL,
    "Connections at one time." },
  { "adapters.soup.max_body_size", NULL, SERVER, WEIR_OPTION_INTEGER, 0, G_MAXINT64, "0", "bytes",
    "The body of one request; 0 is no limit." },
  { "adapters.soup.max_head_size", NULL, SERVER, WEIR_OPTION_INTEGER, 1024, 1048576, "65536", "bytes",
    "The head of one request." },
  { "adapters.soup.max_fields", NULL, SERVER, WEIR_OPTION_INTEGER, 1, 10000, "128", NULL,
    "Header fields of one request." },
  { "runtimes.deno.executable", NULL, SERVER, WEIR_OPTION_STRING, 0, 0, NULL, NULL,
    "The Deno to run: an absolute path, or a name to look for in `PATH`." },
  { "runtimes.deno.cache", NULL, SERVER, WEIR_OPTION_PATH, 0, 0, NULL, NULL,
    "Deno's folder of fetched modules; without it, Deno's own." },
};
/* clang-format on */

const WeirOption *
weir_config_schema_get_options (guint *n_options)
{
  *n_options = G_N_ELEMENTS (options);

  return options;
}

const WeirOption *
weir_config_schema_find (WeirOptionScope scope, const char *name)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (options); i++)
    {
      if (options[i].scope == scope && g_str_equal (options[i].name, name))
        return &options[i];
    }

  return NULL;
}

GVariant *
weir_config_schema_dup_fallback (const WeirOption *option)
{
  if (option->fallback == NULL)
    return NULL;
  if (option->type == WEIR_OPTION_INTEGER)
    return g_variant_ref_sink (g_variant_new_int64 (g_ascii_strtoll (option->fallback, NULL, 10)));

  return g_variant_parse (NULL, option->fallback, NULL, NULL, NULL);
}

const char *
weir_config_schema_suggest (WeirOptionScope scope, const char *prefix, const char *name)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (options); i++)
    {
      const char *known = options[i].name;

      if (options[i].scope != scope || !g_str_has_prefix (known, prefix))
        continue;
      known += strlen (prefix);
      if (strchr (known, '.') == NULL)
        g_ptr_array_add (words, (gpointer) known);
    }
  g_ptr_array_add (words, NULL);

  return weir_suggest (name, (const char *const *) words->pdata);
}

static char *
describe_fallback (const WeirOption *option)
{
  if (option->fallback == NULL)
    return g_strdup ("none");
  if (g_str_has_prefix (option->fallback, "@as"))
    return g_strdup ("`[]`");
  if (g_str_has_prefix (option->fallback, "@a{ss}"))
    return g_strdup ("`{}`");

  {
    g_autofree char *text = g_strdup (option->fallback);

    return g_strdup_printf ("`%s`", g_strdelimit (text, "'", '"'));
  }
}

static char *
describe_range (const WeirOption *option)
{
  if (option->type != WEIR_OPTION_INTEGER)
    return g_strdup ("");
  if (option->maximum == G_MAXINT64)
    return g_strdup_printf ("%" G_GINT64_FORMAT " or more", option->minimum);

  return g_strdup_printf ("%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                          option->minimum,
                          option->maximum);
}

static const char *
describe_manual_type (const WeirOption *option)
{
  switch (option->type)
    {
    case WEIR_OPTION_BOOLEAN:
      return "boolean";
    case WEIR_OPTION_INTEGER:
      return g_strcmp0 (option->unit, "ms") == 0      ? "integer, ms"
             : g_strcmp0 (option->unit, "bytes") == 0 ? "integer, bytes"
             : g_strcmp0 (option->unit, "MiB") == 0   ? "integer, MiB"
             : g_strcmp0 (option->unit, "s") == 0     ? "integer, s"
                                                      : "integer";
    case WEIR_OPTION_STRING:
    case WEIR_OPTION_NAME:
    case WEIR_OPTION_RATE:
      return "string";
    case WEIR_OPTION_WORD:
      return g_str_equal (option->unit, "open|closed") ? "`open` or `closed`"
             : g_str_equal (option->unit, "weir|flux") ? "`weir` or `flux`"
                                                       : "`x-forwarded` or `forwarded`";
    case WEIR_OPTION_NETWORKS:
      return "array of addresses";
    case WEIR_OPTION_PATH:
      return "path";
    case WEIR_OPTION_ROUTE:
      return "path of a URL";
    case WEIR_OPTION_METHODS:
      return "array of methods";
    case WEIR_OPTION_STRINGS:
    case WEIR_OPTION_ORIGINS:
      return "array of strings";
    case WEIR_OPTION_FLAGS:
      return "profile, or array of flags";
    case WEIR_OPTION_PATHS:
      return "array of paths";
    case WEIR_OPTION_ADDRESSES:
      return "array of `host:port`";
    case WEIR_OPTION_TABLE:
      return "table of strings";
    case WEIR_OPTION_AUTH:
      return "string or boolean";
    }

  return "";
}

char *
weir_config_schema_dup_markdown (WeirOptionScope scope)
{
  GString *text =
      g_string_new ("| option | type | range | default | what |\n|---|---|---|---|---|\n");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (options); i++)
    {
      g_autofree char *range = describe_range (&options[i]);
      g_autofree char *fallback = describe_fallback (&options[i]);

      if (options[i].scope == scope)
        g_string_append_printf (text,
                                "| `%s` | %s | %s | %s | %s |\n",
                                options[i].name,
                                describe_manual_type (&options[i]),
                                range,
                                fallback,
                                options[i].doc);
    }

  return g_string_free (text, FALSE);
}
