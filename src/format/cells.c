/*
 * Rows of any table: as text, and as members and fields
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "cells.h"

#include <inttypes.h>

#include "qemu-aiotop/text/align.h"
#include "qemu-aiotop/text/csv-writer.h"
#include "qemu-aiotop/text/decimal.h"
#include "qemu-aiotop/text/json-writer.h"

static void add_cell(Grid *grid, const AiotopColumn *column,
                     const AiotopRow *row, bool ascii)
{
    gsize offset = grid->text->len;

    aiotop_column_append(grid->text, column, row, ascii);
    aiotop_grid_end_cell(grid, offset);
}

void format_text_rows(GString *out, const GPtrArray *columns,
                      const GArray *rows, const AiotopTextStyle *style)
{
    g_auto(Grid) grid = { 0 };

    aiotop_grid_init(&grid, columns->len);
    for (unsigned i = 0; i < columns->len; i++) {
        const AiotopColumn *column = columns->pdata[i];

        grid.right[i] = column->unit != AIOTOP_UNIT_TEXT;
        if (grid.right[i]) {
            grid.width[i] = column->width;
        }
        aiotop_grid_add(&grid, column->header, false);
    }
    for (unsigned i = 0; i < rows->len; i++) {
        const AiotopRow *row = &g_array_index(rows, AiotopRow, i);

        for (unsigned j = 0; j < columns->len; j++) {
            add_cell(&grid, columns->pdata[j], row, style->ascii);
        }
    }
    aiotop_grid_write(&grid, out, style->color);
}

static void add_member(GString *out, const char *key, const AiotopValue *value)
{
    switch (value->type) {
    case AIOTOP_VALUE_UNKNOWN:
        aiotop_json_add_string(out, key, NULL);
        break;
    case AIOTOP_VALUE_TEXT:
        aiotop_json_add_string(out, key, value->text);
        break;
    case AIOTOP_VALUE_INTEGER:
        aiotop_json_add_integer(out, key, value->integer);
        break;
    case AIOTOP_VALUE_REAL:
        aiotop_json_add_key(out, key);
        aiotop_decimal_append_real(out, value->real);
        break;
    }
}

void format_json_columns(GString *out, const AiotopTable *table,
                         const GPtrArray *chosen, const AiotopRow *row)
{
    unsigned n = chosen ? chosen->len : table->n_columns;

    for (unsigned i = 0; i < n; i++) {
        const AiotopColumn *column =
            chosen ? chosen->pdata[i] : &table->columns[i];
        char buffer[AIOTOP_VALUE_BUFFER];
        AiotopValue value = column->get(row, buffer);

        add_member(out, column->key, &value);
    }
}

void format_csv_value(GString *out, const AiotopColumn *column,
                      const AiotopRow *row)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value = column->get(row, buffer);

    switch (value.type) {
    case AIOTOP_VALUE_UNKNOWN:
        break;
    case AIOTOP_VALUE_TEXT:
        aiotop_csv_append_field(out, value.text);
        break;
    case AIOTOP_VALUE_INTEGER:
        aiotop_decimal_append(out, value.integer);
        break;
    case AIOTOP_VALUE_REAL:
        aiotop_decimal_append_real(out, value.real);
        break;
    }
}

void format_csv_origin(GString *out, const AiotopSample *sample)
{
    const AiotopSnapshot *now = sample->now;

    aiotop_csv_append_time(out, sample->real_time_us);
    g_string_append_printf(out, "%" PRIu64 ",%" PRIu64 ",%" PRId64 ",",
                           now->time_ns, sample->interval_ns, now->pid);
    aiotop_csv_append_field(out, now->vm_name ? now->vm_name : "");
    g_string_append_c(out, ',');
}
