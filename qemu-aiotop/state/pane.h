/*
 * A pane: a table on the screen, with which rows and columns, in which order,
 * and which row is selected
 *
 * The selection belongs to a track, so it stays with a source when the order
 * changes.  Sources that fell silent and loops that ended stay a few
 * refreshes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_PANE_H
#define AIOTOP_STATE_PANE_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/table/rows.h>

#include "track.h"

typedef struct PaneRow {
    /* Its source is NULL in the heading of a group */
    AiotopRow row;
    /* NULL in the heading of a group */
    Track *track;
    Track *loop_track;
    bool heading;
    bool ended;
    /* Refreshes since it last did something */
    unsigned silent;
    /* Private: what it is sorted by */
    double sort_value;
} PaneRow;

#define PANE_MAX_SLOTS 64

/* Cells that the longest text of a column took lately, and when */
typedef struct PaneLongest {
    int cells[TRACK_TEXTS];
    unsigned at[TRACK_TEXTS];
} PaneLongest;

typedef struct Pane {
    const AiotopTable *table;
    /* Of const AiotopColumn *: for snapshots of each origin */
    GPtrArray *columns_of[AIOTOP_N_ORIGINS];
    /* Of what is shown, and its columns, which are one of these */
    AiotopOrigin origin;
    GPtrArray *columns;
    const AiotopColumn *sort;
    bool reverse;
    /* The order stays while values go on */
    bool locked;
    /*
     * Private: rows were sorted by this, of an interval or since a beginning;
     * those that lead by no margin stay where they are
     */
    bool sorted;
    bool sorted_cumulative;

    /* Of PaneRow; valid as long as the samples it was built from */
    GArray *rows;
    /*
     * The user moved the selection, which stays with its track since then;
     * before, it is the first row, whatever that is
     */
    bool chosen;
    Track *selected;
    /* Row of @selected, and the first row on the screen */
    unsigned cursor;
    unsigned top;
    /* Columns that are scrolled out to the left */
    unsigned skip;
    /* There is room for the mark's word */
    bool marked;
    /* Private: of those that do something, and of all */
    PaneLongest longest;
    PaneLongest longest_of_all;
    /* Cells that the longest state of a stuck loop takes; 0 if none is stuck */
    int stuck_width;
} Pane;

/* What its rows are made of */
typedef struct PaneInput {
    /* NULL if they are of no single one */
    const AiotopSample *sample;
    /* Of AiotopSample, with loops that have ended; the last one first */
    GPtrArray *ended;
    Tracks *tracks;
    /* tracks_now() of @sample */
    unsigned now;
    /* The pane adds what stays though it does nothing any more */
    AiotopFilter filter;
    /* The source that the user selected stays, too; or NULL */
    const Track *kept;
    /* Only so many sources; 0 for all */
    unsigned top;
    /* By loop, in the order of the loops' table, with headings */
    bool grouped;
} PaneInput;

/* Where a column is on the screen */
typedef struct PaneSlot {
    /* NULL for the bar that shows how a loop spends its time */
    const AiotopColumn *column;
    int x;
    int width;
} PaneSlot;

/* Cells for the mark's word, as long as a row has one, and somewhat longer */
#define PANE_MARK_WIDTH 6
#define PANE_MARK_STAYS 30
/* Refreshes that a column stays as wide as it was */
#define PANE_WIDTH_STAYS 30

void pane_init(Pane *pane, const AiotopTable *columns);
void pane_clear(Pane *pane);

/* Shows @columns, of const AiotopColumn *, wherever a snapshot comes from */
void pane_set_columns(Pane *pane, GPtrArray *columns);

/* Shows the columns that there are for snapshots of this origin */
void pane_set_origin(Pane *pane, AiotopOrigin origin);

/* Whether @column is shown; shows or hides it */
bool pane_has_column(const Pane *pane, const AiotopColumn *column);
void pane_toggle_column(Pane *pane, const AiotopColumn *column);
/* Moves one that is shown; false if there is no place to move it to */
bool pane_move_column(Pane *pane, const AiotopColumn *column, int direction);

/* Finds and sorts the rows, and the selected one among them */
void pane_build(Pane *pane, const PaneInput *input);

/* The same of rows that are of no sample: who has them adds them in between */
void pane_begin_rows(Pane *pane);
void pane_end_rows(Pane *pane, const PaneInput *input);

/* No rows and no selection, as long as there is no sample */
void pane_empty(Pane *pane);

static inline PaneRow *pane_row(const Pane *pane, unsigned i)
{
    return &g_array_index(pane->rows, PaneRow, i);
}

/* The row of the selection, or NULL */
const PaneRow *pane_selected(const Pane *pane);

/* Selects row @index, or the nearest that is not a heading */
void pane_choose(Pane *pane, int index, int direction);
void pane_move(Pane *pane, int rows);

/* Selects the first row, whatever it is */
void pane_unchoose(Pane *pane);

/*
 * Selects the next row that matches: with @direction 0 the one that is
 * selected is the first to be looked at, with -1 the one above, and so on up
 */
bool pane_search(Pane *pane, const GRegex *regex, int direction);

/* Scrolls such that the selection is among @height rows */
void pane_scroll(Pane *pane, int height);

/*
 * How much more than another one a row has to show to move up past it: so much
 * of what that one shows, or of a time, as percentiles of few calls vary most;
 * and so much at least where it is in percent
 */
#define PANE_LEAD_SHARE (1.0 / 3)
#define PANE_LEAD_TIME 1.0
#define PANE_LEAD_PERCENT 0.5

/**
 * pane_sort_rows:
 * @grouped: by loop, in the order of the loops' table
 * @cumulative: the sample is of no interval
 *
 * Sorts the rows.  As long as the pane is sorted by the same, and the sample
 * is of the same kind, no row moves up past another one unless it leads by
 * more than that; and none stays below one that it leads by more.
 */
void pane_sort_rows(Pane *pane, bool grouped, bool cumulative);

/* Sorts by @column from now on: at first strictly, and not locked any more */
void pane_sort_by(Pane *pane, const AiotopColumn *column, bool reverse);

/* By the column before or after the sort column, of those that are shown */
void pane_sort_next(Pane *pane, int direction);

/**
 * pane_fit:
 * @width: in cells, the mark included
 * @more: set to whether columns are left out
 *
 * Finds the columns that fit, and their places; with @more, the last two cells
 * are free.  What matters least is left out first, the sort column last.
 * Returns their number.
 */
unsigned pane_fit(const Pane *pane, int width, PaneSlot slots[PANE_MAX_SLOTS],
                  bool *more);

/*
 * Looks at the rows that do something: so much room their texts get before
 * others get more.  They keep it for a while, as columns that move to and fro
 * are hard to read.
 */
void pane_measure(Pane *pane, const PaneInput *input);

/* Cells in front of the first column for the mark's word */
int pane_mark_width(const Pane *pane);

#endif /* AIOTOP_STATE_PANE_H */
