/*
 * What keys do
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "actions.h"

#include <qemu-aiotop/discover.h>

#include "prompt.h"
#include "view.h"

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
        ui->opened = row->track;
        ui_open(ui, ui->in_sources ? UI_SOURCE : UI_LOOP);
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
    ui->view = UI_MAIN;
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
        table_toggle_column(table, &table->table->columns[ui->list_cursor]);
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

void action_search_next(Ui *ui)
{
    if (!ui->search) {
        ui_say(ui, true, "Nothing to search for yet: F3");
    } else if (!table_search(ui_table(ui), ui->search, 1)) {
        ui_say(ui, true, "No match: %s", ui->search_text);
    }
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

void action_cumulative(Ui *ui)
{
    feed_set_cumulative(&ui->feed, !ui->feed.cumulative);
    ui->stale = true;
}

/* It is under way: a key that repeats is not to stop the thread as often */
static bool is_being_read(const UiStack *stack)
{
    return stack->number && !stack->frames && !stack->error;
}

void action_stack(Ui *ui)
{
    const AiotopLoopSample *loop = view_opened_thread(ui);

    if (!ui->local.pid) {
        ui_say(ui, true,
               ui->link.state == AIOTOP_SAMPLER_LOST
                   ? "No stack: not connected to QEMU, which may have ended"
                   : "No stack: QEMU is not known to be a process of this"
                     " host");
        return;
    }
    if (!loop) {
        ui_say(ui, true, "No stack: the loop is not there any more");
        return;
    }
    ui_open(ui, UI_STACK);
    if (is_being_read(&ui->stack) && ui->stack.tid == loop->now->thread_id) {
        return;
    }
    g_clear_pointer(&ui->stack.frames, g_ptr_array_unref);
    g_clear_pointer(&ui->stack.error, g_free);
    ui->stack.number++;
    ui->stack.process = ui->local;
    ui->stack.tid = loop->now->thread_id;
    ui->wants |= UI_WANT_STACK;
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
    ui->color = !ui->color;
}

void action_redraw(Ui *ui)
{
    ui->wants |= UI_WANT_REDRAW;
}

void action_quit(Ui *ui)
{
    ui->wants |= UI_WANT_QUIT;
}
