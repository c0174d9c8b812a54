/*
 * A copy of a thread's registers and stack, for which it stops for a moment
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_THREAD_COPY_H
#define AIOTOP_HOST_THREAD_COPY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/user.h>
#include <glib.h>

#include <qemu-aiotop/host/procfs.h>

/* What lies deeper has to be read from the process */
#define AIOTOP_THREAD_COPY_STACK (256 * 1024)

typedef struct AiotopThreadCopy {
    struct user_regs_struct registers;
    /* The stack from @stack_start on, as far as it is there */
    uint64_t stack_start;
    size_t stack_len;
    uint8_t stack[AIOTOP_THREAD_COPY_STACK];
} AiotopThreadCopy;

/* Whether the process is what it was, and this is one of its threads, alive */
bool aiotop_thread_copy_is_there(const AiotopIdentity *process, int64_t tid);

/**
 * aiotop_thread_copy_new:
 *
 * Stops the thread, copies, and lets it go on; no other thread stops.  If it
 * is not the process's any more it is let go of without a look, or not even
 * stopped.  A
 * signal that comes to it meanwhile is delivered as always.  Takes a second
 * with a thread that does not stop.
 *
 * The caller frees the copy with g_free().  NULL with @error set, of
 * AIOTOP_STACK_ERROR, if it can't be had.
 */
AiotopThreadCopy *aiotop_thread_copy_new(const AiotopIdentity *process,
                                         int64_t tid, GError **error);

/**
 * aiotop_thread_copy_refused:
 *
 * Sets @error to why the kernel does not let us look into the thread, which
 * may be that it has ended.
 */
void aiotop_thread_copy_refused(const AiotopIdentity *process, int64_t tid,
                                GError **error);

#endif /* AIOTOP_HOST_THREAD_COPY_H */
