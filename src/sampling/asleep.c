/*
 * Where a thread sleeps, without waking it up
 *
 * The kernel tells the stack pointer of a thread that sleeps in a system call.
 * Compiled code finds its caller by that alone, nearly always.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asleep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* No system has smaller pages: what can be read ends at one's end */
#define PAGE 4096
#define MAX_PAGES 16

AiotopLook aiotop_asleep_look(int fd, AiotopAsleep *asleep)
{
    char line[256];
    ssize_t n;

    if (fd < 0) {
        return AIOTOP_LOOK_DENIED;
    }
    n = pread(fd, line, sizeof(line) - 1, 0);
    if (n <= 0) {
        return n < 0 && (errno == EPERM || errno == EACCES) ? AIOTOP_LOOK_DENIED
                                                            : AIOTOP_LOOK_GONE;
    }
    line[n] = '\0';
    /* The number, six arguments, and two addresses; or -1 and these */
    if (sscanf(line,
               "%" SCNd64 " %*s %*s %*s %*s %*s %*s 0x%" SCNx64 " 0x%" SCNx64,
               &asleep->number, &asleep->sp, &asleep->pc) == 3 ||
        sscanf(line, "%" SCNd64 " 0x%" SCNx64 " 0x%" SCNx64, &asleep->number,
               &asleep->sp, &asleep->pc) == 3) {
        return AIOTOP_LOOK_ASLEEP;
    }
    return AIOTOP_LOOK_RUNS;
}

bool aiotop_asleep_copy(int64_t pid, const AiotopAsleep *asleep, uint8_t *bytes,
                        size_t size, AiotopStackCopy *copy)
{
    struct iovec local = { bytes, size };
    struct iovec pages[MAX_PAGES];
    uint64_t at = asleep->sp;
    unsigned n = 0;
    ssize_t len;

    while (n < MAX_PAGES && at - asleep->sp < size) {
        uint64_t end = (at / PAGE + 1) * PAGE;

        pages[n++] = (struct iovec){ (void *)(uintptr_t)at, end - at };
        at = end;
    }
    len = process_vm_readv(pid, &local, 1, pages, n, 0);
    *copy = (AiotopStackCopy){
        .start = asleep->sp,
        .len = len > 0 ? len : 0,
        .bytes = bytes,
    };
    return len > 0;
}

AiotopRegisters aiotop_asleep_registers(const AiotopAsleep *asleep)
{
    AiotopRegisters registers = { .known = 0 };

    aiotop_register_set(&registers, AIOTOP_REGISTER_SP, asleep->sp);
    aiotop_register_set(&registers, AIOTOP_REGISTER_PC, asleep->pc);
    return registers;
}
