/*
 * What the kernel tells of a process and its threads
 *
 * Everything here may fail for want of permission, or because the thread has
 * just ended: fields are then unknown, which costs a column.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_PROCFS_H
#define QEMU_AIOTOP_HOST_PROCFS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/thread.h>

/* Where /proc is; tests have another one */
#define AIOTOP_PROCFS_ROOT "/proc"

/**
 * aiotop_procfs_thread:
 * @root: AIOTOP_PROCFS_ROOT
 *
 * Returns false if there is no such thread.
 *
 * CPU time and time on the run queue are those of schedstat, in nanoseconds;
 * without it CPU time comes from stat, in clock ticks.  Costs five small
 * files.
 */
bool aiotop_procfs_thread(const char *root, int64_t pid, int64_t tid,
                          AiotopThread *thread);

/**
 * aiotop_procfs_process:
 * @cpu_ns: set to the CPU time of all threads that the process has, and has
 *     had, in whole clock ticks; or AIOTOP_UNKNOWN
 * @start_ns: set to when it began, since boot, likewise
 *
 * The two are of one process, whichever has this number: see
 * aiotop_procfs_ticks_ns().
 */
void aiotop_procfs_process(const char *root, int64_t pid, uint64_t *cpu_ns,
                           uint64_t *start_ns);

/* For how long this host has been suspended since boot; nanoseconds */
uint64_t aiotop_procfs_suspended_ns(void);

/* So many clock ticks, in nanoseconds */
uint64_t aiotop_procfs_ticks_ns(uint64_t ticks);

/**
 * aiotop_procfs_kernel_stack:
 *
 * Returns where in the kernel the thread is, as a GPtrArray of strings
 * ("futex_wait+0x5c/0x110"), innermost first, empty if it is not in the
 * kernel; or NULL with @error set, in words for the user: it takes
 * CAP_SYS_ADMIN.
 */
GPtrArray *aiotop_procfs_kernel_stack(const char *root, int64_t pid,
                                      int64_t tid, GError **error);

/**
 * aiotop_procfs_threads:
 *
 * Returns the numbers of the process's threads, ascending, as a GArray of
 * int64_t; empty if there is no such process.
 */
GArray *aiotop_procfs_threads(const char *root, int64_t pid);

/* Reads one of the process's threads; false if there is no such thread */
bool aiotop_procfs_task(const char *root, int64_t pid, int64_t tid,
                        AiotopTask *task);

/**
 * aiotop_procfs_run_queue_ns:
 *
 * Returns for how long the thread was ready to run and had no CPU, since it
 * began; or AIOTOP_UNKNOWN.
 */
uint64_t aiotop_procfs_run_queue_ns(const char *root, int64_t pid, int64_t tid);

/**
 * aiotop_procfs_read_runs:
 * @text: of a thread's schedstat, or of its status, which is longer
 *
 * Returns how often the thread was given a CPU, or has gone to sleep; or
 * AIOTOP_UNKNOWN.
 */
uint64_t aiotop_procfs_read_runs(const char *text);

/**
 * aiotop_procfs_runs_file:
 *
 * Returns the name of the file that aiotop_procfs_thread() takes the runs of a
 * thread from, once it has run: "schedstat" or "status".  That is the kernel's
 * to say: a 0 in one thread's schedstat may be that it has not run yet.
 */
const char *aiotop_procfs_runs_file(const char *root);

/**
 * aiotop_procfs_steal_ns:
 *
 * Returns for how long the hypervisor that this host runs under has kept its
 * CPUs, all of them together, from running since boot; or AIOTOP_UNKNOWN.
 */
uint64_t aiotop_procfs_steal_ns(const char *root);

/**
 * aiotop_procfs_fd:
 *
 * Returns what the descriptor is ("/var/lib/disk.img", "socket:[123]",
 * "anon_inode:[eventfd]"), or NULL with @error set.  The caller frees it.
 */
char *aiotop_procfs_fd(const char *root, int64_t pid, int fd, GError **error);

/* Whether the process exists and is no zombie */
bool aiotop_procfs_alive(const char *root, int64_t pid);

/**
 * aiotop_procfs_start_ticks:
 *
 * Returns when the process began, in clock ticks since boot, or
 * AIOTOP_UNKNOWN: together with the pid this names a process for good.
 */
uint64_t aiotop_procfs_start_ticks(const char *root, int64_t pid);

/*
 * The user who started the process, UINT32_MAX if not known.  Whose its files
 * in /proc are is up to the process itself: root's, if it is not dumpable.
 */
uint32_t aiotop_procfs_owner(const char *root, int64_t pid);

/*
 * The number that the process has for itself, which is another one in a pid
 * name space of its own, as in a container; 0 if not known
 */
int64_t aiotop_procfs_inner_pid(const char *root, int64_t pid);

/**
 * aiotop_procfs_identify:
 *
 * Returns the process that has this number now; none if there is no such
 * process.
 */
AiotopIdentity aiotop_procfs_identify(const char *root, int64_t pid);

/* Whether the number is still that of this process, be it a zombie */
bool aiotop_procfs_is_same(const char *root, const AiotopIdentity *process);

/*
 * Whether @fd may stay open for long: it is among the first @eighths of all that
 * may be open, so that the others are left for what is read meanwhile
 */
bool aiotop_procfs_may_keep(int fd, unsigned eighths);

/* Whether it is surely gone: not if it can't be read, for want of descriptors */
bool aiotop_procfs_has_ended(const char *root, const AiotopIdentity *process);

#endif /* QEMU_AIOTOP_HOST_PROCFS_H */
