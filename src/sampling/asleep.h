/*
 * Where a thread sleeps, without waking it up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_ASLEEP_H
#define AIOTOP_SAMPLING_ASLEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "rule.h"

typedef enum AiotopLook {
    /* It runs, or is about to */
    AIOTOP_LOOK_RUNS,
    AIOTOP_LOOK_ASLEEP,
    /* There is no such thread any more */
    AIOTOP_LOOK_GONE,
    /* The kernel does not let us */
    AIOTOP_LOOK_DENIED,
} AiotopLook;

/* Where it entered the kernel */
typedef struct AiotopAsleep {
    int64_t number;
    uint64_t sp;
    uint64_t pc;
} AiotopAsleep;

/* @fd: of its file /proc/PID/task/TID/syscall, which stays that of the thread */
AiotopLook aiotop_asleep_look(int fd, AiotopAsleep *asleep);

/* Copies the end of its stack; false if that can't be had */
bool aiotop_asleep_copy(int64_t pid, const AiotopAsleep *asleep, uint8_t *bytes,
                        size_t size, AiotopStackCopy *copy);

/* What is known of its registers: where it is */
AiotopRegisters aiotop_asleep_registers(const AiotopAsleep *asleep);

#endif /* AIOTOP_SAMPLING_ASLEEP_H */
