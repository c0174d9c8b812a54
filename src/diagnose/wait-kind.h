/*
 * What a loop waits for that does not go on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_WAIT_KIND_H
#define AIOTOP_DIAGNOSE_WAIT_KIND_H

#include "diagnosis.h"

typedef enum WaitKind {
    /* Nothing is known of its thread, or nothing that tells */
    WAIT_UNKNOWN,
    /* It does not wait: its thread runs */
    WAIT_NONE,
    /* A CPU of the host */
    WAIT_HOST_CPU,
    /* Whoever has stopped its thread: a debugger, or who sent a signal */
    WAIT_STOPPED,
    /* A file that is opened, looked up, read, written or locked */
    WAIT_FILE,
    /* Who is at the other end of a socket or a pipe */
    WAIT_PEER,
    /* A mutex of another thread's, or of its own */
    WAIT_MUTEX,
    WAIT_ITSELF,
    /* The end of a thread */
    WAIT_THREAD,
    /* Another thread, it is not known what for */
    WAIT_SOMEONE,
    /* All readers of RCU */
    WAIT_RCU,
    /* A vCPU that is to stop, or to run something */
    WAIT_VCPUS,
    /* Readers of the graph of block nodes */
    WAIT_GRAPH_LOCK,
    /* Requests in flight; or a condition, of which no more is known */
    WAIT_REQUESTS,
    WAIT_CONDITION,
    /* A channel: that it is connected, or a private loop of GLib's for it */
    WAIT_CHANNEL,
} WaitKind;

/* What a finding calls it; stable, as programs read it */
const char *aiotop_wait_kind_name(WaitKind kind);

/* The loop is in a callback, a nested wait, or a look for events, for too long */
WaitKind aiotop_wait_kind(const Diagnosis *d, const AiotopLoopSample *loop);

/* What a thread waits for in its system call, which holds up who waits for it */
WaitKind aiotop_wait_kind_of_call(const AiotopThread *thread);

/* The innermost wait that QEMU tells of; NULL if it is in none */
const AiotopSource *aiotop_wait_source(const AiotopLoop *loop);

/*
 * When that began, or else what it waits in; CLOCK_MONOTONIC, or
 * AIOTOP_UNKNOWN
 */
uint64_t aiotop_wait_since_ns(const Diagnosis *d, const AiotopLoop *loop);

/*
 * Whether a wait that began then may be for a request that did: that is not
 * younger, but for the moment in which another thread takes it on
 */
bool aiotop_wait_may_be_for(uint64_t wait_since_ns, uint64_t request_since_ns);

/*
 * When the oldest request began that somebody may wait for, as is in each
 * Diagnosis; AIOTOP_UNKNOWN if there is none
 */
uint64_t aiotop_wait_oldest_ns(const AiotopAwaited *awaited);

/* It waits or polls in a callback, for all that an older QEMU tells */
bool aiotop_wait_is_nested(const AiotopLoop *loop);

#endif /* AIOTOP_DIAGNOSE_WAIT_KIND_H */
