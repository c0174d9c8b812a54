/*
 * The host sampler: asks all QEMUs of this host, all at once, in rounds
 *
 * It looks for QEMUs anew in each round, in a thread of GLib's pool, as /proc
 * may not answer, and has one sampler, and so one connection, for each.  A
 * round ends when all have answered, or at a deadline: one that misses it is
 * late, which is said of it, and holds up nobody.  Those that come, go, or
 * begin anew under another number or start time are seen from one round to the
 * next.
 *
 * It never blocks: everything happens in callbacks from the thread's default
 * main context.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_SAMPLER_HOST_SAMPLER_H
#define QEMU_AIOTOP_SAMPLER_HOST_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/host-load.h>
#include <qemu-aiotop/model/vm.h>
#include <qemu-aiotop/wire/connection.h>

/* From the beginning of a round, unless the config has another one */
#define AIOTOP_ROUND_DEADLINE_MS 200

typedef struct AiotopHostSampler AiotopHostSampler;

typedef struct AiotopHostHandler {
    /*
     * A round is over: aiotop_host_sampler_vms() is of now.  The sampler may
     * be freed in it.
     */
    void (*round)(AiotopHostSampler *sampler, void *opaque);
} AiotopHostHandler;

typedef struct AiotopHostSamplerConfig {
    /* From one round to the next: see AIOTOP_INTERVAL_MIN_S */
    unsigned interval_ms;
    /* Of a round; 0 for AIOTOP_ROUND_DEADLINE_MS */
    unsigned deadline_ms;
    /* As in AiotopSamplerConfig: what QEMU need not send */
    bool loops_only;
    uint64_t request_ns;
    bool no_histograms;
    unsigned max_sources;
    /* Of uint32_t: the users whose QEMUs are watched; NULL for all */
    const GArray *users;
    /* QEMUs that are watched, and of one user; 0 for any number */
    unsigned max_vms;
    unsigned max_vms_of_owner;
    const AiotopQmpTimeouts *timeouts;
    const AiotopHostHandler *handler;
    /* For @handler */
    void *opaque;
} AiotopHostSamplerConfig;

/**
 * aiotop_host_sampler_new:
 * @config: copied; what it points to stays valid as long as the sampler
 *
 * Begins at once.  The first round begins when it is known which QEMUs there
 * are; samples of an interval come from the second one on.
 */
AiotopHostSampler *aiotop_host_sampler_new(
    const AiotopHostSamplerConfig *config);

/* May be called in a callback; no callback comes after it.  Accepts NULL. */
void aiotop_host_sampler_free(AiotopHostSampler *sampler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopHostSampler, aiotop_host_sampler_free)

/**
 * aiotop_host_sampler_vms:
 *
 * Returns an array of AiotopVm in the order of aiotop_vm_compare(), as they
 * were at the end of the last round; never NULL, and empty before that.  It is
 * never changed, so a reference to it is a copy.
 */
GPtrArray *aiotop_host_sampler_vms(const AiotopHostSampler *sampler);

/*
 * Whether /proc has told which QEMUs there are: if not, none of
 * aiotop_host_sampler_vms() means nothing.  A first round that comes without is
 * over when the time for a reply is.
 */
bool aiotop_host_sampler_has_looked(const AiotopHostSampler *sampler);

/* QEMUs that are there and not watched: see max_vms */
unsigned aiotop_host_sampler_left_out(const AiotopHostSampler *sampler);

/* What the host was short of from the last round to this one */
AiotopHostInterval aiotop_host_sampler_load(const AiotopHostSampler *sampler);

/* Takes effect at once: the next round is one interval after the last */
void aiotop_host_sampler_set_interval(AiotopHostSampler *sampler,
                                      unsigned interval_ms);

/* A round begins now, unless one is under way */
void aiotop_host_sampler_hurry(AiotopHostSampler *sampler);

/**
 * aiotop_host_sampler_pause:
 * @lent: gives up the connection to this one, so that another of ours may be
 *     made; none for all connections stay
 *
 * No more rounds, until aiotop_host_sampler_resume() begins one.
 */
void aiotop_host_sampler_pause(AiotopHostSampler *sampler,
                               const AiotopIdentity *lent);
void aiotop_host_sampler_resume(AiotopHostSampler *sampler);

#endif /* QEMU_AIOTOP_SAMPLER_HOST_SAMPLER_H */
