/*
 * The sampler: asks QEMU for a snapshot every so often, makes samples of
 * them, and keeps the connection alive
 *
 * It is the only part of the library that reads a clock.  It never blocks:
 * everything happens in callbacks from the thread's default main context.
 * Replies are read, and made samples of, in a thread of GLib's pool, one at a
 * time, so that ten thousand sources keep no key waiting.  That thread shares
 * snapshots with the others and nothing else.  In another one it is found out
 * what the target stands for, so that /proc may hang.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_SAMPLER_SAMPLER_H
#define QEMU_AIOTOP_SAMPLER_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/sampler/error.h>
#include <qemu-aiotop/sampler/resolve.h>
#include <qemu-aiotop/sampler/status.h>
#include <qemu-aiotop/wire/connection.h>

/*
 * Between two snapshots, in seconds.  Numbers are plain, so that texts can name
 * them with G_STRINGIFY().
 */
#define AIOTOP_INTERVAL_MIN_S 0.01
#define AIOTOP_INTERVAL_MAX_S 86400
#define AIOTOP_INTERVAL_LIMITS                                                 \
    G_STRINGIFY(AIOTOP_INTERVAL_MIN_S) " to " G_STRINGIFY(AIOTOP_INTERVAL_MAX_S)

typedef struct AiotopSampler AiotopSampler;

typedef struct AiotopSamplerHandler {
    /**
     * A snapshot came.  The first one after a beginning (also after QEMU's
     * restart) is a cumulative sample, the others are of the interval since
     * the one before.  @sample belongs to the callee.
     */
    void (*sample)(AiotopSampler *sampler, AiotopSample *sample, void *opaque);
    /* aiotop_sampler_status() has changed.  Optional. */
    void (*status)(AiotopSampler *sampler, void *opaque);
} AiotopSamplerHandler;

typedef struct AiotopSamplerConfig {
    AiotopSamplerResolve *resolve;
    /* For it; copied, may be NULL */
    const char *target;
    /* Optional: asked in the sampler's own thread about what was resolved */
    AiotopSamplerAccept *accept;
    /* Between two snapshots: AIOTOP_INTERVAL_MIN_S to AIOTOP_INTERVAL_MAX_S */
    unsigned interval_ms;
    /*
     * What QEMU need not send: all sources, unless it has an old request, or
     * is the target of a migration; and all histograms
     */
    bool loops_only;
    /* The age from which on a request is that; 0 for never */
    uint64_t request_ns;
    bool no_histograms;
    /*
     * Nor need the kernel tell what takes it long: the host's steal time, and
     * what threads are at whose loops go round
     */
    bool briefly;
    /* Only the busiest of each loop, see AiotopQueryArguments; 0 for all */
    unsigned max_sources;
    /*
     * If the process gives no answer because it is halted: host-only snapshots
     * of it, until the connection is made anew.  Else that is an error.
     */
    bool looks_at_halted;
    /*
     * Of one that is not profiled: how often a second it is sampled; 0: not at
     * all
     */
    unsigned sample_hz;
    /* By whole stacks, too */
    bool sample_stacks;
    /* One that is profiled, on this host, as well, which has stacks always */
    bool sample_profiled;
    /* Connect again when the connection is lost or can't be made */
    bool reconnect;
    const AiotopQmpTimeouts *timeouts;
    const AiotopSamplerHandler *handler;
    /* For @accept and @handler */
    void *opaque;
} AiotopSamplerConfig;

/**
 * aiotop_sampler_new:
 * @config: copied; what it points to stays valid as long as the sampler
 *
 * Begins at once; callbacks come from the main context.
 */
AiotopSampler *aiotop_sampler_new(const AiotopSamplerConfig *config);

/* May be called in a callback; no callback comes after it.  Accepts NULL. */
void aiotop_sampler_free(AiotopSampler *sampler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopSampler, aiotop_sampler_free)

/* Valid until the next callback; @error until the sampler is freed */
const AiotopSamplerStatus *aiotop_sampler_status(const AiotopSampler *sampler);

/* Takes effect at once: the next snapshot is one interval after the last */
void aiotop_sampler_set_interval(AiotopSampler *sampler, unsigned interval_ms);

/* Asks for a snapshot now, or connects now, instead of when it is due */
void aiotop_sampler_hurry(AiotopSampler *sampler);

/**
 * aiotop_sampler_local:
 *
 * Returns QEMU's process if it is one of this host in our own pid name space,
 * so that /proc can be asked about its threads; else none, as when it is not
 * connected to.  Never on the peer's word alone.
 */
AiotopIdentity aiotop_sampler_local(const AiotopSampler *sampler);

/*
 * The process of this host that is waited for, though it may have said nothing
 * yet: whether it is halted may be looked up, no more
 */
AiotopIdentity aiotop_sampler_peer(const AiotopSampler *sampler);

#endif /* QEMU_AIOTOP_SAMPLER_SAMPLER_H */
