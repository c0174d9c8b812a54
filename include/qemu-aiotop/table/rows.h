/*
 * Rows of a table: what they are, in which order, and which are shown
 *
 * The one filter and the one order of batch and screen.  What the screen
 * knows besides, such as where a row was before, it adds to them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TABLE_ROWS_H
#define QEMU_AIOTOP_TABLE_ROWS_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/table/columns.h>

/* Which rows are shown */
typedef struct AiotopFilter {
    /* What of a row's texts must match, or must not; NULL for any */
    const GRegex *regex;
    bool negated;
    /* Only this loop; NULL for all */
    const char *loop_name;
    /* Sources that did nothing as well */
    bool silent;
    /* Whether one that did nothing is shown all the same; NULL: none is */
    bool (*keeps)(const AiotopRow *source, const void *opaque);
    const void *opaque;
    /*
     * g_hash_table_new(NULL, NULL), or NULL: what @regex said of a text is
     * remembered in it, as rows have many texts in common; valid as long as
     * their snapshots
     */
    GHashTable *match_cache;
} AiotopFilter;

/**
 * aiotop_filter_passes:
 *
 * Whether the row is shown.  A loop is shown if its own name passes, or one
 * of its sources is shown.
 */
bool aiotop_filter_passes(const AiotopFilter *filter, const AiotopRow *row);

/**
 * aiotop_row_matches:
 * @match_cache: as in AiotopFilter
 *
 * Whether @regex matches one of the row's texts (loop, and of a source kind,
 * name and label).
 */
bool aiotop_row_matches(const AiotopRow *row, const GRegex *regex,
                        GHashTable *match_cache);

/* What it is that rows are sorted by: see aiotop_column_descending() */
typedef struct AiotopOrder {
    const AiotopColumn *column;
    bool reverse;
    /* By numbers as they are, for those who see all of their digits */
    bool exact;
} AiotopOrder;

/* The number that is shown of the row; NAN if it is unknown, or a text */
double aiotop_order_key(const AiotopOrder *order, const AiotopRow *row);

/**
 * aiotop_order_compare:
 * @key_a, @key_b: aiotop_order_key() of the rows
 *
 * Compares what is shown of two rows: numbers as they are rounded, names in
 * their natural order (vd2 before vd10), loops with the main loop first and
 * threads that are no loops last.
 * Unknown values come last, reversed or not.  Returns 0 if what is shown is
 * equal.
 */
int aiotop_order_compare(const AiotopOrder *order, const AiotopRow *a,
                         double key_a, const AiotopRow *b, double key_b);

/*
 * The order of rows that nothing else tells apart: by loop (as above, then by
 * thread), then by the source's number
 */
int aiotop_row_compare_places(const AiotopRow *a, const AiotopRow *b);

/**
 * aiotop_rows_new:
 * @table: aiotop_loop_table or aiotop_source_table
 * @filter: NULL for all
 *
 * Returns a GArray of AiotopRow with a row for each loop or source of
 * @sample that passes, sorted; rows that show the same by their places.  They
 * are valid as long as @sample.
 */
GArray *aiotop_rows_new(const AiotopSample *sample, const AiotopTable *table,
                        const AiotopFilter *filter, const AiotopOrder *order);

/* Sorts rows in the same way */
void aiotop_rows_sort(GArray *rows, const AiotopOrder *order);

#endif /* QEMU_AIOTOP_TABLE_ROWS_H */
