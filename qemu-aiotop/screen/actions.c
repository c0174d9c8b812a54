/*
 * What keys do
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "actions.h"

#include <inttypes.h>
#include <string.h>
#include <qemu-aiotop/host/discover.h>

#include "state/item.h"
#include "state/prompt.h"
#include "views/view.h"

void action_help(Ui *ui)
{
    ui_open(ui, UI_HELP);
}

void action_details(Ui *ui)
{
    Table *table = ui_table(ui);
    const TableRow *row = table_selected(table);

    if (row) {
        table->chosen = true;
        ui_open(ui, ui->in_sources ? UI_SOURCE : UI_LOOP);
        ui->opened = row->track;
    } else {
        ui_say(ui, true, "No details: no row is selected");
    }
}

void action_diagnosis(Ui *ui)
{
    ui_open(ui, UI_DIAGNOSIS);
}

void action_stalls(Ui *ui)
{
    ui_open(ui, UI_STALLS);
}

static void pick_process(Ui *ui)
{
    const AiotopProcess *process =
        g_ptr_array_index(ui->processes, ui->list_cursor);

    ui->picked_pid = process->pid;
    ui->wants |= UI_WANT_PICKED;
    ui_forget(ui);
}

/* The list has those that are shown first, in their order */
static void select_column(Ui *ui, const AiotopColumn *column)
{
    const Table *table = ui_table(ui);

    for (unsigned i = 0; i < table->table->n_columns; i++) {
        if (view_column(ui, i) == column) {
            ui->list_cursor = i;
        }
    }
}

static void toggle_column(Ui *ui, Table *table)
{
    const AiotopColumn *column = view_column(ui, ui->list_cursor);

    table_toggle_column(table, column);
    select_column(ui, column);
}

static void move_column(Ui *ui, int direction)
{
    const AiotopColumn *column = view_column(ui, ui->list_cursor);

    if (table_move_column(ui_table(ui), column, direction)) {
        select_column(ui, column);
        ui->stale = true;
    } else {
        ui_say(ui, true, "No room to move %s there", column->header);
    }
}

void action_column_up(Ui *ui)
{
    move_column(ui, -1);
}

void action_column_down(Ui *ui)
{
    move_column(ui, 1);
}

void action_list_enter(Ui *ui)
{
    Table *table = ui_table(ui);

    if (ui->list_cursor >= ui_view_ops(ui->view)->count(ui)) {
        return;
    }
    ui->stale = true;
    switch (ui->view) {
    case UI_COLUMNS:
        toggle_column(ui, table);
        break;
    case UI_SORT:
        table->sort = &table->table->columns[ui->list_cursor];
        table->reverse = false;
        table->locked = false;
        ui_back(ui);
        break;
    case UI_PICKER:
        pick_process(ui);
        break;
    default:
        g_assert_not_reached();
    }
}

void action_back(Ui *ui)
{
    ui_back(ui);
}

void action_leave_picker(Ui *ui)
{
    if (ui->watching) {
        ui_back(ui);
    } else {
        ui->wants |= UI_WANT_QUIT;
    }
}

void action_picker(Ui *ui)
{
    ui->wants |= UI_WANT_PROCESSES;
    ui_open(ui, UI_PICKER);
}

/* What stands beside it in the table, which selects it as well */
static void open_beside(Ui *ui, int direction)
{
    Table *table = ui->view == UI_SOURCE ? &ui->sources : &ui->loops;
    int at = table->cursor;

    for (unsigned i = 0; i < table->rows->len; i++) {
        if (table_row(table, i)->track == ui->opened) {
            at = i;
        }
    }
    do {
        at += direction;
    } while (at >= 0 && at < (int)table->rows->len &&
             table_row(table, at)->heading);
    if (at < 0 || at >= (int)table->rows->len) {
        ui_say(ui, true, "This is the %s %s in the table",
               direction < 0 ? "first" : "last", table->table->name);
        return;
    }
    table_choose(table, at, direction);
    ui->opened = table->selected;
    ui->page_top = 0;
    ui->stale = true;
}

void action_previous(Ui *ui)
{
    open_beside(ui, -1);
}

void action_next(Ui *ui)
{
    open_beside(ui, 1);
}

void action_clear(Ui *ui)
{
    if (ui->search) {
        g_clear_pointer(&ui->search, g_regex_unref);
        g_clear_pointer(&ui->search_text, g_free);
    } else if (ui->filter_text) {
        ui_set_filter(ui, NULL, NULL);
    } else {
        table_unchoose(ui_table(ui));
    }
}

void action_next_pane(Ui *ui)
{
    ui->in_sources = !ui->in_sources;
}

void action_filter(Ui *ui)
{
    prompt_open(ui, UI_FILTER, ui->filter_text);
}

void action_search(Ui *ui)
{
    prompt_open(ui, UI_SEARCH, ui->search_text);
}

static void search_beside(Ui *ui, int direction)
{
    if (!ui->search) {
        ui_say(ui, true, "Nothing to search for yet: F3");
    } else if (!table_search(ui_table(ui), ui->search, direction)) {
        ui_say(ui, true, "No match: %s", ui->search_text);
    }
}

