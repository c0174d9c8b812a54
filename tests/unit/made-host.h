/*
 * A QEMU that is not profiled, in a made-up /proc
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_MADE_HOST_H
#define TESTS_UNIT_MADE_HOST_H

#include <stdint.h>
#include <glib.h>

#include <qemu-aiotop/host/host-snapshot.h>

#include "proc-tree.h"

#define PID 4711
#define SECOND INT64_C(1000000000)

/* A process with threads out of order, and its end at @name */
char *host_root(const char *name);

/* Its name, and what follows on its command line after | each */
void host_write_cmdline(const char *root, const char *name);

AiotopSnapshot *host_take(const char *root, uint64_t time_ns);

#endif /* TESTS_UNIT_MADE_HOST_H */
