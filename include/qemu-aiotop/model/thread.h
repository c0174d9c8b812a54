/*
 * A process of this host, and what its kernel knows of a thread
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_THREAD_H
#define QEMU_AIOTOP_MODEL_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <qemu-aiotop/model/counter.h>
#include <qemu-aiotop/model/syscall.h>

/*
 * A process for good: its number alone may be another one's by now.  What is
 * done to a process, or read of it, is done to an identity.
 */
typedef struct AiotopIdentity {
    /* 0 if it is none, or none of this host */
    int64_t pid;
    /* When it began, in clock ticks since the host's boot */
    uint64_t start_ticks;
} AiotopIdentity;

static inline bool aiotop_identity_equal(const AiotopIdentity *a,
                                         const AiotopIdentity *b)
{
    return a->pid == b->pid && a->start_ticks == b->start_ticks;
}

/* Of a thread, as /proc has it: a signal or a debugger has stopped it */
static inline bool aiotop_state_is_stopped(char state)
{
    return state == 'T' || state == 't';
}

/*
 * By the name that QEMU gives it, @name being NULL or any: with TCG, one thread
 * may run all vCPUs
 */
static inline bool aiotop_thread_is_vcpu(const char *name)
{
    return name &&
           (strncmp(name, "CPU ", 4) == 0 || strncmp(name, "ALL CPUs", 8) == 0);
}

/* What of another thread a thread waits for */
typedef enum AiotopAwaitedOfThread {
    AIOTOP_AWAITED_UNKNOWN,
    /* That it unlocks a mutex */
    AIOTOP_AWAITED_MUTEX,
    /* That it ends */
    AIOTOP_AWAITED_END,
} AiotopAwaitedOfThread;

typedef struct AiotopThread {
    /* Name of the thread, "" if unknown; any bytes but NUL */
    char comm[64];
    /* 'R', 'S', 'D', ...; 0 if unknown */
    char state;
    /* Nanoseconds since the thread began; AIOTOP_UNKNOWN if unknown */
    uint64_t cpu_ns;
    uint64_t run_queue_ns;
    /* Context switches; AIOTOP_UNKNOWN if unknown */
    uint64_t voluntary_switches;
    uint64_t involuntary_switches;
    /*
     * How often it was given a CPU or, where the kernel does not count that,
     * has gone to sleep: the same as long as it sleeps, and until it has a CPU
     * again; AIOTOP_UNKNOWN if unknown
     */
    uint64_t runs;
    /* CPU that it ran on last; -1 if unknown */
    int cpu;
    /* Where in the kernel it sleeps; "" if unknown, or not in the kernel */
    char wchan[64];
    /* System call that it is in */
    AiotopSyscall syscall;
    /*
     * What that call's descriptor is, of a thread that has been in it for
     * long; "" if unknown
     */
    char descriptor[256];
    /*
     * Of one that has waited for long: the thread of its process that it waits
     * for, which may be itself; 0 if unknown
     */
    AiotopAwaitedOfThread awaited;
    int64_t awaited_tid;
    /* The kernel would not tell @syscall: it takes ptrace permission */
    bool denied;
} AiotopThread;

/* One of all threads of a process, as the kernel lists them */
typedef struct AiotopTask {
    int64_t thread_id;
    char comm[64];
    char state;
    /* In ticks; AIOTOP_UNKNOWN if unknown */
    uint64_t cpu_ns;
} AiotopTask;

/* A thread of which nothing is known */
#define AIOTOP_THREAD_UNKNOWN                                                  \
    {                                                                          \
        .cpu_ns = AIOTOP_UNKNOWN, .run_queue_ns = AIOTOP_UNKNOWN,              \
        .voluntary_switches = AIOTOP_UNKNOWN,                                  \
        .involuntary_switches = AIOTOP_UNKNOWN, .runs = AIOTOP_UNKNOWN,        \
        .cpu = -1                                                              \
    }

#endif /* QEMU_AIOTOP_MODEL_THREAD_H */
