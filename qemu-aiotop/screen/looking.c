/*
 * What keys do: what is shown, of when, and how
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "looking.h"

#include "state/prompt.h"
#include "state/vms.h"

void action_clear(Ui *ui)
{
    if (ui->search) {
        g_clear_pointer(&ui->search, g_regex_unref);
        g_clear_pointer(&ui->search_text, g_free);
    } else if (ui->filter_text) {
        ui_set_filter(ui, NULL, NULL);
    } else if (ui_pane(ui)->chosen || !ui->from_vms) {
        pane_unchoose(ui_pane(ui));
    } else {
        ui->wants |= UI_WANT_VMS;
    }
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
        ui_say(ui, true, "Nothing to search for yet: press F3");
    } else if (!pane_search(ui_pane(ui), ui->search, direction)) {
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

void action_silent(Ui *ui)
{
    ui->query.silent = !ui->query.silent;
    ui_say(ui, false,
           ui->query.silent ? "All sources, also those that do nothing"
                            : "Only sources that do something");
    ui->stale = true;
}

void action_pause(Ui *ui)
{
    if (ui->in_vms) {
        vms_set_paused(ui, !ui->frozen);
        return;
    }
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
        ui_say(ui, true, "No reset: no sample came so far");
    }
    ui->stale = true;
}

void action_delay(Ui *ui)
{
    g_autofree char *seconds = g_strdup_printf("%g", ui->interval_ms / 1000.0);

    prompt_open(ui, UI_DELAY, seconds);
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

void action_save(Ui *ui)
{
    ui->wants |= UI_WANT_SAVE;
}
