/*
 * Which functions QEMU's event loops are made of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_ROLES_H
#define AIOTOP_SAMPLING_ROLES_H

#include <stdint.h>
#include <elfutils/libdwfl.h>
#include <glib.h>

#include "function-table.h"
#include "symbol-index.h"

/*
 * What QEMU's event loops are made of, a bit each.  A function that only one
 * of these calls is part of it, as the compiler may put it into it as well.
 */
enum {
    /* Calls bottom halves, timers, handlers of descriptors, GLib's sources */
    AIOTOP_ROLE_BH = 1 << 0,
    AIOTOP_ROLE_TIMER = 1 << 1,
    AIOTOP_ROLE_FD = 1 << 2,
    AIOTOP_ROLE_GLIB = 1 << 3,
    /* A round of a loop: what it calls by a pointer polls or waits */
    AIOTOP_ROLE_ROUND = 1 << 4,
    /* The main loop's round, or one of GLib's */
    AIOTOP_ROLE_MAIN_ROUND = 1 << 5,
    /* Takes the big lock */
    AIOTOP_ROLE_BQL = 1 << 6,
    /* The profiler's, between a loop and its callback */
    AIOTOP_ROLE_PROFILER = 1 << 7,
    /* The system call may be a wait for descriptors */
    AIOTOP_ROLE_WAIT = 1 << 8,
    /* Has no callers */
    AIOTOP_ROLE_START = 1 << 9,
    /* A part of the loop calls it, or jumps to it, by its address */
    AIOTOP_ROLE_CALLED = 1 << 10,
};

/**
 * aiotop_roles_find:
 * @roles: of addresses in the process (uint64_t, own memory) to roles, to be
 *     added to
 * @pid: whose memory has the code
 *
 * Finds what has a known name in the file, and what only that calls: static
 * functions, which the compiler may or may not have put into their callers, and
 * parts that it has cut off.
 */
void aiotop_roles_find(GHashTable *roles, Dwfl_Module *module,
                       const AiotopFunctionTable *functions,
                       const AiotopSymbolIndex *symbols, int64_t pid);

/* What a function is by its name alone, wherever it is; NULL has no roles */
unsigned aiotop_roles_by_name(const char *name);

#endif /* AIOTOP_SAMPLING_ROLES_H */
