/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-version.h"

/**
 * weir_get_version:
 *
 * The version of the library that is running, which a program built against
 * older headers cannot know from its macros.
 *
 * Returns: the version as `major.minor.micro`
 *
 * Since: 1.0
 */
const char *
weir_get_version (void)
{
  return WEIR_VERSION_S;
}
