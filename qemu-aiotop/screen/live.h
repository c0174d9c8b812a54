/*
 * The screen: terminal, signals, what is watched and user interface, wired up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_LIVE_H
#define AIOTOP_SCREEN_LIVE_H

#include "settings.h"
#include "watch.h"

typedef struct LiveConfig {
    WatchConfig watch;
    const AiotopQuery *query;
    const AiotopTextStyle *style;
    unsigned interval_ms;
    /* 0 for QEMU's own threshold */
    uint64_t stall_ns;
    uint64_t request_ns;
    bool cumulative;
    /* The mouse may be taken, if the settings say so too */
    bool mouse;
    /* What of this the user said, so that settings yield */
    SettingsGiven given;
} LiveConfig;

/* Until the user has enough; false if there is no terminal to do it on */
bool live_run(const LiveConfig *config, GError **error);

#endif /* AIOTOP_SCREEN_LIVE_H */
