/*
 * How many files this process may have open
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "descriptors.h"

#include <glib.h>
#include <sys/resource.h>

void descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

unsigned descriptors_share(unsigned max)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) < 0
               ? max
               : CLAMP(limit.rlim_cur / 16, 1, max);
}
