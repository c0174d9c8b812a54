/*
 * What comes from outside
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "arrivals.h"

#include "trail.h"

void ui_take_sample(Ui *ui, AiotopSample *sample)
{
    const Track *keep[UI_MAX_TRAIL + 3] = {
        ui->opened,
        ui->loops.selected,
        ui->sources.selected,
    };

    for (unsigned i = 0; i < ui->trail->len; i++) {
        keep[3 + i] = g_array_index(ui->trail, UiPlace, i).opened;
    }
    feed_take(&ui->feed, sample);
    ui->stale = true;
    /* While paused, rows show what may have ended long ago */
    if (!ui->feed.paused || tracks_crowded(ui->feed.tracks)) {
        tracks_forget(ui->feed.tracks, keep, G_N_ELEMENTS(keep));
    }
}

void ui_forget(Ui *ui)
{
    bool cumulative = ui->feed.cumulative;

    trail_clear(ui);
    g_ptr_array_set_size(ui->items, 0);
    pane_empty(&ui->loops);
    pane_empty(&ui->sources);
    feed_clear(&ui->feed);
    feed_init(&ui->feed);
    feed_set_cumulative(&ui->feed, cumulative);
    ui->stack.number++;
    ui->local = (AiotopIdentity){ 0 };
    ui->uptime_s = 0;
    ui->told_denied = false;
}

void ui_set_link(Ui *ui, const AiotopSamplerStatus *status)
{
    g_free(ui->link.error);
    g_free(ui->link.address);
    ui->link = (UiLink){
        .state = status->state,
        .since_us = status->since_us,
        .retry_us = status->retry_us,
        .malformed = status->malformed,
        .error = status->error ? g_strdup(status->error->message) : NULL,
        .address = g_strdup(status->address),
    };
}

void ui_take_stack(Ui *ui, unsigned number, GPtrArray *frames,
                   const char *error)
{
    g_autoptr(GPtrArray) taken = frames;

    if (number == ui->stack.number) {
        ui->stack.frames = g_steal_pointer(&taken);
        ui->stack.error = g_strdup(error);
    }
}
