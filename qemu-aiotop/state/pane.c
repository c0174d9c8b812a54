/*
 * A table on the screen: its rows and the selection among them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "pane.h"

void table_init(Table *table, const AiotopTable *columns)
{
    *table = (Table){
        .table = columns,
        .columns = aiotop_table_default_columns(columns, false),
        .other_columns = aiotop_table_default_columns(columns, true),
        .sort = aiotop_table_find(columns, columns->sort),
        .rows = g_array_new(FALSE, FALSE, sizeof(TableRow)),
    };
}

void table_clear(Table *table)
{
    g_ptr_array_unref(table->columns);
    g_ptr_array_unref(table->other_columns);
    g_array_unref(table->rows);
}

static void replace_all(GPtrArray *columns, GPtrArray *others)
{
    g_ptr_array_set_size(columns, 0);
    g_ptr_array_extend(columns, others, NULL, NULL);
}

void table_set_columns(Table *table, GPtrArray *columns)
{
    replace_all(table->columns, columns);
    replace_all(table->other_columns, columns);
}

void table_set_host_only(Table *table, bool host_only)
{
    GPtrArray *columns = table->columns;

    if (host_only != table->host_only) {
        table->columns = table->other_columns;
        table->other_columns = columns;
        table->host_only = host_only;
        table->skip = 0;
    }
}

bool table_has_column(const Table *table, const AiotopColumn *column)
{
    return g_ptr_array_find(table->columns, column, NULL);
}

/* A column that is shown again comes back to its place in the table */
void table_toggle_column(Table *table, const AiotopColumn *column)
{
    unsigned at = 0;

    if (g_ptr_array_remove(table->columns, (gpointer)column)) {
        return;
    }
    while (at < table->columns->len && (const AiotopColumn *)g_ptr_array_index(
                                           table->columns, at) < column) {
        at++;
    }
    g_ptr_array_insert(table->columns, at, (gpointer)column);
}

bool table_move_column(Table *table, const AiotopColumn *column, int direction)
{
    guint at;

    if (!g_ptr_array_find(table->columns, column, &at) ||
        (direction < 0 ? at == 0 : at + 1 == table->columns->len)) {
        return false;
    }
    g_ptr_array_remove_index(table->columns, at);
    g_ptr_array_insert(table->columns, at + direction, (gpointer)column);
    return true;
}

/* Refreshes since it did something; it does nothing now */
static unsigned silent_for(const TableInput *input, const Track *track)
{
    if (!track->active) {
        return UINT_MAX;
    }
    return input->now > track->active ? input->now - track->active : 1;
}

/* A source that did nothing lately may stay for a while */
static bool keeps(const AiotopRow *source, const void *opaque)
{
    const TableInput *input = opaque;
    const Track *loop =
        tracks_get_loop(input->tracks, source->sample->now, source->loop->now);
    const Track *track =
        tracks_get_source(input->tracks, loop, source->source->now);

    return track == input->kept || silent_for(input, track) <= TRACK_LINGER;
}

static void add_row(Table *table, const TableInput *input, TableRow *row)
{
    bool active =
        !row->row.source || aiotop_source_sample_active(row->row.source);
    AiotopFilter filter = input->filter;

    if (row->ended || !active) {
        row->silent = silent_for(input, row->track);
    }
    if (row->ended && row->silent > TRACK_LINGER && !filter.silent &&
        !(table->chosen && row->track == table->selected)) {
        return;
    }
    filter.keeps = keeps;
    filter.opaque = input;
    if (aiotop_filter_passes(&filter, &row->row)) {
        g_array_append_val(table->rows, *row);
    }
}

/* The rows of a loop: itself, or its sources */
static void add_loop(Table *table, const TableInput *input,
                     const AiotopSample *sample, unsigned index, bool ended)
{
    const AiotopLoopSample *loop = &sample->loops[index];
    TableRow row = {
        .row = { .sample = sample, .loop = loop },
        .loop_track = tracks_get_loop(input->tracks, sample->now, loop->now),
        .ended = ended,
    };

    if (table->table == &aiotop_loop_table) {
        row.track = row.loop_track;
        if (!ended) {
            row.track->index = index;
        }
        add_row(table, input, &row);
        return;
    }
    for (unsigned i = 0; i < loop->n_sources; i++) {
        row.row.source = &sample->sources[loop->first_source + i];
        row.track = tracks_get_source(input->tracks, row.loop_track,
                                      row.row.source->now);
        if (!ended) {
            row.track->index = loop->first_source + i;
        }
        row.silent = 0;
        add_row(table, input, &row);
    }
}

static bool has_loop(const AiotopSample *sample, const AiotopLoop *loop)
{
    return aiotop_snapshot_find_loop(sample->now, loop);
}

static void add_ended(Table *table, const TableInput *input)
{
    for (unsigned i = 0; i < input->ended->len; i++) {
        const AiotopSample *sample = g_ptr_array_index(input->ended, i);

        for (unsigned j = 0; j < sample->n_loops; j++) {
            const AiotopLoop *loop = sample->loops[j].now;
            bool shown = has_loop(input->sample, loop);

            for (unsigned k = 0; k < i && !shown; k++) {
                shown = has_loop(g_ptr_array_index(input->ended, k), loop);
            }
            if (!shown) {
                add_loop(table, input, sample, j, true);
            }
        }
    }
}

typedef struct Order {
    AiotopOrder shown;
    bool grouped;
    bool locked;
} Order;

