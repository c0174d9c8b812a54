/*
 * Tracks: what is known of a loop or source from one refresh to the next
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "track.h"

#include <math.h>
#include <string.h>

/* Refreshes after which a track that was not there is forgotten */
#define FORGET_AFTER 600

/* So many that are not there are kept, and as many as there are that are */
#define SPARE 4096

struct Tracks {
    /* Of Track, as key and value */
    GHashTable *table;
    unsigned now;
    /* That were there at the last refresh */
    unsigned n_seen;
    /* Ends of the last intervals, by their number modulo the size */
    uint64_t times_ns[TRACK_HISTORY];
    unsigned length;
};

static guint hash_text(guint hash, const char *text)
{
    return text ? hash * 31 + g_str_hash(text) : hash * 31;
}

static guint hash_track(gconstpointer key)
{
    const Track *track = key;
    guint hash = track->fd * 31 + track->ordinal;

    hash = hash_text(hash, track->loop);
    hash = hash_text(hash, track->kind);
    hash = hash_text(hash, track->name);
    hash = hash_text(hash, track->label);
    hash = hash_text(hash, track->module);
    return hash * 31 + g_int64_hash(&track->callback);
}

static gboolean equal_tracks(gconstpointer key_a, gconstpointer key_b)
{
    const Track *a = key_a, *b = key_b;

    return a->fd == b->fd && a->ordinal == b->ordinal &&
           a->callback == b->callback && g_strcmp0(a->name, b->name) == 0 &&
           g_strcmp0(a->label, b->label) == 0 &&
           g_strcmp0(a->kind, b->kind) == 0 &&
           g_strcmp0(a->module, b->module) == 0 &&
           g_strcmp0(a->loop, b->loop) == 0;
}

static GRefString *take(GRefString *string)
{
    return string ? g_ref_string_acquire(string) : NULL;
}

static void drop(GRefString *string)
{
    if (string) {
        g_ref_string_release(string);
    }
}

static void free_track(gpointer opaque)
{
    Track *track = opaque;

    drop(track->loop);
    drop(track->kind);
    drop(track->name);
    drop(track->label);
    drop(track->module);
    g_free(track->points);
    g_free(track);
}

Tracks *tracks_new(void)
{
    Tracks *tracks = g_new0(Tracks, 1);

    tracks->table =
        g_hash_table_new_full(hash_track, equal_tracks, NULL, free_track);
    return tracks;
}

void tracks_free(Tracks *tracks)
{
    if (tracks) {
        g_hash_table_destroy(tracks->table);
        g_free(tracks);
    }
}

static Track *get(Tracks *tracks, const Track *key)
{
    Track *track = g_hash_table_lookup(tracks->table, key);

    if (track) {
        return track;
    }
    track = g_new(Track, 1);
    *track = *key;
    track->loop = take(key->loop);
    track->kind = take(key->kind);
    track->name = take(key->name);
    track->label = take(key->label);
    track->module = take(key->module);
    track->index = -1;
    g_hash_table_add(tracks->table, track);
    return track;
}

Track *tracks_get_loop(Tracks *tracks, const AiotopSnapshot *snapshot,
                       const AiotopLoop *loop)
{
    Track key = { .loop = loop->name, .callback = AIOTOP_UNKNOWN, .fd = -1 };

    /* Of threads with one name, such as workers, some end: by their number */
    if (snapshot->host_only && loop->thread_id != snapshot->pid) {
        key.ordinal = loop->thread_id;
        return get(tracks, &key);
    }
    for (const AiotopLoop *l = snapshot->loops; l < loop; l++) {
        key.ordinal += strcmp(l->name, loop->name) == 0;
    }
    return get(tracks, &key);
}

Track *tracks_get_source(Tracks *tracks, const Track *loop,
                         const AiotopSource *source)
{
    Track key = {
        .loop = loop->loop,
        .ordinal = loop->ordinal,
        .kind = source->kind,
        .name = source->name,
        .label = source->label,
        .module = source->module,
        .callback = source->callback,
        /* A labelled source is the same one with another descriptor */
        .fd = source->label ? -1 : source->fd,
    };

    return get(tracks, &key);
}

/* The ring as an array of the capacity it has, oldest point first */
static void grow(Track *track)
{
    uint16_t capacity =
        MIN(track->capacity ? track->capacity * 2 : 16, TRACK_HISTORY);
    TrackPoint *points = g_new0(TrackPoint, capacity);

    for (unsigned i = 0; i < track->n_points; i++) {
        points[i] = track->points[(track->head + i) % track->capacity];
    }
    g_free(track->points);
    track->points = points;
    track->capacity = capacity;
    track->head = 0;
}

static void append(Track *track, TrackPoint point)
{
    if (track->n_points == track->capacity && track->capacity < TRACK_HISTORY) {
        grow(track);
    }
    if (track->n_points < track->capacity) {
        track->points[(track->head + track->n_points++) % track->capacity] =
            point;
    } else {
        track->points[track->head] = point;
        track->head = (track->head + 1) % track->capacity;
    }
}

static TrackPoint nothing(const Track *track)
{
    if (track->kind) {
        return (TrackPoint){ .source = { 0, TRACK_NO_BUCKET } };
    }
    return (TrackPoint){ .loop = { 0 } };
}

