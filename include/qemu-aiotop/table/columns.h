/*
 * The columns: what can be shown of a loop and of a source
 *
 * One table for each.  Text, CSV, JSON, the screen, `-s help`, `-c`, the
 * saved settings and the manual all read these; a line there is a column
 * everywhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TABLE_COLUMNS_H
#define QEMU_AIOTOP_TABLE_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/table/value.h>

/* What a getter looks at; @source is NULL but for a row of the sources' table */
typedef struct AiotopRow {
    const AiotopSample *sample;
    const AiotopLoopSample *loop;
    const AiotopSourceSample *source;
    /* Of the other tables, see awaited.h: what the row is about */
    const void *item;
} AiotopRow;

/* Space for a getter's text */
#define AIOTOP_VALUE_BUFFER 256

/* What a column's figures stand on */
typedef enum AiotopBasis {
    /* All calls, or no calls at all */
    AIOTOP_BASIS_ALL,
    /* The calls that QEMU timed, in the interval */
    AIOTOP_BASIS_TIMED,
    /* The same, by their histograms */
    AIOTOP_BASIS_HISTOGRAM,
    /* Those that it timed since profiling began, or since the reset */
    AIOTOP_BASIS_LONGEST,
} AiotopBasis;

typedef struct AiotopColumn {
    /* For -s, -c and the saved settings: "busy" */
    const char *name;
    /* Head of the column in text and on the screen: "BUSY%" */
    const char *header;
    /* Name in JSON and CSV, with its unit: "busy_percent" */
    const char *key;
    AiotopUnit unit;
    /* In cells.  What needs more is cut; text may use more if there is room */
    int width;
    /* Shown unless the user says otherwise */
    bool visible;
    /* One line, without full stop */
    const char *help;
    /* @buffer has AIOTOP_VALUE_BUFFER bytes */
    AiotopValue (*get)(const AiotopRow *row, char *buffer);
    AiotopBasis basis;
    /*
     * Of a text that is no name: what it is sorted by, the largest first; or
     * NULL
     */
    double (*rank)(const AiotopRow *row);
} AiotopColumn;

typedef struct AiotopTable {
    /* "loop", "source" or "vm"; of a record in CSV */
    const char *name;
    const AiotopColumn *columns;
    unsigned n_columns;
    /*
     * Names of those that are shown of a snapshot of that origin unless the
     * user says otherwise, NULL-terminated; NULL: those that are visible
     */
    const char *const *shown[AIOTOP_N_ORIGINS];
    /* Column that it is sorted by unless the user says otherwise */
    const char *sort;
} AiotopTable;

/*
 * What each record of CSV begins with, and is of a sample as a whole: no
 * columns, but named as some are
 */
#define AIOTOP_RECORD_FIELDS "time,time_ns,interval_ns,pid,vm_name,record"

extern const AiotopTable aiotop_loop_table;
extern const AiotopTable aiotop_source_table;

/* Whether @text is one of AIOTOP_RECORD_FIELDS */
bool aiotop_is_record_field(const char *text);

/* The column of this name, or NULL */
const AiotopColumn *aiotop_table_find(const AiotopTable *table,
                                      const char *name);

/**
 * aiotop_column_find:
 * @text: name ("p99"), name in JSON and CSV ("p99_ns"), or head in any case
 *     ("P99"); with "loop." before it of a loop, with "vm." of a QEMU.  Without
 *     that a column of sources is meant, if there is one, else one of loops.
 * @table: set to the column's table
 *
 * Returns NULL with @error, in words for the user, if there is none.
 */
const AiotopColumn *aiotop_column_find(const char *text,
                                       const AiotopTable **table,
                                       GError **error);

/**
 * aiotop_table_default_columns:
 * @origin: of the snapshot
 *
 * Returns a GPtrArray of const AiotopColumn *: what is shown unless the user
 * says otherwise.
 */
GPtrArray *aiotop_table_default_columns(const AiotopTable *table,
                                        AiotopOrigin origin);

/* Whether one of @columns is empty if AiotopSnapshot's denied is set */
bool aiotop_columns_need_permission(GPtrArray *columns);

/* Whether the row's figure is an estimate: of fewer than all calls */
bool aiotop_column_estimates(const AiotopColumn *column, const AiotopRow *row);

/*
 * Appends the cell's text as aiotop_value_append() does, with "~" before it if
 * it is an estimate
 */
void aiotop_column_append(GString *out, const AiotopColumn *column,
                          const AiotopRow *row, bool ascii);

/* Whether the column's largest value comes first unless reversed */
bool aiotop_column_descending(const AiotopColumn *column);

#endif /* QEMU_AIOTOP_TABLE_COLUMNS_H */
