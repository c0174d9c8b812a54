/*
 * Rows of a table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/rows.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "qemu-aiotop/model/verdict.h"
#include "qemu-aiotop/text/escape.h"
#include "qemu-aiotop/text/figure.h"

/* Filter */

static bool matches(const GRegex *regex, GHashTable *match_cache,
                    const char *text)
{
    gpointer matched;

    if (!text) {
        return false;
    }
    if (match_cache &&
        g_hash_table_lookup_extended(match_cache, text, NULL, &matched)) {
        return matched;
    }
    matched = GINT_TO_POINTER(g_regex_match(regex, text, 0, NULL));
    if (match_cache) {
        g_hash_table_insert(match_cache, (gpointer)text, matched);
    }
    return matched;
}

/* A name of any bytes is matched as it is shown */
static bool matches_vm(const AiotopRow *row, const GRegex *regex)
{
    const AiotopVerdict *verdict = row->item;
    const AiotopVm *vm = verdict->vm;
    g_autofree char *name = vm->name ? aiotop_text_escape(vm->name) : NULL;
    g_autofree char *user = vm->user ? aiotop_text_escape(vm->user) : NULL;
    g_autofree char *pid = g_strdup_printf("%" PRId64, vm->process.pid);

    return matches(regex, NULL, name) || matches(regex, NULL, pid) ||
           matches(regex, NULL, user) || matches(regex, NULL, vm->program) ||
           matches(regex, NULL, aiotop_verdict_word(verdict->id)) ||
           matches(regex, NULL, verdict->class_name);
}

bool aiotop_row_matches(const AiotopRow *row, const GRegex *regex,
                        GHashTable *match_cache)
{
    const AiotopSource *source;

    if (row->item) {
        return matches_vm(row, regex);
    }
    if (matches(regex, match_cache, row->loop->now->name)) {
        return true;
    }
    if (!row->source) {
        return false;
    }
    source = row->source->now;
    return matches(regex, match_cache, source->kind) ||
           matches(regex, match_cache, source->name) ||
           matches(regex, match_cache, source->label);
}

static bool passes_regex(const AiotopFilter *filter, const AiotopRow *row)
{
    return !filter->regex ||
           aiotop_row_matches(row, filter->regex, filter->match_cache) !=
               filter->negated;
}

static bool passes_source(const AiotopFilter *filter, const AiotopRow *row)
{
    return (filter->silent || aiotop_source_sample_active(row->source) ||
            (filter->keeps && filter->keeps(row, filter->opaque))) &&
           passes_regex(filter, row);
}

bool aiotop_filter_passes(const AiotopFilter *filter, const AiotopRow *row)
{
    if (row->item) {
        return passes_regex(filter, row);
    }
    if (filter->loop_name &&
        strcmp(filter->loop_name, row->loop->now->name) != 0) {
        return false;
    }
    if (row->source) {
        return passes_source(filter, row);
    }
    if (passes_regex(filter, row)) {
        return true;
    }
    for (unsigned i = 0; i < row->loop->n_sources; i++) {
        AiotopRow source = *row;

        source.source = &row->sample->sources[row->loop->first_source + i];
        if (passes_source(filter, &source)) {
            return true;
        }
    }
    return false;
}

/* Order */

static int compare_numbers(double a, double b)
{
    return a < b ? -1 : a > b;
}

static bool is_main_loop(const AiotopRow *row)
{
    return strcmp(row->loop->now->name, "main-loop") == 0 ||
           row->loop->now->thread_id == row->sample->now->pid;
}

/* Those of one name are told apart by the thread alone */
static int compare_loop_names(const AiotopRow *a, const AiotopRow *b)
{
    int order = is_main_loop(b) - is_main_loop(a);

    if (!order) {
        order = a->loop->is_thread - b->loop->is_thread;
    }
    return order ? order : strverscmp(a->loop->now->name, b->loop->now->name);
}

/* By name, and those of one name by process */
static int compare_vms(const AiotopVerdict *a, const AiotopVerdict *b)
{
    const char *name_a = a->vm->name, *name_b = b->vm->name;
    int order =
        !name_a || !name_b ? !name_a - !name_b : strverscmp(name_a, name_b);

    return order ? order : aiotop_vm_compare(a->vm, b->vm);
}

