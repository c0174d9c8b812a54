/*
 * Rows of a table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/rows.h"

#include <string.h>

static double as_real(const AiotopValue *value)
{
    return value->type == AIOTOP_VALUE_INTEGER ? value->integer : value->real;
}

static int compare_values(const AiotopValue *a, const AiotopValue *b)
{
    double x, y;

    if (a->type == AIOTOP_VALUE_TEXT && b->type == AIOTOP_VALUE_TEXT) {
        return strcmp(a->text, b->text);
    }
    x = as_real(a);
    y = as_real(b);
    return x < y ? -1 : x > y;
}

static int compare_places(const AiotopRow *a, const AiotopRow *b)
{
    if (a->loop != b->loop) {
        return a->loop < b->loop ? -1 : 1;
    }
    return a->source < b->source ? -1 : a->source > b->source;
}

int aiotop_row_compare(const AiotopColumn *column, bool reverse,
                       const AiotopRow *a, const AiotopRow *b)
{
    char buffer_a[AIOTOP_VALUE_BUFFER], buffer_b[AIOTOP_VALUE_BUFFER];
    AiotopValue x = column->get(a, buffer_a);
    AiotopValue y = column->get(b, buffer_b);
    bool unknown_x = x.type == AIOTOP_VALUE_UNKNOWN;
    bool unknown_y = y.type == AIOTOP_VALUE_UNKNOWN;
    int order;

    if (unknown_x || unknown_y) {
        return unknown_x && unknown_y ? compare_places(a, b)
                                      : unknown_x - unknown_y;
    }
    order = compare_values(&x, &y);
    if (aiotop_column_descending(column) != reverse) {
        order = -order;
    }
    return order ? order : compare_places(a, b);
}

typedef struct SortOrder {
    const AiotopColumn *column;
    bool reverse;
} SortOrder;

static int compare_rows(gconstpointer a, gconstpointer b, gpointer opaque)
{
    const SortOrder *order = opaque;

    return aiotop_row_compare(order->column, order->reverse, a, b);
}

void aiotop_rows_sort(GArray *rows, const AiotopColumn *column, bool reverse)
{
    SortOrder order = { column, reverse };

    g_array_sort_with_data(rows, compare_rows, &order);
}

GArray *aiotop_rows_new(const AiotopSample *sample, const AiotopTable *table,
                        const AiotopColumn *column, bool reverse)
{
    bool of_sources = table == &aiotop_source_table;
    unsigned n = of_sources ? sample->n_sources : sample->n_loops;
    GArray *rows = g_array_sized_new(FALSE, FALSE, sizeof(AiotopRow), n);

    for (unsigned i = 0; i < n; i++) {
        AiotopRow row = { .sample = sample };

        if (of_sources) {
            row.source = &sample->sources[i];
            row.loop = &sample->loops[row.source->loop];
        } else {
            row.loop = &sample->loops[i];
        }
        g_array_append_val(rows, row);
    }
    aiotop_rows_sort(rows, column, reverse);
    return rows;
}

static bool matches(const GRegex *regex, GHashTable *known, const char *text)
{
    gpointer matched;

    if (!text) {
        return false;
    }
    if (known && g_hash_table_lookup_extended(known, text, NULL, &matched)) {
        return matched;
    }
    matched = GINT_TO_POINTER(g_regex_match(regex, text, 0, NULL));
    if (known) {
        g_hash_table_insert(known, (gpointer)text, matched);
    }
    return matched;
}

bool aiotop_row_matches(const AiotopRow *row, const GRegex *regex,
                        GHashTable *known)
{
    const AiotopSource *source;

    if (!regex || matches(regex, known, row->loop->now->name)) {
        return true;
    }
    if (!row->source) {
        return false;
    }
    source = row->source->now;
    return matches(regex, known, source->kind) ||
           matches(regex, known, source->name) ||
           matches(regex, known, source->label);
}
