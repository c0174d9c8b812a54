/*
 * The resolver: finds out what a target stands for, in a thread of GLib's
 * pool, as /proc may not answer, and a walk through it takes time
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLER_RESOLVER_H
#define AIOTOP_SAMPLER_RESOLVER_H

#include "qemu-aiotop/host/process.h"
#include "qemu-aiotop/sampler/resolve.h"

typedef struct AiotopResolver AiotopResolver;

/* Where to connect to, and who is there */
typedef struct AiotopResolved {
    char *address;
    /* None if that is not known */
    AiotopIdentity process;
    /* All of it where the address is AIOTOP_HOST_ADDRESS, else NULL */
    AiotopProcess *host;
} AiotopResolved;

/* May steal from @resolved; that is NULL if there is an @error, which it takes */
typedef void AiotopResolverDone(AiotopResolved *resolved, GError *error,
                                void *opaque);

/**
 * aiotop_resolver_new:
 * @target: for @resolve; copied, may be NULL
 *
 * @done is called in the thread's default main context.
 */
AiotopResolver *aiotop_resolver_new(AiotopSamplerResolve *resolve,
                                    const char *target,
                                    AiotopResolverDone *done, void *opaque);
/* May be called by @done, which is not called after it.  Accepts NULL. */
void aiotop_resolver_free(AiotopResolver *resolver);

/**
 * aiotop_resolver_begin:
 *
 * Calls done() later, at the latest after @timeout_ms.  What is found after
 * that is no news; but as long as it is looked for, no other thread looks.
 */
void aiotop_resolver_begin(AiotopResolver *resolver, unsigned timeout_ms);

/* Whether done() is still to come */
bool aiotop_resolver_is_busy(const AiotopResolver *resolver);

#endif /* AIOTOP_SAMPLER_RESOLVER_H */