void action_search_next(Ui *ui)
{
    search_beside(ui, 1);
}

void action_search_previous(Ui *ui)
{
    search_beside(ui, -1);
}

static void say_sort(Ui *ui)
{
    const Table *table = ui_table(ui);

    ui_say(ui, false, "Sorted by %s: %s%s", table->sort->header,
           table->sort->help, table->reverse ? " (reversed)" : "");
    ui->stale = true;
}

static void sort_by(Ui *ui, const char *name)
{
    Table *table = ui_table(ui);

    table->sort = aiotop_table_find(table->table, name);
    table->reverse = false;
    table->locked = false;
    say_sort(ui);
}

static void sort_beside(Ui *ui, int direction)
{
    Table *table = ui_table(ui);

    table_sort_next(table, direction);
    table->locked = false;
    say_sort(ui);
}

void action_sort_left(Ui *ui)
{
    sort_beside(ui, -1);
}

void action_sort_right(Ui *ui)
{
    sort_beside(ui, 1);
}

void action_sort(Ui *ui)
{
    const Table *table = ui_table(ui);

    ui_open(ui, UI_SORT);
    ui->list_cursor = table->sort - table->table->columns;
}

void action_reverse(Ui *ui)
{
    Table *table = ui_table(ui);

    table->reverse = !table->reverse;
    table->locked = false;
    say_sort(ui);
}

void action_sort_busy(Ui *ui)
{
    sort_by(ui, ui->in_sources        ? "busy"
                : ui->loops.host_only ? "cpu"
                                      : "dispatch");
}

void action_sort_name(Ui *ui)
{
    sort_by(ui, ui->in_sources ? "name" : "loop");
}

void action_lock(Ui *ui)
{
    bool locked = !ui_table(ui)->locked;

    ui->loops.locked = locked;
    ui->sources.locked = locked;
    ui->stale = true;
}

void action_group(Ui *ui)
{
    ui->grouped = !ui->grouped;
    ui_say(ui, false, ui->grouped ? "Grouped by loop" : "Not grouped");
    ui->stale = true;
}

void action_silent(Ui *ui)
{
    ui->selection.silent = !ui->selection.silent;
    ui_say(ui, false,
           ui->selection.silent ? "All sources, also those that do nothing"
                                : "Only sources that do something");
    ui->stale = true;
}

void action_pause(Ui *ui)
{
    feed_set_paused(&ui->feed, !ui->feed.paused);
    ui->stale = true;
}

/* The interval, since the reset if there was one, since profiling began */
void action_cumulative(Ui *ui)
{
    Feed *feed = &ui->feed;

    if (feed->cumulative && feed->start) {
        feed_drop_reset(feed);
    } else {
        feed_set_cumulative(feed, !feed->cumulative);
    }
    ui_say(ui, false, "%s",
           !feed->cumulative ? "The last interval"
           : feed->start     ? "Since the reset; c again: since profiling began"
                             : "Since profiling began; CPU% and RUNQ% are known"
                               " of intervals only");
    ui->stale = true;
}

void action_reset(Ui *ui)
{
    if (feed_reset(&ui->feed)) {
        ui_say(ui, false,
               "Figures and MAX begin now; c: since profiling"
               " began, or the last interval");
    } else {
        ui_say(ui, true, "No reset: nothing came so far");
    }
    ui->stale = true;
}

/* It is under way: a key that repeats is not to stop the thread as often */
static bool is_being_read(const UiStack *stack)
{
    return stack->number && !stack->frames && !stack->error;
}

/* That of a loop, or of another thread; NULL if it is not there any more */
static const char *thread_name(const AiotopSample *sample, int64_t thread_id)
{
    const AiotopBql *bql = &sample->now->bql;

    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (sample->loops[i].now->thread_id == thread_id) {
            return sample->loops[i].now->name;
        }
    }
    for (unsigned i = 0; i < bql->n_threads; i++) {
        if (bql->threads[i].thread_id == thread_id) {
            return bql->threads[i].name;
        }
    }
    return NULL;
}

static void ask_for_stack(Ui *ui, int64_t thread_id, const char *name)
{
    UiStack *stack = &ui->stack;
    g_autofree char *copy = g_strdup(name);

    if (!ui->local.pid) {
        ui_say(ui, true,
               ui->link.state == AIOTOP_SAMPLER_LOST
                   ? "No stack: not connected to QEMU, which may have ended"
                   : "No stack: QEMU is not known to be a process of this"
                     " host");
        return;
    }
    if (ui->view != UI_STACK) {
        ui_open(ui, UI_STACK);
    }
    if (is_being_read(stack) && stack->tid == thread_id) {
        return;
    }
    g_clear_pointer(&stack->frames, g_ptr_array_unref);
    g_clear_pointer(&stack->error, g_free);
    g_free(stack->name);
    stack->name = g_steal_pointer(&copy);
    stack->number++;
    stack->process = ui->local;
    stack->tid = thread_id;
    ui->wants |= UI_WANT_STACK;
}

