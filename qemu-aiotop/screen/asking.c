/*
 * What keys do: ask for the native stack of a thread
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asking.h"

#include <inttypes.h>

#include "state/item.h"
#include "state/opened.h"
#include "state/trail.h"

/* It is under way: a key that repeats is not to stop the thread as often */
static bool is_being_read(const UiStack *stack)
{
    return stack->number && !stack->frames && !stack->error;
}

/* That of a loop, or of another thread; NULL if it is not there any more */
static const char *thread_name(const AiotopSample *sample, int64_t thread_id)
{
    const AiotopLoopSample *loop = aiotop_sample_find_loop(sample, thread_id);
    const AiotopBql *bql = &sample->now->bql;

    if (loop) {
        return loop->now->name;
    }
    for (unsigned i = 0; i < bql->n_threads; i++) {
        if (bql->threads[i].thread_id == thread_id) {
            return bql->threads[i].name;
        }
    }
    for (unsigned i = 0; i < sample->n_threads; i++) {
        if (sample->threads[i].now->thread_id == thread_id) {
            return sample->threads[i].now->name;
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
    const AiotopLoopSample *loop = opened_thread(ui);

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
    const PaneRow *row = pane_selected(ui_pane(ui));

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