static void push(Tracks *tracks, Track *track, TrackPoint point)
{
    unsigned missed;

    if (track->pushed == tracks->now) {
        return;
    }
    missed = track->pushed ? tracks->now - track->pushed - 1 : 0;
    for (unsigned i = 0; i < MIN(missed, TRACK_HISTORY); i++) {
        append(track, nothing(track));
    }
    append(track, point);
    track->pushed = tracks->now;
}

/* In units of @unit percent, as far as @max */
static unsigned percent(uint64_t part_ns, uint64_t wall_ns, double unit,
                        unsigned max)
{
    double value = aiotop_share_percent(part_ns, wall_ns);

    return isnan(value) ? 0 : MIN(value / unit + 0.5, max);
}

static uint8_t bucket(double ns)
{
    return isnan(ns) ? TRACK_NO_BUCKET : aiotop_histogram_index(ns);
}

static void push_source(Tracks *tracks, const Track *loop_track,
                        const AiotopLoopSample *loop,
                        const AiotopSourceSample *source, bool interval)
{
    Track *track = tracks_get_source(tracks, loop_track, source->now);
    TrackPoint point = { .source = {
                             percent(source->busy_ns, loop->wall_ns, 0.01,
                                     UINT16_MAX),
                             bucket(source->duration.p99_ns),
                         } };

    track->seen = tracks->now;
    if (aiotop_source_sample_active(source)) {
        track->active = tracks->now;
        if (interval) {
            push(tracks, track, point);
        }
    }
}

static void push_loop(Tracks *tracks, const AiotopSample *sample,
                      const AiotopLoopSample *loop)
{
    Track *track = tracks_get_loop(tracks, sample->now, loop->now);
    TrackPoint
        point = { .loop = {
                      percent(loop->dispatch_ns, loop->wall_ns, 0.5, UINT8_MAX),
                      percent(loop->poll_ns, loop->wall_ns, 0.5, UINT8_MAX),
                      percent(loop->bql_wait_ns, loop->wall_ns, 0.5, UINT8_MAX),
                      percent(loop->other_ns, loop->wall_ns, 0.5, UINT8_MAX),
                  } };

    track->seen = tracks->now;
    track->active = tracks->now;
    if (!sample->cumulative) {
        push(tracks, track, point);
    }
    for (unsigned i = 0; i < loop->n_sources; i++) {
        push_source(tracks, track, loop,
                    &sample->sources[loop->first_source + i],
                    !sample->cumulative);
    }
}

typedef struct Forget {
    const Tracks *tracks;
    unsigned after;
    const Track *const *keep;
    unsigned n;
} Forget;

static gboolean is_forgotten(gpointer key, gpointer value G_GNUC_UNUSED,
                             gpointer opaque)
{
    const Track *track = key;
    const Forget *forget = opaque;

    for (unsigned i = 0; i < forget->n; i++) {
        if (forget->keep[i] == track) {
            return false;
        }
    }
    return forget->tracks->now - track->seen > forget->after;
}

bool tracks_crowded(const Tracks *tracks)
{
    return g_hash_table_size(tracks->table) > 2 * tracks->n_seen + SPARE;
}

void tracks_forget(Tracks *tracks, const Track *const keep[], unsigned n)
{
    bool crowded = tracks_crowded(tracks);
    Forget forget = { tracks, crowded ? 0 : FORGET_AFTER, keep, n };

    /* No need to look at all of them each time */
    if (crowded || tracks->now % 64 == 0) {
        g_hash_table_foreach_remove(tracks->table, is_forgotten, &forget);
    }
}

void tracks_push(Tracks *tracks, const AiotopSample *sample)
{
    tracks->now++;
    tracks->n_seen = sample->n_loops + sample->n_sources;
    tracks->times_ns[tracks->now % TRACK_HISTORY] = sample->now->time_ns;
    if (!sample->cumulative) {
        tracks->length = MIN(tracks->length + 1, TRACK_HISTORY - 1);
    } else if (sample->restarted) {
        tracks->length = 0;
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        push_loop(tracks, sample, &sample->loops[i]);
    }
}

unsigned tracks_now(const Tracks *tracks)
{
    return tracks->now;
}

bool tracks_point(const Tracks *tracks, const Track *track, unsigned age,
                  TrackPoint *point)
{
    unsigned silent = tracks->now - track->pushed;

    *point = nothing(track);
    if (age >= tracks->length) {
        return false;
    }
    if (!track->pushed || age < silent) {
        return true;
    }
    age -= silent;
    if (age < track->n_points) {
        *point = track->points[(track->head + track->n_points - 1 - age) %
                               track->capacity];
    }
    return true;
}

uint64_t tracks_age_ns(const Tracks *tracks, unsigned age)
{
    uint64_t now_ns = tracks->times_ns[tracks->now % TRACK_HISTORY];
    uint64_t then_ns;

    if (age >= TRACK_HISTORY || age >= tracks->now) {
        return AIOTOP_UNKNOWN;
    }
    then_ns = tracks->times_ns[(tracks->now - age) % TRACK_HISTORY];
    return aiotop_age_ns(now_ns, then_ns);
}

unsigned tracks_length(const Tracks *tracks)
{
    return tracks->length;
}

static void clear_index(gpointer key, gpointer value G_GNUC_UNUSED,
                        gpointer opaque G_GNUC_UNUSED)
{
    ((Track *)key)->index = -1;
}

void tracks_clear_indexes(Tracks *tracks)
{
    g_hash_table_foreach(tracks->table, clear_index, NULL);
}
