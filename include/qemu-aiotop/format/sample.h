/*
 * Writers: a sample to text, JSON or CSV
 *
 * They append to a string; the program writes it out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_SAMPLE_H
#define QEMU_AIOTOP_FORMAT_SAMPLE_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/table/query.h>
#include <qemu-aiotop/text/style.h>

/* One line: whose sample it is, and what it covers */
void aiotop_format_text_head(GString *out, const AiotopSample *sample,
                             const AiotopTextStyle *style);

/* That line, the loops' table and the sources' table */
void aiotop_format_text(GString *out, const AiotopSample *sample,
                        const AiotopQuery *query, const AiotopTextStyle *style);

/* One line: a complete JSON object */
void aiotop_format_json(GString *out, const AiotopSample *sample,
                        const AiotopQuery *query);

/**
 * aiotop_format_folded:
 *
 * Lines as flamegraph.pl, inferno and speedscope read them, which add up what is
 * the same: "VM;LOOP;KIND;CALLBACK;FUNCTION;... NUMBER".  The number is that of
 * samples in the interval.  Of a QEMU that is profiled it is microseconds, and
 * there are no functions.
 */
void aiotop_format_folded(GString *out, const AiotopSample *sample,
                          const AiotopQuery *query);

/*
 * RFC 4180, a record for each loop and each source.  The head is one record
 * and comes once.
 */
void aiotop_format_csv_head(GString *out, const AiotopQuery *query);
void aiotop_format_csv(GString *out, const AiotopSample *sample,
                       const AiotopQuery *query);

/* What `-s help` says: all columns of all three tables */
void aiotop_format_columns(GString *out);

#endif /* QEMU_AIOTOP_FORMAT_SAMPLE_H */
