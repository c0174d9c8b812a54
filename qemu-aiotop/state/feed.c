/*
 * The feed: samples as they come, and the one of them that is shown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "feed.h"

static void free_sample(gpointer sample)
{
    aiotop_sample_free(sample);
}

void feed_init(Feed *feed)
{
    *feed = (Feed){
        .tracks = tracks_new(),
        .ended = g_ptr_array_new_with_free_func(free_sample),
    };
}

void feed_clear(Feed *feed)
{
    if (feed->frozen != feed->newest) {
        aiotop_sample_free(feed->frozen);
    }
    aiotop_sample_free(feed->newest);
    aiotop_sample_free(feed->since_start);
    aiotop_snapshot_unref(feed->start);
    g_ptr_array_unref(feed->ended);
    tracks_free(feed->tracks);
}

static AiotopSample *newest_or_frozen(const Feed *feed)
{
    return feed->paused ? feed->frozen : feed->newest;
}

const AiotopSample *feed_shown(const Feed *feed)
{
    return feed->since_start ? feed->since_start : newest_or_frozen(feed);
}

/* After a change of the sample or the mode */
static void rebuild_cumulative(Feed *feed)
{
    AiotopSample *sample = newest_or_frozen(feed);

    g_clear_pointer(&feed->since_start, aiotop_sample_free);
    if (!feed->cumulative || !sample || sample->cumulative ||
        sample->now == feed->start) {
        return;
    }
    feed->since_start = aiotop_sample_new(feed->start, sample->now);
    feed->since_start->real_time_us = sample->real_time_us;
    feed->since_start->since_reset = !feed->since_start->cumulative;
}

static bool has_ended_loops(const AiotopSample *old, const AiotopSample *now)
{
    for (unsigned i = 0; i < old->n_loops; i++) {
        if (!aiotop_snapshot_find_loop(now->now, old->loops[i].now)) {
            return true;
        }
    }
    return false;
}

/* Whether the loops of @sample that have ended did so long ago */
static bool is_over(const Feed *feed, const AiotopSample *sample)
{
    for (unsigned i = 0; i < sample->n_loops; i++) {
        const Track *track =
            tracks_get_loop(feed->tracks, sample->now, sample->loops[i].now);

        if (track->seen != tracks_now(feed->tracks) &&
            tracks_now(feed->tracks) - track->seen <= TRACK_LINGER) {
            return false;
        }
    }
    return true;
}

static void prune_ended(Feed *feed)
{
    for (unsigned i = feed->ended->len; i-- > 0;) {
        if (is_over(feed, g_ptr_array_index(feed->ended, i))) {
            g_ptr_array_remove_index(feed->ended, i);
        }
    }
}

void feed_take(Feed *feed, AiotopSample *sample)
{
    AiotopSample *old = feed->newest;

    feed->newest = sample;
    tracks_push(feed->tracks, sample);
    if (feed->paused) {
        if (old != feed->frozen) {
            aiotop_sample_free(old);
        }
        return;
    }
    prune_ended(feed);
    if (old && !sample->restarted && has_ended_loops(old, sample)) {
        g_ptr_array_insert(feed->ended, 0, old);
    } else {
        aiotop_sample_free(old);
    }
    if (sample->restarted) {
        g_ptr_array_set_size(feed->ended, 0);
        g_clear_pointer(&feed->start, aiotop_snapshot_unref);
    }
    feed->shown_at = tracks_now(feed->tracks);
    rebuild_cumulative(feed);
}

void feed_set_paused(Feed *feed, bool paused)
{
    if (paused == feed->paused || !feed->newest) {
        return;
    }
    if (paused) {
        feed->frozen = feed->newest;
    } else {
        if (feed->frozen != feed->newest) {
            aiotop_sample_free(feed->frozen);
        }
        feed->frozen = NULL;
        prune_ended(feed);
        feed->shown_at = tracks_now(feed->tracks);
    }
    feed->paused = paused;
    rebuild_cumulative(feed);
}

void feed_set_cumulative(Feed *feed, bool cumulative)
{
    feed->cumulative = cumulative;
    rebuild_cumulative(feed);
}

bool feed_reset(Feed *feed)
{
    const AiotopSample *sample = newest_or_frozen(feed);

    if (!sample) {
        return false;
    }
    aiotop_snapshot_unref(feed->start);
    feed->start = aiotop_snapshot_ref(sample->now);
    feed_set_cumulative(feed, true);
    return true;
}

void feed_drop_reset(Feed *feed)
{
    g_clear_pointer(&feed->start, aiotop_snapshot_unref);
    rebuild_cumulative(feed);
}
