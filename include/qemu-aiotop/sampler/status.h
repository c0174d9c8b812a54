/*
 * How it stands between a sampler and what it watches
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_SAMPLER_STATUS_H
#define QEMU_AIOTOP_SAMPLER_STATUS_H

#include <stdint.h>
#include <glib.h>

typedef enum AiotopSamplerState {
    /* Never had a snapshot so far */
    AIOTOP_SAMPLER_CONNECTING,
    /* The last snapshot is no older than it should be */
    AIOTOP_SAMPLER_LIVE,
    /* Connected, but an answer is overdue */
    AIOTOP_SAMPLER_STALE,
    /* The connection is gone; connects again if told to */
    AIOTOP_SAMPLER_LOST,
} AiotopSamplerState;

typedef struct AiotopSamplerStatus {
    AiotopSamplerState state;
    /*
     * g_get_monotonic_time() when the state began.  If it is stale: when the
     * answer was asked for; if it is lost and never had a snapshot: when the
     * sampler began.
     */
    int64_t since_us;
    /* Of the next attempt to connect; 0 if one is under way or none comes */
    int64_t retry_us;
    /* Why it is lost, or why connecting failed; NULL if nothing did */
    const GError *error;
    /* Attempts to connect since it was last live */
    unsigned attempts;
    /* Replies that could not be understood since the beginning */
    unsigned malformed;
    /* Where it is or was connected to; NULL before a target was resolved */
    const char *address;
} AiotopSamplerStatus;

#endif /* QEMU_AIOTOP_SAMPLER_STATUS_H */
