/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#define WEIR_INSIDE

#include "base/weir-version.h"
#include "base/weir-error.h"
#include "base/weir-head.h"
#include "base/weir-rate-limits.h"
#include "base/weir-settings.h"
#include "io/weir-chunk-decoder.h"
#include "io/weir-engine.h"
#include "io/weir-request-parser.h"
#include "config/weir-config.h"
#include "config/weir-env-file.h"
#include "store/weir-function.h"
#include "plugin/weir-plugin.h"
#include "plugin/weir-plugin-context.h"
#include "plugin/weir-plugin-info.h"
#include "plugin/weir-plugin-engine.h"
#include "plugin/weir-extension-registry.h"
#include "worker/weir-launch.h"
#include "worker/weir-runtime.h"
#include "worker/weir-worker-state.h"
#include "worker/weir-worker.h"
#include "http/weir-exchange.h"
#include "http/weir-stage.h"
#include "http/weir-pipeline.h"
#include "http/weir-adapter.h"
#include "http/weir-rate-decision.h"
#include "http/weir-rate-limiter.h"
#include "server/weir-request-record.h"
#include "server/weir-server.h"
#include "testing/weir-conformance.h"
#include "testing/weir-conformance-limiter.h"
#include "testing/weir-loopback-adapter.h"

#undef WEIR_INSIDE
