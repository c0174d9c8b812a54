/*
 * The screen: terminal, sampler, signals and user interface, wired up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_LIVE_H
#define AIOTOP_SCREEN_LIVE_H

#include <qemu-aiotop/sampler/sampler.h>

#include "settings.h"

typedef struct LiveConfig {
    /* As @resolve takes it; NULL for the only QEMU, or all of this host */
    const char *target;
    /* All of this host, also if there is only one */
    bool host;
    /* As in Options */
    const GArray *users;
    AiotopSamplerResolve *resolve;
    const AiotopQuery *query;
    const AiotopTextStyle *style;
    unsigned interval_ms;
    /* 0 for QEMU's own threshold */
    uint64_t stall_ns;
    uint64_t request_ns;
    /* Intervals to be shown; 0: no end */
    unsigned iterations;
    AiotopQmpTimeouts timeouts;
    /* Of one that is not profiled; 0: not at all */
    unsigned sample_hz;
    bool sample_given;
    bool cumulative;
    /* The mouse may be taken, if the settings say so too */
    bool mouse;
    /* What of this the user said, so that settings yield */
    SettingsGiven given;
} LiveConfig;

/* Until the user has enough; false if there is no terminal to do it on */
bool live_run(const LiveConfig *config, GError **error);

#endif /* AIOTOP_SCREEN_LIVE_H */
