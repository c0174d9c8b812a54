/*
 * Rows of any table: as text, and as members and fields
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_FORMAT_CELLS_H
#define AIOTOP_FORMAT_CELLS_H

#include "qemu-aiotop/table/columns.h"
#include "qemu-aiotop/text/style.h"

/* The head, and a line for each AiotopRow of @rows, aligned */
void format_text_rows(GString *out, const GPtrArray *columns,
                      const GArray *rows, const AiotopTextStyle *style);

/* The members of an object that is being written; @chosen: NULL for all */
void format_json_columns(GString *out, const AiotopTable *table,
                         const GPtrArray *chosen, const AiotopRow *row);

/* The field's text, empty if it is not known */
void format_csv_value(GString *out, const AiotopColumn *column,
                      const AiotopRow *row);

/*
 * What all records of a sample begin with: AIOTOP_RECORD_FIELDS, but for the
 * last one, which says of what the record is
 */
void format_csv_origin(GString *out, const AiotopSample *sample);

#endif /* AIOTOP_FORMAT_CELLS_H */
