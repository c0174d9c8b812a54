/*
 * The native stack of one thread of another process
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_STACK_H
#define QEMU_AIOTOP_STACK_H

#include <stdint.h>
#include <glib.h>

#define AIOTOP_STACK_ERROR (aiotop_stack_error_quark())
GQuark aiotop_stack_error_quark(void);

typedef enum AiotopStackError {
    /* There is no such thread, or it has just ended */
    AIOTOP_STACK_ERROR_GONE,
    /* The kernel does not let us: in words what it would need */
    AIOTOP_STACK_ERROR_PERMISSION,
    /* Something else went wrong */
    AIOTOP_STACK_ERROR_FAILED,
    /* Built without elfutils */
    AIOTOP_STACK_ERROR_NOT_BUILT_IN,
} AiotopStackError;

/**
 * aiotop_stack_capture:
 * @pid: a process of this host
 * @tid: one of its threads
 *
 * Stops the thread, and only it, for as long as it takes to copy its
 * registers and the used end of its stack: milliseconds.  The copy is unwound
 * after it goes on.  A system call that the thread is in is restarted by the
 * kernel as after any other stop.
 *
 * Returns a GPtrArray of strings, a frame each, innermost first: function and
 * offset, with file and line where they are known, or the module and the
 * address.  NULL with @error set, in words for the user, if it can't be had.
 */
GPtrArray *aiotop_stack_capture(int64_t pid, int64_t tid, GError **error);

#endif /* QEMU_AIOTOP_STACK_H */
