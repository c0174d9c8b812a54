/*
 * Which system call a thread is in, from numbers to words
 *
 * The table has the calls that a thread of QEMU may block in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/syscalls.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define FD_FORMAT "(fd %d"

typedef void Describe(GString *out, const uint64_t *args);

/* The first argument is a file descriptor */
static void with_fd(GString *out, const uint64_t *args)
{
    g_string_append_printf(out, FD_FORMAT ")", (int)args[0]);
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
    g_string_append_printf(out, FD_FORMAT ", ", (int)args[0]);
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

void aiotop_syscall_describe(const char *line, char *out, gsize size)
{
    g_autoptr(GString) text = g_string_new(NULL);
    uint64_t args[2] = { 0 };
    const Syscall *call;
    long number;
    int n =
        sscanf(line, "%ld %" SCNx64 " %" SCNx64, &number, &args[0], &args[1]);

    /* "running", or -1 if it is blocked but in no call */
    out[0] = '\0';
    if (n < 1 || number < 0) {
        return;
    }
    call = find_call(number);
    if (!call) {
        g_snprintf(out, size, "syscall %ld", number);
        return;
    }
    g_string_append(text, call->name);
    if (call->describe && n == 3) {
        call->describe(text, args);
    }
    g_strlcpy(out, text->str, size);
}

bool aiotop_syscall_path(const char *line, uint64_t *address)
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
    uint64_t args[2];
    long number;

    if (sscanf(line, "%ld %" SCNx64 " %" SCNx64, &number, &args[0], &args[1]) !=
        3) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(with_path); i++) {
        if (with_path[i].number == number) {
            *address = args[with_path[i].argument];
            return true;
        }
    }
    return false;
}

int aiotop_syscall_fd(const char *text)
{
    int fd;

    return sscanf(text, "%*[a-z0-9_]" FD_FORMAT, &fd) == 1 ? fd : -1;
}
