/*
 * What keys do: open a view, and go back
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "opening.h"

#include <string.h>

#include "state/awaiting.h"
#include "state/item.h"
#include "state/trail.h"
#include "state/vms.h"

void action_help(Ui *ui)
{
    ui_open(ui, UI_HELP);
}

void action_details(Ui *ui)
{
    Pane *pane = ui_pane(ui);
    const PaneRow *row = pane_selected(pane);

    if (row) {
        pane->chosen = true;
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

void action_requests(Ui *ui)
{
    bool details = ui->view == UI_LOOP || ui->view == UI_SOURCE;
    g_autofree char *node = details ? awaiting_first_behind(ui) : NULL;

    ui_open(ui, UI_REQUESTS);
    if (node) {
        g_free(ui->item_identity);
        ui->item_identity = g_steal_pointer(&node);
    }
}

void action_threads(Ui *ui)
{
    ui_open(ui, UI_THREADS);
}

void action_vms(Ui *ui)
{
    ui->wants |= UI_WANT_VMS;
}

void action_open_vm(Ui *ui)
{
    const AiotopVerdict *verdict = vms_selected(ui);

    if (!verdict) {
        ui_say(ui, true, "Nothing to watch: no row is selected");
        return;
    }
    ui->vms.chosen = true;
    ui->picked = verdict->vm->process;
    ui->wants |= UI_WANT_PICKED;
    ui_leave_vms(ui);
}

/* What stands beside it in the table, which selects it as well */
static void open_beside(Ui *ui, int direction)
{
    Pane *pane = ui->view == UI_SOURCE ? &ui->sources : &ui->loops;
    int at = pane->cursor;

    for (unsigned i = 0; i < pane->rows->len; i++) {
        if (pane_row(pane, i)->track == ui->opened) {
            at = i;
        }
    }
    do {
        at += direction;
    } while (at >= 0 && at < (int)pane->rows->len &&
             pane_row(pane, at)->heading);
    if (at < 0 || at >= (int)pane->rows->len) {
        ui_say(ui, true, "This is the %s %s in the table",
               direction < 0 ? "first" : "last", pane->table->name);
        return;
    }
    pane_choose(pane, at, direction);
    ui->opened = pane->selected;
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

static void open_node(Ui *ui, const char *name)
{
    const char *kept = g_string_chunk_insert_const(ui->names, name);

    ui_open(ui, UI_NODE);
    ui->node = kept;
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
    if (item->node) {
        open_node(ui, item->node);
        return;
    }
    if (!item->loop) {
        ui_say(ui, true, "No details: %s", item->nothing);
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

void action_back(Ui *ui)
{
    ui_back(ui);
}

void action_quit(Ui *ui)
{
    ui->wants |= UI_WANT_QUIT;
}
