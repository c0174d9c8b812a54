/*
 * Tracks: what is known of a loop or source from one refresh to the next
 *
 * A source keeps its track while the order of the rows changes, while it is
 * silent, and over a restart of QEMU: the selection, the order of locked
 * rows and the history belong to the track, not to a row.  The history is a
 * ring of a few bytes a refresh, which grows as it fills.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_TRACK_H
#define AIOTOP_STATE_TRACK_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>

/* Refreshes that a history goes back */
#define TRACK_HISTORY 256

/* Refreshes that a row stays after what it shows has ended */
#define TRACK_LINGER 5

/* A refresh in a history */
typedef union TrackPoint {
    struct {
        /* In 1/100 %, at most 655 % */
        uint16_t busy;
        /* Bucket of the 99th percentile; TRACK_NO_BUCKET if there is none */
        uint8_t p99;
    } source;
    struct {
        /* In 1/2 % */
        uint8_t dispatch;
        uint8_t poll;
        uint8_t bql_wait;
        uint8_t other;
    } loop;
} TrackPoint;

#define TRACK_NO_BUCKET UINT8_MAX

/* Loop, name and label */
#define TRACK_TEXTS 3

typedef struct Track {
    /* What it is */
    GRefString *loop;
    /* NULL if it is a loop */
    GRefString *kind;
    GRefString *name;
    GRefString *label;
    /* Where its callback is, as in AiotopSource */
    GRefString *module;
    uint64_t callback;
    int32_t fd;
    /* Which one of the loops of this name it is or belongs to; or its thread */
    unsigned ordinal;

    /* Refreshes when it was last there, and last did something */
    unsigned seen;
    unsigned active;
    /* Place among the rows when they were last sorted; 0 if never */
    unsigned last_place;
    /* Of it in the sample that is shown; -1 if it is not there */
    int index;
    /* That its texts take, which stay the same; 0 if that is not known */
    uint8_t cells[TRACK_TEXTS];

    /* Private: the ring */
    unsigned pushed;
    uint16_t n_points;
    uint16_t capacity;
    uint16_t head;
    TrackPoint *points;
} Track;

typedef struct Tracks Tracks;

Tracks *tracks_new(void);
/* Accepts NULL */
void tracks_free(Tracks *tracks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tracks, tracks_free)

/* The track of a loop of @snapshot; made if it is new */
Track *tracks_get_loop(Tracks *tracks, const AiotopSnapshot *snapshot,
                       const AiotopLoop *loop);

/* The same of a source of a loop, whose track is @loop */
Track *tracks_get_source(Tracks *tracks, const Track *loop,
                         const AiotopSource *source);

/* A refresh passes: adds @sample to the histories if it is an interval's */
void tracks_push(Tracks *tracks, const AiotopSample *sample);

/* Whether most of them are of what is not there any more, and too many */
bool tracks_crowded(const Tracks *tracks);

/**
 * tracks_forget:
 *
 * Forgets what was not there for a long time, or, if it is crowded, at the
 * last refresh; except what is in @keep.
 */
void tracks_forget(Tracks *tracks, const Track *const keep[], unsigned n);

/* Number of refreshes so far; the first one is 1 */
unsigned tracks_now(const Tracks *tracks);

/**
 * tracks_point:
 * @age: in refreshes; 0 is the last one
 * @point: set to what the track did then; to nothing if it was silent
 *
 * Returns false if the history doesn't go back as far.
 */
bool tracks_point(const Tracks *tracks, const Track *track, unsigned age,
                  TrackPoint *point);

/* How long ago a refresh was, in nanoseconds before the last one */
uint64_t tracks_age_ns(const Tracks *tracks, unsigned age);

/* Number of refreshes that any history has */
unsigned tracks_length(const Tracks *tracks);

/* No track is in the shown sample until told otherwise */
void tracks_clear_indexes(Tracks *tracks);

#endif /* AIOTOP_STATE_TRACK_H */
