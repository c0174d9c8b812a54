/*
 * Which QEMUs run on this host, and where to reach them
 *
 * All from /proc: a monitor serves one client at a time, so no socket is
 * connected to merely to find out what it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_DISCOVER_H
#define QEMU_AIOTOP_HOST_DISCOVER_H

#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/host/process.h>

/**
 * aiotop_discover:
 * @root: AIOTOP_PROCFS_ROOT
 *
 * Returns the QEMUs here, by pid, as a GPtrArray of AiotopProcess that frees
 * its elements.  Profilers that were added at run time are found if they
 * listen on a UNIX socket whose file is named qemu-aiotop-*.
 *
 * Reads the command lines only of processes whose executable or name looks
 * like a QEMU's, and waits no longer than a quarter of a second for those that
 * do not answer.  May be called in any thread.
 */
GPtrArray *aiotop_discover(const char *root);

/* One in so many looks reads again what was known of a process */
#define AIOTOP_DISCOVER_AGAIN 10

/**
 * aiotop_discover_again:
 * @known: what an earlier look returned; those of its processes that are still
 *     there go over to the new list
 * @number: of the look, counted by the caller
 *
 * The same for who looks again and again: of a process that is known its
 * command line, its sockets and its executable are not read each time.  A
 * profiler that was added meanwhile is found within AIOTOP_DISCOVER_AGAIN
 * looks.
 */
GPtrArray *aiotop_discover_again(const char *root, GPtrArray *known,
                                 unsigned number);

/**
 * aiotop_discover_process:
 *
 * Returns one of them, or NULL if there is no such process or it is no QEMU.
 */
AiotopProcess *aiotop_discover_process(const char *root, int64_t pid);

#endif /* QEMU_AIOTOP_HOST_DISCOVER_H */
