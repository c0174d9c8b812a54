/*
 * The system call that a thread is in
 *
 * The table has the calls that a thread of QEMU may block in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/syscall.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

typedef void Describe(GString *out, const uint64_t *args);

/* The first argument is a file descriptor */
static void with_fd(GString *out, const uint64_t *args)
{
    g_string_append_printf(out, "(fd %d)", (int)args[0]);
}

/* It waits for so many of them: poll and its like, and select */
static void with_second_as_count(GString *out, const uint64_t *args)
{
    g_string_append_printf(out, "(%" PRIu64 " fds)", args[1]);
}

static void with_first_as_limit(GString *out, const uint64_t *args)
{
    g_string_append_printf(out, "(fds below %" PRIu64 ")", args[0]);
}

/* Two threads at one address wait for the same thing */
static void with_futex(GString *out, const uint64_t *args)
{
    const char *operation;

    switch (args[1] & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        operation = "wait";
        break;
    case FUTEX_LOCK_PI:
        operation = "lock";
        break;
    default:
        operation = "wake";
        break;
    }
    g_string_append_printf(out, "(%s, 0x%" PRIx64 ")", operation, args[0]);
}

/* That of a vCPU under KVM, which runs the guest meanwhile; <linux/kvm.h> */
#define KVM_RUN _IO(0xae, 0x80)

static void with_request(GString *out, const uint64_t *args)
{
    g_string_append_printf(out, "(fd %d, ", (int)args[0]);
    if ((uint32_t)args[1] == KVM_RUN) {
        g_string_append(out, "KVM_RUN)");
    } else {
        g_string_append_printf(out, "0x%" PRIx32 ")", (uint32_t)args[1]);
    }
}

static void with_process(GString *out, const uint64_t *args)
{
    g_string_append_printf(out, "(%d)", (int)args[0]);
}

typedef struct Syscall {
    long number;
    const char *name;
    /* NULL if its arguments tell nothing */
    Describe *describe;
} Syscall;

#define CALL(name, describe)                                                   \
    {                                                                          \
        SYS_##name, #name, describe                                            \
    }

/* Newer architectures lack what has a successor */
static const Syscall calls[] = {
    CALL(read, with_fd),
    CALL(write, with_fd),
    CALL(pread64, with_fd),
    CALL(pwrite64, with_fd),
    CALL(readv, with_fd),
    CALL(writev, with_fd),
    CALL(preadv, with_fd),
    CALL(pwritev, with_fd),
    CALL(preadv2, with_fd),
    CALL(pwritev2, with_fd),
#ifdef SYS_poll
    CALL(poll, with_second_as_count),
#endif
    CALL(ppoll, with_second_as_count),
#ifdef SYS_select
    CALL(select, with_first_as_limit),
#endif
    CALL(pselect6, with_first_as_limit),
#ifdef SYS_epoll_wait
    CALL(epoll_wait, with_fd),
#endif
    CALL(epoll_pwait, with_fd),
    CALL(futex, with_futex),
    CALL(io_submit, NULL),
    CALL(io_getevents, NULL),
    CALL(io_pgetevents, NULL),
    CALL(io_uring_enter, with_fd),
    CALL(fsync, with_fd),
    CALL(fdatasync, with_fd),
#ifdef SYS_open
    CALL(open, NULL),
#endif
    CALL(openat, NULL),
    CALL(close, with_fd),
    CALL(fstat, with_fd),
#ifdef SYS_newfstatat
    CALL(newfstatat, NULL),
#endif
    CALL(statx, NULL),
    CALL(ioctl, with_request),
    CALL(recvmsg, with_fd),
    CALL(sendmsg, with_fd),
    CALL(recvfrom, with_fd),
    CALL(sendto, with_fd),
#ifdef SYS_accept
    CALL(accept, with_fd),
#endif
    CALL(accept4, with_fd),
    CALL(connect, with_fd),
    CALL(nanosleep, NULL),
    CALL(clock_nanosleep, NULL),
    CALL(wait4, with_process),
    CALL(fallocate, with_fd),
    CALL(copy_file_range, with_fd),
    CALL(flock, with_fd),
    CALL(fcntl, with_fd),
    CALL(rt_sigtimedwait, NULL),
    CALL(rt_sigsuspend, NULL),
    CALL(sched_yield, NULL),
    CALL(membarrier, NULL),
    CALL(mmap, NULL),
    CALL(munmap, NULL),
    CALL(madvise, NULL),
};

static const Syscall *find_call(long number)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (calls[i].number == number) {
            return &calls[i];
        }
    }
    return NULL;
}

void aiotop_syscall_append(GString *out, const AiotopSyscall *call)
{
    const Syscall *entry = call->known ? find_call(call->number) : NULL;

    if (!call->known) {
        return;
    }
    if (!entry) {
        g_string_append_printf(out, "syscall %ld", call->number);
        return;
    }
    g_string_append(out, entry->name);
    if (*call->path) {
        g_string_append_printf(out, "(\"%s\")", call->path);
    } else if (entry->describe && call->has_args) {
        entry->describe(out, call->args);
    }
}

bool aiotop_syscall_equal(const AiotopSyscall *a, const AiotopSyscall *b)
{
    return a->known == b->known && a->number == b->number &&
           memcmp(a->args, b->args, sizeof(a->args)) == 0 &&
           strcmp(a->path, b->path) == 0;
}

int aiotop_syscall_fd(const AiotopSyscall *call)
{
    const Syscall *entry = call->has_args ? find_call(call->number) : NULL;

    return entry && (entry->describe == with_fd ||
                     entry->describe == with_request)
               ? MAX((int)call->args[0], -1)
               : -1;
}

bool aiotop_syscall_path_address(const AiotopSyscall *call, uint64_t *address)
{
    static const struct {
        long number;
        unsigned argument;
    } with_path[] = {
#ifdef SYS_open
        { SYS_open, 0 },
#endif
        { SYS_openat, 1 },
#ifdef SYS_newfstatat
        { SYS_newfstatat, 1 },
#endif
        { SYS_statx, 1 },
    };

    for (unsigned i = 0; call->has_args && i < G_N_ELEMENTS(with_path); i++) {
        if (with_path[i].number == call->number) {
            *address = call->args[with_path[i].argument];
            return true;
        }
    }
    return false;
}

bool aiotop_syscall_is_loop_wait(const AiotopSyscall *call)
{
    static const long waits[] = {
#ifdef SYS_poll
        SYS_poll,
#endif
        SYS_ppoll,
#ifdef SYS_epoll_wait
        SYS_epoll_wait,
#endif
        SYS_epoll_pwait,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++) {
        if (waits[i] == call->number) {
            return call->known;
        }
    }
    return call->known && !find_call(call->number);
}

bool aiotop_syscall_is_ring_wait(const AiotopSyscall *call)
{
    return call->known && call->number == SYS_io_uring_enter;
}

bool aiotop_syscall_is_futex(const AiotopSyscall *call)
{
    return call->known && call->number == SYS_futex;
}
