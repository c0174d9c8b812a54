/*
 * Samples of one thread that runs, as the kernel takes them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_PERF_RING_H
#define AIOTOP_SAMPLING_PERF_RING_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#include "rule.h"

/*
 * Of a thread's stack, in bytes; what lies deeper is not seen.  A single function
 * of QEMU's, the one that takes a request from a virtqueue, has 24 KiB of it.
 */
#define AIOTOP_RING_STACK (32 * 1024)

#define AIOTOP_RING_ERROR (aiotop_ring_error_quark())
GQuark aiotop_ring_error_quark(void);

typedef enum AiotopRingError {
    /* There is no such thread any more */
    AIOTOP_RING_ERROR_GONE,
    /* In words what it would take */
    AIOTOP_RING_ERROR_REFUSED,
} AiotopRingError;

/* Sets @error to what errno @why means for who wants to sample a thread */
void aiotop_ring_set_error(GError **error, int why);

typedef struct AiotopRing AiotopRing;

/**
 * aiotop_ring_new:
 * @period_ns: of CPU time between two samples; the first one comes after a
 *     part of that by chance
 * @small: to be read often, or of many
 *
 * NULL with @error set, of AIOTOP_RING_ERROR, in words for the user.
 */
AiotopRing *aiotop_ring_new(int64_t tid, uint64_t period_ns, bool small,
                            GError **error);
/* Accepts NULL */
void aiotop_ring_free(AiotopRing *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopRing, aiotop_ring_free)

/* Only when it ran outside of the kernel: more is not permitted */
bool aiotop_ring_is_user_only(const AiotopRing *ring);

/* A record has at most so many words, as its length is told in 16 bits */
#define AIOTOP_RING_RECORD (64 * 1024 / sizeof(uint64_t))

/*
 * @registers, those of its own code, are unknown if the thread had none; all
 * valid for the call only
 */
typedef void AiotopRingVisit(const AiotopRegisters *registers,
                             const AiotopStackCopy *copy, bool in_kernel,
                             void *opaque);

/**
 * aiotop_ring_drain:
 * @record: AIOTOP_RING_RECORD words to work with
 *
 * Tells of all samples since the last call; returns how many were lost.
 */
uint64_t aiotop_ring_drain(AiotopRing *ring, uint64_t *record,
                           AiotopRingVisit *visit, void *opaque);

#endif /* AIOTOP_SAMPLING_PERF_RING_H */
