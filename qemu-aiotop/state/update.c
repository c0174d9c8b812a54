/*
 * What follows from the state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "update.h"

#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/text/escape.h>

#include "item.h"
#include "layout.h"
#include "list.h"
#include "opened.h"
#include "vms.h"

#include <qemu-aiotop/diagnose/missing.h>

/* Both tables begin in the same cell, and do not jump when a word comes */
static void find_marks(Ui *ui)
{
    bool any = ui->feed.ended->len;
    bool marked;

    for (unsigned i = 0; i < AIOTOP_N_MARKS && !any; i++) {
        any = ui->totals.n_marks[i];
    }
    if (any) {
        ui->marked_at = ui->feed.shown_at;
    }
    marked =
        ui->marked_at && ui->feed.shown_at - ui->marked_at <= PANE_MARK_STAYS;
    ui->loops.marked = marked;
    ui->sources.marked = marked;
}

/* How much room the states of stuck loops take */
static void find_stuck_width(Ui *ui, const AiotopSample *sample)
{
    const AiotopColumn *state = aiotop_table_find(&aiotop_loop_table, "state");
    g_autoptr(GString) text = g_string_new(NULL);
    uint64_t limit_ns = aiotop_rule_stall_ns(sample->now, ui->stall_ns);

    ui->loops.stuck_width = 0;
    for (unsigned i = 0; i < sample->n_loops; i++) {
        AiotopRow row = { sample, &sample->loops[i], NULL };
        char buffer[AIOTOP_VALUE_BUFFER];
        AiotopValue value;

        if (aiotop_rule_stuck(row.sample, row.loop, limit_ns)) {
            value = state->get(&row, buffer);
            g_string_truncate(text, 0);
            aiotop_value_append(text, state->unit, &value, true);
            ui->loops.stuck_width =
                MAX(ui->loops.stuck_width, aiotop_text_width(text->str));
        }
    }
}

/* There is nothing to select in an empty table */
static void set_origin(Ui *ui, AiotopOrigin origin)
{
    bool had_sources = ui->loops.origin != AIOTOP_ORIGIN_HOST;
    bool has_sources = origin != AIOTOP_ORIGIN_HOST;

    pane_set_origin(&ui->loops, origin);
    pane_set_origin(&ui->sources, origin);
    if (has_sources != had_sources) {
        ui->in_sources = has_sources;
    }
}

/* Once: why columns that the user chose are empty */
static void tell_denied(Ui *ui, const AiotopSnapshot *snapshot)
{
    if (snapshot->denied && !snapshot->host_only && !ui->told_denied &&
        aiotop_columns_need_permission(ui->loops.columns)) {
        ui->told_denied = true;
        ui_say(ui, true, "Not shown: %s", aiotop_missing_permission());
    }
}

static void find_rows(Ui *ui)
{
    g_autoptr(GHashTable) match_cache = g_hash_table_new(NULL, NULL);
    PaneInput input = {
        .sample = feed_shown(&ui->feed),
        .ended = ui->feed.ended,
        .tracks = ui->feed.tracks,
        .now = ui->feed.shown_at,
        .filter = aiotop_query_filter(&ui->query),
        .kept = ui->sources.chosen ? ui->sources.selected : NULL,
        .top = ui->query.top,
        .grouped = ui->grouped,
    };

    ui->stale = false;
    if (ui->in_vms) {
        vms_find_rows(ui);
        return;
    }
    input.filter.match_cache = match_cache;
    if (!input.sample) {
        return;
    }
    set_origin(ui, aiotop_snapshot_origin(input.sample->now));
    tracks_clear_indexes(input.tracks);
    pane_build(&ui->loops, &input);
    pane_build(&ui->sources, &input);
    ui->totals = totals_count(input.sample, ui->stall_ns);
    find_marks(ui);
    find_stuck_width(ui, input.sample);
    tell_denied(ui, input.sample->now);
}

void update_derived(Ui *ui)
{
    if (ui->stale) {
        find_rows(ui);
        opened_describe(ui);
        /* They are of the sample that is shown */
        items_find(ui);
    }
}

void update_before_drawing(Ui *ui)
{
    UiLayout layout;

    update_derived(ui);
    switch (ui_views[ui->view].kind) {
    case UI_PANES:
        layout = ui_layout(ui);
        pane_scroll(&ui->loops, layout.loops_height - 1);
        pane_scroll(&ui->sources, layout.sources_height - 1);
        break;
    case UI_TABLE:
        ui->cause_lines = vms_cause_lines(ui);
        pane_scroll(&ui->vms, ui_table_height(ui) - 1);
        break;
    case UI_LIST:
        list_scroll(ui);
        break;
    case UI_PAGE:
    case UI_ITEMS:
        /* Until it is composed nobody knows how long it is */
        break;
    }
}
