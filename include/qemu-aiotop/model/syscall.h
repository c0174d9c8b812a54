/*
 * The system call that a thread is in: numbers, and the words for them
 *
 * Numbers are those of the architecture that this was built for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_SYSCALL_H
#define QEMU_AIOTOP_MODEL_SYSCALL_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#define AIOTOP_SYSCALL_ARGS 2

/* All zero if the thread is in none, or nobody told */
typedef struct AiotopSyscall {
    bool known;
    /* Whether @args are */
    bool has_args;
    long number;
    uint64_t args[AIOTOP_SYSCALL_ARGS];
    /*
     * The path that it opens or looks up, escaped, the end of it behind "..."
     * if it is long; "" if it has none, or it was not read
     */
    char path[224];
} AiotopSyscall;

/**
 * aiotop_syscall_append:
 *
 * Appends the call's name with the arguments that tell something: "read(fd
 * 12)", "ppoll(7 fds)", "futex(wait, 0x7f8012345678)", "openat(\"/mnt/a\")";
 * "syscall 123" for one that is not known; nothing if it is none.
 */
void aiotop_syscall_append(GString *out, const AiotopSyscall *call);

/* Whether both are the same call with the same arguments, or none */
bool aiotop_syscall_equal(const AiotopSyscall *a, const AiotopSyscall *b);

/* The file descriptor that it works on; -1 if it is none, or not known */
int aiotop_syscall_fd(const AiotopSyscall *call);

/**
 * aiotop_syscall_path_address:
 * @address: set to where in the thread's memory the path is that it opens or
 *     looks up
 *
 * Returns false if the call takes none.
 */
bool aiotop_syscall_path_address(const AiotopSyscall *call, uint64_t *address);

/* Whether an event loop may wait in it: one that is not known may be that */
bool aiotop_syscall_is_loop_wait(const AiotopSyscall *call);

/*
 * Whether it submits to an io_uring, or waits for it, as the loop of an iothread
 * may since QEMU 10.2
 */
bool aiotop_syscall_is_ring_wait(const AiotopSyscall *call);

/* Whether it waits for another thread of the process, or wakes one */
bool aiotop_syscall_is_futex(const AiotopSyscall *call);

#endif /* QEMU_AIOTOP_MODEL_SYSCALL_H */
