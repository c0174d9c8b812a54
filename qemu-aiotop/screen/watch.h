/*
 * What is watched: one QEMU, or all of this host, and how the user interface is
 * told of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_WATCH_H
#define AIOTOP_SCREEN_WATCH_H

#include "state/ui-state.h"

typedef struct WatchConfig {
    /* As @resolve takes it; NULL for the only QEMU, or all of this host */
    const char *target;
    /* All of this host, also if there is only one */
    bool host;
    /* As in Options */
    const GArray *users;
    AiotopSamplerResolve *resolve;
    /* Intervals to be shown; 0: no end */
    unsigned iterations;
    AiotopQmpTimeouts timeouts;
    /* Of one that is not profiled; 0: not at all */
    unsigned sample_hz;
    bool sample_given;
} WatchConfig;

/* From the main loop, or from what is called here */
typedef struct WatchHandler {
    /* There is something else to draw */
    void (*changed)(void *opaque);
    /* All intervals were shown; may be called more than once */
    void (*over)(void *opaque);
} WatchHandler;

typedef struct Watch Watch;

/**
 * watch_new:
 * @config: stays valid as long as the watch, as do @ui and @handler
 * @ui: given all that comes; its interval is the one between samples
 *
 * Watches nothing until watch_begin().
 */
Watch *watch_new(const WatchConfig *config, Ui *ui, const WatchHandler *handler,
                 void *opaque);
/* No callback comes after it */
void watch_free(Watch *watch);

/* Begins with what @config says; to be called once */
void watch_begin(Watch *watch);
/* All QEMUs of this host from now on */
void watch_vms(Watch *watch);
/* The QEMU from now on that the user interface's @picked is */
void watch_picked(Watch *watch);
/* Takes the user interface's interval, which is another one now */
void watch_set_interval(Watch *watch);

#endif /* AIOTOP_SCREEN_WATCH_H */
