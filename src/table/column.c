/*
 * What is done with a column, whatever it is of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/columns.h"

#include <string.h>

const AiotopColumn *aiotop_table_find(const AiotopTable *table,
                                      const char *name)
{
    for (unsigned i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

GPtrArray *aiotop_table_default_columns(const AiotopTable *table,
                                        AiotopOrigin origin)
{
    const char *const *names = table->shown[origin];
    GPtrArray *columns = g_ptr_array_new();

    if (names) {
        for (unsigned i = 0; names[i]; i++) {
            g_ptr_array_add(columns,
                            (gpointer)aiotop_table_find(table, names[i]));
        }
        return columns;
    }
    for (unsigned i = 0; i < table->n_columns; i++) {
        if (table->columns[i].visible) {
            g_ptr_array_add(columns, (gpointer)&table->columns[i]);
        }
    }
    return columns;
}

bool aiotop_column_estimates(const AiotopColumn *column, const AiotopRow *row)
{
    const AiotopSourceSample *source = row->source;

    if (column->basis == AIOTOP_BASIS_ALL) {
        return false;
    }
    if (aiotop_snapshot_origin(row->sample->now) == AIOTOP_ORIGIN_SAMPLED) {
        return true;
    }
    if (!source) {
        return row->loop->thinned;
    }
    if (column->basis == AIOTOP_BASIS_LONGEST && !row->sample->since_reset) {
        return aiotop_calls_thinned(source->now->calls,
                                    source->now->timed_calls);
    }
    return aiotop_calls_thinned(source->calls, source->timed_calls);
}

void aiotop_column_append(GString *out, const AiotopColumn *column,
                          const AiotopRow *row, bool ascii)
{
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value = column->get(row, buffer);

    if (value.type != AIOTOP_VALUE_UNKNOWN &&
        aiotop_column_estimates(column, row)) {
        g_string_append_c(out, '~');
    }
    aiotop_value_append(out, column->unit, &value, ascii);
}

bool aiotop_column_descending(const AiotopColumn *column)
{
    return column->rank ||
           (column->unit != AIOTOP_UNIT_TEXT && column->unit != AIOTOP_UNIT_ID);
}
