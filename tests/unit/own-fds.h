/*
 * The descriptors that this process has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_OWN_FDS_H
#define TESTS_UNIT_OWN_FDS_H

#include <glib.h>

static inline unsigned count_fds(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

#endif /* TESTS_UNIT_OWN_FDS_H */
