/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-function-standbys-private.h"

/* The first functions, which mostly are all. */
#define PRIMED_FUNCTIONS 8
/* Of all functions, as far apart as that takes. */
#define EXPECTED_FUNCTIONS 64

void
weir_function_standbys_configure (WeirStandbyPool *standbys, WeirConfig *config)
{
  WeirSettings *settings = weir_config_get_server_settings (config);

  weir_standby_pool_configure (standbys,
                               weir_settings_get_integer (settings, "standby_workers"),
                               weir_settings_get_integer (settings, "standby_max"));
}

/* The first comes last: what is used last is ready first. */
void
weir_function_standbys_prime (WeirStandbyPool *standbys, GListModel *functions)
{
  guint n = g_list_model_get_n_items (functions);

  for (guint i = MIN (n, PRIMED_FUNCTIONS); i > 0; i--)
    {
      g_autoptr (WeirFunction) function = g_list_model_get_item (functions, i - 1);

      weir_standby_pool_prime (standbys, function);
    }
  weir_function_standbys_expect (standbys, functions);
}

void
weir_function_standbys_expect (WeirStandbyPool *standbys, GListModel *functions)
{
  guint n = g_list_model_get_n_items (functions);
  guint apart = MAX (n / EXPECTED_FUNCTIONS, 1);

  for (guint i = 0; i < n; i += apart)
    {
      g_autoptr (WeirFunction) function = g_list_model_get_item (functions, i);

      weir_standby_pool_expect (standbys, function);
    }
}
