/*
 * The trail of views
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "trail.h"

static UiPlace *place(const Ui *ui, unsigned i)
{
    return &g_array_index(ui->trail, UiPlace, i);
}

/* Where it all begins */
static UiView first(const Ui *ui)
{
    return ui->in_vms ? UI_VMS : UI_MAIN;
}

UiView ui_behind(const Ui *ui)
{
    return ui->trail->len ? place(ui, ui->trail->len - 1)->view : first(ui);
}

static void enter(Ui *ui, const UiPlace *there)
{
    ui->view = there->view;
    ui->opened = there->opened;
    ui->node = there->node;
    g_free(ui->item_identity);
    ui->item_identity = g_strdup(there->item);
    ui->list_cursor = there->list_cursor;
    ui->list_top = there->list_top;
    ui->page_top = there->page_top;
    ui->stale = true;
}

void ui_back(Ui *ui)
{
    UiPlace there = { .view = first(ui) };

    if (ui->trail->len) {
        there = *place(ui, ui->trail->len - 1);
        g_array_set_size(ui->trail, ui->trail->len - 1);
    }
    enter(ui, &there);
}

void ui_open(Ui *ui, UiView view)
{
    UiPlace here = {
        .view = ui->view,
        .opened = ui->opened,
        .node = ui->node,
        .item = ui->item_identity
                    ? g_string_chunk_insert_const(ui->names, ui->item_identity)
                    : NULL,
        .list_cursor = ui->list_cursor,
        .list_top = ui->list_top,
        .page_top = ui->page_top,
    };
    UiPlace there = { .view = view, .opened = ui->opened, .node = ui->node };

    /* From findings to stalls and back again is no way */
    if (ui_views[view].kind == UI_ITEMS && ui->trail->len &&
        ui_behind(ui) == view) {
        ui_back(ui);
        return;
    }
    if (ui->trail->len == UI_MAX_TRAIL) {
        g_array_remove_index(ui->trail, 1);
    }
    g_array_append_val(ui->trail, here);
    enter(ui, &there);
}

void trail_clear(Ui *ui)
{
    g_array_set_size(ui->trail, 0);
    enter(ui, &(UiPlace){ .view = first(ui) });
}
