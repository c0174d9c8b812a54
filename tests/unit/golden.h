/*
 * Goldens in tests/data: they change only with AIOTOP_UPDATE_GOLDENS=1 in the
 * environment
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include <glib.h>

static inline void compare_golden(const char *name, const char *text)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, name, NULL);
    g_autofree char *golden = NULL;
    g_autoptr(GError) error = NULL;

    if (g_getenv("AIOTOP_UPDATE_GOLDENS")) {
        g_file_set_contents(path, text, -1, &error);
        g_assert_no_error(error);
    }
    g_file_get_contents(path, &golden, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, golden);
}

#endif /* TESTS_UNIT_GOLDEN_H */
