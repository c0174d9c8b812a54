/*
 * What of a sample is shown: columns, order, filter
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TABLE_QUERY_H
#define QEMU_AIOTOP_TABLE_QUERY_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/table/columns.h>
#include <qemu-aiotop/table/rows.h>

/* What of a sample is shown, and in which order */
typedef struct AiotopQuery {
    /*
     * Columns in order, arrays of const AiotopColumn *; NULL for what the
     * writer has by itself: all columns in JSON and CSV, the visible ones in
     * text.
     */
    GPtrArray *loop_columns;
    GPtrArray *source_columns;
    GPtrArray *vm_columns;
    /* The table that was to be sorted by a column that was named, or NULL */
    const AiotopTable *sorted;
    const AiotopColumn *loop_sort;
    const AiotopColumn *source_sort;
    bool loop_reverse;
    bool source_reverse;
    /* Of this host's QEMUs, see vms.h: names without prefix are of them */
    bool of_vms;
    const AiotopColumn *vm_sort;
    bool vm_reverse;
    /* By all digits of a number, as JSON and CSV have them */
    bool exact;
    /* Only this many sources, or QEMUs; 0 for all */
    unsigned top;
    /* Only what it matches, or does not; NULL for all */
    GRegex *filter;
    bool filter_negated;
    /* Only this loop; NULL for all */
    char *loop_name;
    /* Sources that did nothing in the interval as well */
    bool silent;
} AiotopQuery;

/* Sorted and shown as the tables say */
void aiotop_query_init(AiotopQuery *query);
void aiotop_query_clear(AiotopQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AiotopQuery, aiotop_query_clear)

/**
 * aiotop_query_set_columns:
 * @names: "A,B,...": as for aiotop_column_find()
 *
 * A table of which no column is named is not written then.  Errors are in
 * words for the user.
 */
bool aiotop_query_set_columns(AiotopQuery *query, const char *names,
                              GError **error);

/* Whether columns of @table were named, to be shown or to sort by */
bool aiotop_query_names(const AiotopQuery *query, const AiotopTable *table);

/* Whether columns were named, and none of @table */
bool aiotop_query_hides(const AiotopQuery *query, const AiotopTable *table);

/* Whether it takes what is known of each source, or loops are all there is */
bool aiotop_query_needs_sources(const AiotopQuery *query);

/* Whether it takes histograms.  @all: as writers do that have all columns */
bool aiotop_query_needs_histograms(const AiotopQuery *query, bool all);

/* @name: as for aiotop_column_find() */
bool aiotop_query_set_sort(AiotopQuery *query, const char *name, bool reverse,
                           GError **error);

/* @pattern: regular expression, negated by a "!" before it */
bool aiotop_query_set_filter(AiotopQuery *query, const char *pattern,
                             GError **error);

/* Which rows it shows; valid as long as @query */
AiotopFilter aiotop_query_filter(const AiotopQuery *query);

/**
 * aiotop_query_loops: aiotop_query_sources:
 *
 * Return GArrays of AiotopRow: what of @sample is to be shown, in order.
 */
GArray *aiotop_query_loops(const AiotopQuery *query,
                           const AiotopSample *sample);
GArray *aiotop_query_sources(const AiotopQuery *query,
                             const AiotopSample *sample);

/**
 * aiotop_query_no_loop:
 *
 * Returns NULL if the only loop that is to be shown is in @sample, or all are
 * to be shown; else that it is not there, and which ones are.  The caller
 * frees it.
 */
char *aiotop_query_no_loop(const AiotopQuery *query,
                           const AiotopSample *sample);

#endif /* QEMU_AIOTOP_TABLE_QUERY_H */