void action_stack(Ui *ui)
{
    const AiotopLoopSample *loop = view_opened_thread(ui);

    if (ui->view == UI_STACK) {
        ask_for_stack(ui, ui->stack.tid, ui->stack.name);
    } else if (loop) {
        ask_for_stack(ui, loop->now->thread_id, loop->now->name);
    } else {
        ui_say(ui, true, "No stack: the loop is not there any more");
    }
}

void action_stack_of_row(Ui *ui)
{
    const TableRow *row = table_selected(ui_table(ui));

    if (!row) {
        ui_say(ui, true, "No stack: no row is selected");
    } else if (row->ended) {
        ui_say(ui, true, "No stack: the loop is not there any more");
    } else {
        ask_for_stack(ui, row->row.loop->now->thread_id,
                      row->row.loop->now->name);
    }
}

void action_stack_of_item(Ui *ui)
{
    const UiItem *item = items_selected(ui);
    const char *name = NULL;

    if (!item) {
        ui_say(ui, true, "No stack: nothing is selected");
    } else if (item->stack_thread_id <= 0) {
        ui_say(ui, true, "No stack: this is about no thread");
    } else {
        name = thread_name(feed_shown(&ui->feed), item->stack_thread_id);
        if (name) {
            ask_for_stack(ui, item->stack_thread_id, name);
        } else {
            ui_say(ui, true, "No stack: thread %" PRId64 " has ended",
                   item->stack_thread_id);
        }
    }
}

static const AiotopLoopSample *find_loop(const AiotopSample *sample,
                                         const UiItem *item)
{
    for (unsigned i = 0; i < sample->n_loops; i++) {
        const AiotopLoop *loop = sample->loops[i].now;

        if (loop->thread_id == item->thread_id &&
            strcmp(loop->name, item->loop) == 0) {
            return &sample->loops[i];
        }
    }
    return NULL;
}

void action_open_item(Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    const UiItem *item = items_selected(ui);
    const AiotopLoopSample *loop = NULL;
    Track *track;

    if (!item) {
        ui_say(ui, true, "No details: nothing is selected");
        return;
    }
    if (!item->loop) {
        ui_say(ui, true, "No details: this is about all loops");
        return;
    }
    loop = find_loop(sample, item);
    if (!loop) {
        ui_say(ui, true, "No details: %s is not there any more", item->loop);
        return;
    }
    track = tracks_get_loop(ui->feed.tracks, sample->now, loop->now);
    if (item->source) {
        track = tracks_get_source(ui->feed.tracks, track, item->source);
    }
    ui_open(ui, item->source ? UI_SOURCE : UI_LOOP);
    ui->opened = track;
}

void action_delay(Ui *ui)
{
    g_autofree char *seconds = g_strdup_printf("%g", ui->interval_ms / 1000.0);

    prompt_open(ui, UI_DELAY, seconds);
}

void action_columns(Ui *ui)
{
    ui_open(ui, UI_COLUMNS);
}

void action_scroll_left(Ui *ui)
{
    Table *table = ui_table(ui);

    table->skip -= table->skip > 0;
}

void action_scroll_right(Ui *ui)
{
    Table *table = ui_table(ui);

    if (table->skip + 2 < table->columns->len) {
        table->skip++;
    }
}

/* Moves by lines in whatever is shown */
static void move(Ui *ui, int lines)
{
    const ViewOps *ops = ui_view_ops(ui->view);

    if (ops->count) {
        int n = ops->count(ui);

        ui->list_cursor = CLAMP((int)ui->list_cursor + lines, 0, MAX(n - 1, 0));
    } else if (ops->find_items && ABS(lines) == 1) {
        items_move(ui, lines);
    } else if (ops->find_items) {
        items_page(ui, lines);
    } else if (ops->compose) {
        ui->page_top = CLAMP(ui->page_top + lines, 0,
                             MAX(ui->page_lines - ui_body_height(ui), 0));
    } else {
        table_move(ui_table(ui), lines);
    }
}

static int page_lines(const Ui *ui)
{
    return ui->view == UI_MAIN ? view_main_rows(ui)
                               : MAX(ui_body_height(ui) - 1, 1);
}

/* More than there are lines of anything */
#define ALL_LINES 1000000

void action_up(Ui *ui)
{
    move(ui, -1);
}

void action_down(Ui *ui)
{
    move(ui, 1);
}

void action_page_up(Ui *ui)
{
    move(ui, -page_lines(ui));
}

void action_page_down(Ui *ui)
{
    move(ui, page_lines(ui));
}

void action_home(Ui *ui)
{
    move(ui, -ALL_LINES);
}

void action_end(Ui *ui)
{
    move(ui, ALL_LINES);
}

void action_save(Ui *ui)
{
    ui->wants |= UI_WANT_SAVE;
}

void action_color(Ui *ui)
{
    if (!ui->color_possible) {
        ui_say(ui, true, "This terminal has no colours");
        return;
    }
    ui->color = !ui->color;
    ui->color_wanted = ui->color;
}

void action_redraw(Ui *ui)
{
    ui->wants |= UI_WANT_REDRAW;
}

void action_quit(Ui *ui)
{
    ui->wants |= UI_WANT_QUIT;
}