int aiotop_row_compare_places(const AiotopRow *a, const AiotopRow *b)
{
    int order;

    if (a->item) {
        return compare_vms(a->item, b->item);
    }
    order = compare_loop_names(a, b);
    if (!order) {
        order =
            compare_numbers(a->loop->now->thread_id, b->loop->now->thread_id);
    }
    if (!order && a->source && b->source) {
        order = compare_numbers(a->source->now->id, b->source->now->id);
    }
    return order;
}

static int compare_texts(const AiotopOrder *order, const AiotopRow *a,
                         const AiotopRow *b)
{
    char buffer_a[AIOTOP_VALUE_BUFFER], buffer_b[AIOTOP_VALUE_BUFFER];
    AiotopValue x = order->column->get(a, buffer_a);
    AiotopValue y = order->column->get(b, buffer_b);
    bool unknown_x = x.type == AIOTOP_VALUE_UNKNOWN;
    bool unknown_y = y.type == AIOTOP_VALUE_UNKNOWN;
    int result;

    if (unknown_x || unknown_y) {
        return unknown_x - unknown_y;
    }
    result = !a->item && x.text == a->loop->now->name
                 ? compare_loop_names(a, b)
                 : strverscmp(x.text, y.text);
    return order->reverse ? -result : result;
}

double aiotop_order_key(const AiotopOrder *order, const AiotopRow *row)
{
    const AiotopColumn *column = order->column;
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value;
    double number;

    if (column->rank) {
        return column->rank(row);
    }
    if (column->unit == AIOTOP_UNIT_TEXT) {
        return NAN;
    }
    value = column->get(row, buffer);
    number = value.type == AIOTOP_VALUE_INTEGER ? value.integer
             : value.type == AIOTOP_VALUE_REAL  ? value.real
                                                : NAN;
    return order->exact ? number : aiotop_text_shown(column->unit, number);
}

int aiotop_order_compare(const AiotopOrder *order, const AiotopRow *a,
                         double key_a, const AiotopRow *b, double key_b)
{
    if (order->column->unit == AIOTOP_UNIT_TEXT && !order->column->rank) {
        return compare_texts(order, a, b);
    }
    if (isnan(key_a) || isnan(key_b)) {
        return !!isnan(key_a) - !!isnan(key_b);
    }
    return aiotop_column_descending(order->column) != order->reverse
               ? compare_numbers(key_b, key_a)
               : compare_numbers(key_a, key_b);
}

typedef struct KeyedRow {
    AiotopRow row;
    double key;
} KeyedRow;

static int compare_rows(gconstpointer pa, gconstpointer pb, gpointer opaque)
{
    const KeyedRow *a = pa, *b = pb;
    int result = aiotop_order_compare(opaque, &a->row, a->key, &b->row, b->key);

    return result ? result : aiotop_row_compare_places(&a->row, &b->row);
}

void aiotop_rows_sort(GArray *rows, const AiotopOrder *order)
{
    g_autofree KeyedRow *keyed = g_new(KeyedRow, rows->len);

    for (unsigned i = 0; i < rows->len; i++) {
        keyed[i].row = g_array_index(rows, AiotopRow, i);
        keyed[i].key = aiotop_order_key(order, &keyed[i].row);
    }
    g_qsort_with_data(keyed, rows->len, sizeof(*keyed), compare_rows,
                      (gpointer)order);
    for (unsigned i = 0; i < rows->len; i++) {
        g_array_index(rows, AiotopRow, i) = keyed[i].row;
    }
}

GArray *aiotop_rows_new(const AiotopSample *sample, const AiotopTable *table,
                        const AiotopFilter *filter, const AiotopOrder *order)
{
    bool of_sources = table == &aiotop_source_table;
    unsigned n = of_sources ? sample->n_sources : sample->n_loops;
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(AiotopRow));

    for (unsigned i = 0; i < n; i++) {
        AiotopRow row = { .sample = sample };

        if (of_sources) {
            row.source = &sample->sources[i];
            row.loop = &sample->loops[row.source->loop];
        } else {
            row.loop = &sample->loops[i];
        }
        if (!filter || aiotop_filter_passes(filter, &row)) {
            g_array_append_val(rows, row);
        }
    }
    aiotop_rows_sort(rows, order);
    return rows;
}
