/*
 * A pane: its rows and the selection among them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "pane.h"

#include <string.h>

void pane_init(Pane *pane, const AiotopTable *columns)
{
    *pane = (Pane){
        .table = columns,
        .sort = aiotop_table_find(columns, columns->sort),
        .rows = g_array_new(FALSE, FALSE, sizeof(PaneRow)),
    };
    for (unsigned i = 0; i < AIOTOP_N_ORIGINS; i++) {
        pane->columns_of[i] = aiotop_table_default_columns(columns, i);
    }
    pane->columns = pane->columns_of[pane->origin];
}

void pane_clear(Pane *pane)
{
    for (unsigned i = 0; i < AIOTOP_N_ORIGINS; i++) {
        g_ptr_array_unref(pane->columns_of[i]);
    }
    g_array_unref(pane->rows);
}

static void replace_all(GPtrArray *columns, GPtrArray *others)
{
    g_ptr_array_set_size(columns, 0);
    g_ptr_array_extend(columns, others, NULL, NULL);
}

void pane_set_columns(Pane *pane, GPtrArray *columns)
{
    for (unsigned i = 0; i < AIOTOP_N_ORIGINS; i++) {
        replace_all(pane->columns_of[i], columns);
    }
}

void pane_set_origin(Pane *pane, AiotopOrigin origin)
{
    if (origin != pane->origin) {
        pane->origin = origin;
        pane->columns = pane->columns_of[origin];
        pane->skip = 0;
    }
}

bool pane_has_column(const Pane *pane, const AiotopColumn *column)
{
    return g_ptr_array_find(pane->columns, column, NULL);
}

/* A column that is shown again comes back to its place in the table */
void pane_toggle_column(Pane *pane, const AiotopColumn *column)
{
    unsigned at = 0;

    if (g_ptr_array_remove(pane->columns, (gpointer)column)) {
        return;
    }
    while (at < pane->columns->len && (const AiotopColumn *)g_ptr_array_index(
                                          pane->columns, at) < column) {
        at++;
    }
    g_ptr_array_insert(pane->columns, at, (gpointer)column);
}

bool pane_move_column(Pane *pane, const AiotopColumn *column, int direction)
{
    guint at;

    if (!g_ptr_array_find(pane->columns, column, &at) ||
        (direction < 0 ? at == 0 : at + 1 == pane->columns->len)) {
        return false;
    }
    g_ptr_array_remove_index(pane->columns, at);
    g_ptr_array_insert(pane->columns, at + direction, (gpointer)column);
    return true;
}

/* Refreshes since it did something; it does nothing now */
static unsigned silent_for(const PaneInput *input, const Track *track)
{
    if (!track->active) {
        return UINT_MAX;
    }
    return input->now > track->active ? input->now - track->active : 1;
}

/* A source that did nothing lately may stay for a while */
static bool keeps(const AiotopRow *source, const void *opaque)
{
    const PaneInput *input = opaque;
    const Track *loop =
        tracks_get_loop(input->tracks, source->sample->now, source->loop->now);
    const Track *track =
        tracks_get_source(input->tracks, loop, source->source->now);

    return track == input->kept || silent_for(input, track) <= TRACK_LINGER;
}

static void add_row(Pane *pane, const PaneInput *input, PaneRow *row)
{
    bool active =
        !row->row.source || aiotop_source_sample_active(row->row.source);
    AiotopFilter filter = input->filter;

    if (row->ended || !active) {
        row->silent = silent_for(input, row->track);
    }
    if (row->ended && row->silent > TRACK_LINGER && !filter.silent &&
        !(pane->chosen && row->track == pane->selected)) {
        return;
    }
    filter.keeps = keeps;
    filter.opaque = input;
    if (aiotop_filter_passes(&filter, &row->row)) {
        g_array_append_val(pane->rows, *row);
    }
}

/* The rows of a loop: itself, or its sources */
static void add_loop(Pane *pane, const PaneInput *input,
                     const AiotopSample *sample, unsigned index, bool ended)
{
    const AiotopLoopSample *loop = &sample->loops[index];
    PaneRow row = {
        .row = { .sample = sample, .loop = loop },
        .loop_track = tracks_get_loop(input->tracks, sample->now, loop->now),
        .ended = ended,
    };

    if (pane->table == &aiotop_loop_table) {
        row.track = row.loop_track;
        if (!ended) {
            row.track->index = index;
        }
        add_row(pane, input, &row);
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
        add_row(pane, input, &row);
    }
}

static bool has_loop(const AiotopSample *sample, const AiotopLoop *loop)
{
    return aiotop_snapshot_find_loop(sample->now, loop);
}

