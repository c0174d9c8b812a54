/*
 * Rows of a table: what they are, in which order, and which match
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_ROWS_H
#define QEMU_AIOTOP_ROWS_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/columns.h>

/**
 * aiotop_row_compare:
 *
 * Order of two rows by @column in its natural direction (see
 * aiotop_column_descending()), or the other way with @reverse.  Unknown
 * values come last either way.  Rows with equal values are in the order of
 * their loop and source, so that the order is total and rows don't jump.
 */
int aiotop_row_compare(const AiotopColumn *column, bool reverse,
                       const AiotopRow *a, const AiotopRow *b);

/**
 * aiotop_rows_new:
 * @table: aiotop_loop_table or aiotop_source_table
 * @column: to sort by
 *
 * Returns a GArray of AiotopRow with a row for each loop or source of
 * @sample, sorted.  The rows are valid as long as @sample.
 */
GArray *aiotop_rows_new(const AiotopSample *sample, const AiotopTable *table,
                        const AiotopColumn *column, bool reverse);

/* Sorts rows of aiotop_rows_new() again, by another column */
void aiotop_rows_sort(GArray *rows, const AiotopColumn *column, bool reverse);

/**
 * aiotop_row_matches:
 * @regex: or NULL for any
 * @known: g_hash_table_new(NULL, NULL), or NULL: what @regex said of a text
 *     is remembered in it, as rows have many texts in common; valid as long
 *     as their snapshots
 *
 * Whether @regex matches one of the row's texts (loop, and of a source kind,
 * name and label).
 */
bool aiotop_row_matches(const AiotopRow *row, const GRegex *regex,
                        GHashTable *known);

#endif /* QEMU_AIOTOP_ROWS_H */