/* Where it was on the screen; what was not there comes last: 0 - 1 is large */
static int compare_last_places(const TableRow *a, const TableRow *b)
{
    unsigned place_a = a->track->order - 1;
    unsigned place_b = b->track->order - 1;

    return place_a != place_b ? (place_a < place_b ? -1 : 1)
                              : aiotop_row_compare_places(&a->row, &b->row);
}

static int compare(gconstpointer pa, gconstpointer pb, gpointer opaque)
{
    const TableRow *a = pa, *b = pb;
    const Order *order = opaque;
    int result = 0;

    if (order->grouped && a->loop_track != b->loop_track) {
        return a->loop_track->order < b->loop_track->order ? -1 : 1;
    }
    if (!order->locked) {
        result = aiotop_order_compare(&order->shown, &a->row, a->key, &b->row,
                                      b->key);
    }
    return result ? result : compare_last_places(a, b);
}

static void sort(Table *table, const TableInput *input)
{
    const Order order = {
        .shown = { table->sort, table->reverse },
        .grouped = input->grouped && table->table == &aiotop_source_table,
        .locked = table->locked,
    };

    for (unsigned i = 0; i < table->rows->len; i++) {
        TableRow *row = table_row(table, i);

        row->key = aiotop_order_key(&order.shown, &row->row);
    }
    g_array_sort_with_data(table->rows, compare, (gpointer)&order);
    for (unsigned i = 0; i < table->rows->len && !table->locked; i++) {
        table_row(table, i)->track->order = i + 1;
    }
}

static void add_headings(Table *table)
{
    for (unsigned i = 0; i < table->rows->len; i++) {
        TableRow heading = *table_row(table, i);

        if (i && table_row(table, i - 1)->loop_track == heading.loop_track) {
            continue;
        }
        heading.heading = true;
        heading.track = NULL;
        heading.row.source = NULL;
        g_array_insert_val(table->rows, i, heading);
        i++;
    }
}

static void select_row(Table *table, int index, int direction)
{
    int n = table->rows->len;

    index = CLAMP(index, 0, MAX(n - 1, 0));
    if (index < n && table_row(table, index)->heading) {
        index += index == 0 || direction > 0 ? 1 : -1;
    }
    table->cursor = index;
    table->selected = index < n ? table_row(table, index)->track : NULL;
}

static void find_selected(Table *table)
{
    for (unsigned i = 0; i < table->rows->len && table->chosen; i++) {
        if (table_row(table, i)->track == table->selected) {
            table->cursor = i;
            return;
        }
    }
    /* If it is gone: what is in its place now */
    select_row(table, table->chosen ? table->cursor : 0, 1);
}

void table_build(Table *table, const TableInput *input)
{
    g_array_set_size(table->rows, 0);
    for (unsigned i = 0; i < input->sample->n_loops; i++) {
        add_loop(table, input, input->sample, i, false);
    }
    add_ended(table, input);
    sort(table, input);
    if (input->top && table->table == &aiotop_source_table &&
        table->rows->len > input->top) {
        g_array_set_size(table->rows, input->top);
    }
    if (input->grouped && table->table == &aiotop_source_table) {
        add_headings(table);
    }
    find_selected(table);
}

void table_empty(Table *table)
{
    g_array_set_size(table->rows, 0);
    table->selected = NULL;
    table->chosen = false;
    table->cursor = 0;
    table->top = 0;
}

const TableRow *table_selected(const Table *table)
{
    const TableRow *row;

    if (!table->selected || table->cursor >= table->rows->len) {
        return NULL;
    }
    row = table_row(table, table->cursor);
    return row->track == table->selected ? row : NULL;
}

void table_choose(Table *table, int index, int direction)
{
    table->chosen = true;
    select_row(table, index, direction);
}

void table_unchoose(Table *table)
{
    table->chosen = false;
    select_row(table, 0, 1);
}

void table_move(Table *table, int rows)
{
    table_choose(table, (int)table->cursor + rows, rows);
}

bool table_search(Table *table, const GRegex *regex, int direction)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);

    for (unsigned i = 0; i < table->rows->len; i++) {
        int n = table->rows->len, step = i + ABS(direction);
        unsigned at =
            ((int)table->cursor + (direction < 0 ? n - step : step)) % n;
        const TableRow *row = table_row(table, at);

        if (!row->heading && aiotop_row_matches(&row->row, regex, known)) {
            table_choose(table, at, 1);
            return true;
        }
    }
    return false;
}

void table_scroll(Table *table, int height)
{
    unsigned rows = MAX(height, 1);
    unsigned n = table->rows->len;

    if (table->cursor < table->top) {
        table->top = table->cursor;
    }
    if (table->cursor >= table->top + rows) {
        table->top = table->cursor - rows + 1;
    }
    table->top = MIN(table->top, n > rows ? n - rows : 0);
    /* The heading of the first group */
    if (table->top == 1 && table->cursor < rows &&
        table_row(table, 0)->heading) {
        table->top = 0;
    }
}

void table_sort_next(Table *table, int direction)
{
    guint at;
    int n = table->columns->len;

    if (!n) {
        return;
    }
    if (!g_ptr_array_find(table->columns, table->sort, &at)) {
        at = 0;
    } else {
        at = (at + n + direction) % n;
    }
    table->sort = g_ptr_array_index(table->columns, at);
    table->reverse = false;
}