static void add_ended(Pane *pane, const PaneInput *input)
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
                add_loop(pane, input, sample, j, true);
            }
        }
    }
}

static void add_headings(Pane *pane)
{
    for (unsigned i = 0; i < pane->rows->len; i++) {
        PaneRow heading = *pane_row(pane, i);

        if (i && pane_row(pane, i - 1)->loop_track == heading.loop_track) {
            continue;
        }
        heading.heading = true;
        heading.track = NULL;
        heading.row.source = NULL;
        g_array_insert_val(pane->rows, i, heading);
        i++;
    }
}

static void select_row(Pane *pane, int index, int direction)
{
    int n = pane->rows->len;

    index = CLAMP(index, 0, MAX(n - 1, 0));
    if (index < n && pane_row(pane, index)->heading) {
        index += index == 0 || direction > 0 ? 1 : -1;
    }
    pane->cursor = index;
    pane->selected = index < n ? pane_row(pane, index)->track : NULL;
}

static void find_selected(Pane *pane)
{
    for (unsigned i = 0; i < pane->rows->len && pane->chosen; i++) {
        if (pane_row(pane, i)->track == pane->selected) {
            pane->cursor = i;
            return;
        }
    }
    /* If it is gone: what is in its place now */
    select_row(pane, pane->chosen ? pane->cursor : 0, 1);
}

void pane_build(Pane *pane, const PaneInput *input)
{
    bool of_sources = pane->table == &aiotop_source_table;
    const AiotopSample *sample = input->sample;

    g_array_set_size(pane->rows, 0);
    for (unsigned i = 0; i < sample->n_loops; i++) {
        add_loop(pane, input, sample, i, false);
    }
    add_ended(pane, input);
    pane_sort_rows(pane, input->grouped && of_sources,
                   sample->cumulative || sample->since_reset);
    if (input->top && of_sources && pane->rows->len > input->top) {
        g_array_set_size(pane->rows, input->top);
    }
    if (input->grouped && of_sources) {
        add_headings(pane);
    }
    find_selected(pane);
    pane_measure(pane, input);
}

void pane_begin_rows(Pane *pane)
{
    g_array_set_size(pane->rows, 0);
}

void pane_end_rows(Pane *pane, const PaneInput *input)
{
    pane_sort_rows(pane, false, false);
    find_selected(pane);
    pane_measure(pane, input);
}

void pane_empty(Pane *pane)
{
    g_array_set_size(pane->rows, 0);
    pane->selected = NULL;
    pane->chosen = false;
    pane->cursor = 0;
    pane->top = 0;
    pane->longest = (PaneLongest){ 0 };
    pane->longest_of_all = (PaneLongest){ 0 };
}

const PaneRow *pane_selected(const Pane *pane)
{
    const PaneRow *row;

    if (!pane->selected || pane->cursor >= pane->rows->len) {
        return NULL;
    }
    row = pane_row(pane, pane->cursor);
    return row->track == pane->selected ? row : NULL;
}

void pane_choose(Pane *pane, int index, int direction)
{
    pane->chosen = true;
    select_row(pane, index, direction);
}

void pane_unchoose(Pane *pane)
{
    pane->chosen = false;
    select_row(pane, 0, 1);
}

void pane_move(Pane *pane, int rows)
{
    pane_choose(pane, (int)pane->cursor + rows, rows);
}

bool pane_search(Pane *pane, const GRegex *regex, int direction)
{
    g_autoptr(GHashTable) match_cache = g_hash_table_new(NULL, NULL);

    for (unsigned i = 0; i < pane->rows->len; i++) {
        int n = pane->rows->len, step = i + ABS(direction);
        unsigned at =
            ((int)pane->cursor + (direction < 0 ? n - step : step)) % n;
        const PaneRow *row = pane_row(pane, at);

        if (!row->heading &&
            aiotop_row_matches(&row->row, regex, match_cache)) {
            pane_choose(pane, at, 1);
            return true;
        }
    }
    return false;
}

void pane_scroll(Pane *pane, int height)
{
    unsigned rows = MAX(height, 1);
    unsigned n = pane->rows->len;

    if (pane->cursor < pane->top) {
        pane->top = pane->cursor;
    }
    if (pane->cursor >= pane->top + rows) {
        pane->top = pane->cursor - rows + 1;
    }
    pane->top = MIN(pane->top, n > rows ? n - rows : 0);
    /* The heading of the first group */
    if (pane->top == 1 && pane->cursor < rows && pane_row(pane, 0)->heading) {
        pane->top = 0;
    }
}
