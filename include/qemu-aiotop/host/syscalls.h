/*
 * Which system call a thread is in, from numbers to words
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_SYSCALLS_H
#define QEMU_AIOTOP_HOST_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

/**
 * aiotop_syscall_describe:
 * @line: what the kernel says in /proc/PID/task/TID/syscall
 * @out: @size bytes
 *
 * Sets @out to the call's name with the arguments that tell something:
 * "read(fd 12)", "ppoll(7 fds)", "futex(wait, 0x7f8012345678)", "openat"; to
 * "syscall 123" for one that is not known, to "" for a thread that is in none.
 * The numbers are those of the architecture that this was built for.
 */
void aiotop_syscall_describe(const char *line, char *out, gsize size);

/**
 * aiotop_syscall_path:
 * @line: as above
 * @address: set to where in the thread's memory the path is that it opens or
 *     looks up
 *
 * Returns false if the call takes none.
 */
bool aiotop_syscall_path(const char *line, uint64_t *address);

/**
 * aiotop_syscall_fd:
 * @text: of aiotop_syscall_describe()
 *
 * Returns the file descriptor that the call works on, or -1.
 */
int aiotop_syscall_fd(const char *text);

#endif /* QEMU_AIOTOP_HOST_SYSCALLS_H */
