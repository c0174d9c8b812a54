/*
 * Processes, of command lines
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_PROCESSES_H
#define TESTS_UNIT_PROCESSES_H

#include <glib.h>
#include <qemu-aiotop/host/process.h>

#define PROCESS(...)                                                           \
    aiotop_process_parse(7, (const char *const[]){ __VA_ARGS__, NULL }, "/cwd")

static inline void check_address(GPtrArray *addresses, const char *expected)
{
    g_assert_cmpuint(addresses->len, ==, 1);
    g_assert_cmpstr(addresses->pdata[0], ==, expected);
}

#endif /* TESTS_UNIT_PROCESSES_H */
