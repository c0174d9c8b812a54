/*
 * Writers: a sample, or a list of processes, to text, JSON or CSV
 *
 * They append to a string; the program writes it out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_FORMAT_H
#define QEMU_AIOTOP_FORMAT_FORMAT_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/table/columns.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/table/rows.h>

/* What of a sample is shown, and how */
typedef struct AiotopSelection {
    /*
     * Columns in order, arrays of const AiotopColumn *; NULL for what the
     * writer has by itself: all columns in JSON and CSV, the visible ones in
     * text.
     */
    GPtrArray *loop_columns;
    GPtrArray *source_columns;
    const AiotopColumn *loop_sort;
    const AiotopColumn *source_sort;
    bool loop_reverse;
    bool source_reverse;
    /* By all digits of a number, as JSON and CSV have them */
    bool exact;
    /* Only this many sources; 0 for all */
    unsigned top;
    /* Only what it matches, or does not; NULL for all */
    GRegex *filter;
    bool filter_negated;
    /* Only this loop; NULL for all */
    char *loop_name;
    /* Sources that did nothing in the interval as well */
    bool silent;
    /* Text: only ASCII; with colours */
    bool ascii;
    bool color;
} AiotopSelection;

/* Sorted and shown as the tables say */
void aiotop_selection_init(AiotopSelection *selection);
void aiotop_selection_clear(AiotopSelection *selection);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AiotopSelection, aiotop_selection_clear)

/**
 * aiotop_selection_set_columns:
 * @names: "A,B,...": as for aiotop_column_find()
 *
 * A table of which no column is named is not written then.  Errors are in
 * words for the user.
 */
bool aiotop_selection_set_columns(AiotopSelection *selection, const char *names,
                                  GError **error);

/* Whether columns were named, and none of @table */
bool aiotop_selection_hides(const AiotopSelection *selection,
                            const AiotopTable *table);

/* @name: as for aiotop_column_find() */
bool aiotop_selection_set_sort(AiotopSelection *selection, const char *name,
                               bool reverse, GError **error);

/* @pattern: regular expression, negated by a "!" before it */
bool aiotop_selection_set_filter(AiotopSelection *selection,
                                 const char *pattern, GError **error);

/* Which rows it shows; valid as long as @selection */
AiotopFilter aiotop_selection_filter(const AiotopSelection *selection);

/**
 * aiotop_selection_loops: aiotop_selection_sources:
 *
 * Return GArrays of AiotopRow: what of @sample is to be shown, in order.
 */
GArray *aiotop_selection_loops(const AiotopSelection *selection,
                               const AiotopSample *sample);
GArray *aiotop_selection_sources(const AiotopSelection *selection,
                                 const AiotopSample *sample);

/**
 * aiotop_selection_no_loop:
 *
 * Returns NULL if the only loop that is to be shown is in @sample, or all are
 * to be shown; else that it is not there, and which ones are.  The caller
 * frees it.
 */
char *aiotop_selection_no_loop(const AiotopSelection *selection,
                               const AiotopSample *sample);

/* One line: whose sample it is, and what it covers */
void aiotop_format_text_head(GString *out, const AiotopSample *sample,
                             const AiotopSelection *selection);

/* That line, the loops' table and the sources' table */
void aiotop_format_text(GString *out, const AiotopSample *sample,
                        const AiotopSelection *selection);

/* One line: a complete JSON object */
void aiotop_format_json(GString *out, const AiotopSample *sample,
                        const AiotopSelection *selection);

/*
 * RFC 4180, a record for each loop and each source.  The head is one record
 * and comes once.
 */
void aiotop_format_csv_head(GString *out, const AiotopSelection *selection);
void aiotop_format_csv(GString *out, const AiotopSample *sample,
                       const AiotopSelection *selection);

/*
 * Appends a field of RFC 4180, escaped as on a terminal, quoted if needed.  A
 * ' comes before what a spreadsheet would take for a formula.
 */
void aiotop_format_csv_field(GString *out, const char *text);

/* Appends a field as JSON's "time", empty if it is 0, and a comma */
void aiotop_format_csv_time(GString *out, int64_t real_time_us);

/* The log of stalls, oldest first */
void aiotop_format_text_stalls(GString *out, const AiotopSample *sample,
                               bool ascii);
void aiotop_format_json_stalls(GString *out, const AiotopSample *sample);
void aiotop_format_csv_stalls(GString *out, const AiotopSample *sample);

/*
 * A diagnosis: for people, in 80 columns, and for programs, one line.
 * @findings are of aiotop_diagnose().
 */
void aiotop_format_text_diagnosis(GString *out, const AiotopSample *sample,
                                  const GPtrArray *findings,
                                  const AiotopSelection *selection);
void aiotop_format_json_diagnosis(GString *out, const AiotopSample *sample,
                                  const GPtrArray *findings);

/* Lists of AiotopProcess */
void aiotop_format_text_list(GString *out, GPtrArray *processes, bool ascii);
void aiotop_format_json_list(GString *out, GPtrArray *processes);
void aiotop_format_csv_list(GString *out, GPtrArray *processes);

/* What `-s help` says: all columns of both tables */
void aiotop_format_columns(GString *out);

#endif /* QEMU_AIOTOP_FORMAT_FORMAT_H */
