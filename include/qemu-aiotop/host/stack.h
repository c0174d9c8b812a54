/*
 * The native stack of one thread of another process
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_STACK_H
#define QEMU_AIOTOP_HOST_STACK_H

#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/host/stack-error.h>
#include <qemu-aiotop/model/thread.h>

/**
 * aiotop_stack_capture:
 * @process: of this host
 * @tid: one of its threads
 *
 * Stops the thread, and only it, for as long as it takes to copy its
 * registers and the used end of its stack: milliseconds.  The copy is unwound
 * after it goes on.  The thread of another process that has the pid by now is
 * not stopped.  A system call that the thread is in is restarted by the
 * kernel as after any other stop; epoll_wait() and few others return EINTR,
 * see signal(7).
 *
 * Waits a second for a thread that does not stop, as in uninterruptible
 * sleep, and for the files that the process has mapped, which may be anywhere,
 * as long as reading them gets on: half a minute without that, and five minutes
 * in all.  If DEBUGINFOD_URLS is set it is five minutes in any case, as a server
 * of debug information is asked then.  May be called in any thread.
 *
 * Returns a GPtrArray of strings, a frame each, innermost first: function and
 * offset ("main+0x12"), with file and line ("main+0x12 at main.c:34") or else
 * the module ("main+0x12 (qemu-img)"), or the module and an offset in it
 * ("libfoo.so.6+0x1234").  A function that the compiler has put into its
 * caller is a frame, too ("add (inlined) at main.c:12").  The kernel's come
 * first ("futex_wait+0x5c/0x110 (kernel)"), where it lets us see them.  A last one in
 * brackets says why there are not all.  NULL with @error set, in words for the
 * user, if it can't be had.
 */
GPtrArray *aiotop_stack_capture(const AiotopIdentity *process, int64_t tid,
                                GError **error);

#endif /* QEMU_AIOTOP_HOST_STACK_H */
