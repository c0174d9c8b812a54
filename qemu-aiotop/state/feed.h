/*
 * The feed: samples as they come, and the one of them that is shown
 *
 * While paused the one shown stays, and those that come go on to fill the
 * histories.  Cumulative samples are made of what is shown, and go back to
 * where profiling began or to where the user began anew.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_FEED_H
#define AIOTOP_STATE_FEED_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>

#include "track.h"

typedef struct Feed {
    Tracks *tracks;
    bool paused;
    bool cumulative;
    /* tracks_now() of what is shown; 0 before the first sample */
    unsigned shown_at;
    /* Of AiotopSample, with loops that have ended, the last one first */
    GPtrArray *ended;

    /* Private: NULL if there is none */
    AiotopSample *newest;
    AiotopSample *frozen;
    AiotopSample *since_start;
    /* Where the user began anew; NULL for when profiling began */
    AiotopSnapshot *start;
} Feed;

void feed_init(Feed *feed);
void feed_clear(Feed *feed);

/* What is shown, or NULL before the first sample */
const AiotopSample *feed_shown(const Feed *feed);

/* Takes the sample */
void feed_take(Feed *feed, AiotopSample *sample);

void feed_set_paused(Feed *feed, bool paused);
void feed_set_cumulative(Feed *feed, bool cumulative);

/* Cumulative samples begin with what is shown; false if nothing is */
bool feed_reset(Feed *feed);
/* They begin with the profile again */
void feed_drop_reset(Feed *feed);

#endif /* AIOTOP_STATE_FEED_H */
