/*
 * The mouse
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "mouse.h"

#include "dispatch.h"
#include "draw/key.h"
#include "state/item.h"
#include "state/layout.h"
#include "state/list.h"
#include "state/update.h"
#include "views/view.h"

static void click_head(Ui *ui, Pane *pane, int x)
{
    PaneSlot slots[PANE_MAX_SLOTS];
    bool more;
    unsigned n = pane_fit(pane, ui->width, slots, &more);

    for (unsigned i = 0; i < n; i++) {
        if (x < slots[i].x || x >= slots[i].x + slots[i].width ||
            !slots[i].column) {
            continue;
        }
        pane_sort_by(pane, slots[i].column,
                     pane->sort == slots[i].column && !pane->reverse);
        ui->stale = true;
    }
}

static void click_panes(Ui *ui, int y, int x)
{
    UiLayout layout = ui_layout(ui);
    bool in_sources = y >= layout.sources_y;
    Pane *pane = in_sources ? &ui->sources : &ui->loops;
    int line = y - (in_sources ? layout.sources_y : layout.loops_y);
    int rows = in_sources ? layout.sources_height : layout.loops_height;
    unsigned row = pane->top + MAX(line, 1) - 1;

    if (line < 0 || line >= rows) {
        return;
    }
    if (line == 0) {
        click_head(ui, pane, x);
    } else if (row < pane->rows->len && !pane_row(pane, row)->heading) {
        bool again = ui->in_sources == in_sources && pane->cursor == row &&
                     pane->selected;

        pane_choose(pane, row, 1);
        ui->in_sources = in_sources;
        if (again) {
            ui_key(ui, KEYCODE_ENTER);
        }
    }
}

static void click_table(Ui *ui, int line, int x)
{
    unsigned row = ui->vms.top + MAX(line, 1) - 1;

    if (line == 0) {
        click_head(ui, &ui->vms, x);
    } else if (line > 0 && row < ui->vms.rows->len) {
        bool again = ui->vms.chosen && ui->vms.cursor == row;

        pane_choose(&ui->vms, row, 1);
        if (again) {
            ui_key(ui, KEYCODE_ENTER);
        }
    }
}

static void wheel_panes(Ui *ui, int y, int rows)
{
    UiLayout layout = ui_layout(ui);

    if (y >= layout.loops_y && y < layout.sources_y) {
        pane_move(&ui->loops, rows);
    } else if (y >= layout.sources_y && y < layout.sources_y +
                                                layout.sources_height +
                                                layout.charts_height) {
        pane_move(&ui->sources, rows);
    }
}

static void click_list(Ui *ui, int line)
{
    unsigned index = ui->list_top + line - 1;

    /* Its first line is the title */
    if (line > 0 && index < list_length(ui)) {
        bool again = ui->list_cursor == index;

        ui->list_cursor = index;
        if (again) {
            ui_key(ui, KEYCODE_ENTER);
        }
    }
}

static void click_body(Ui *ui, int y, int x)
{
    int line = y - ui_body_y(ui);

    if (line < 0 || line >= ui_body_height(ui)) {
        return;
    }
    switch (ui_views[ui->view].kind) {
    case UI_PANES:
        click_panes(ui, y, x);
        break;
    case UI_TABLE:
        click_table(ui, y - ui_table_y(ui), x);
        break;
    case UI_ITEMS:
        if (items_click(ui, ui->page_top + line)) {
            ui_key(ui, KEYCODE_ENTER);
        }
        break;
    case UI_LIST:
        click_list(ui, line);
        break;
    case UI_PAGE:
        break;
    }
}

static void click(Ui *ui, int y, int x)
{
    unsigned key;

    if (y != ui->height - 1) {
        click_body(ui, y, x);
        return;
    }
    key = ui->prompt ? 0 : view_footer_key(ui, x);
    if (key) {
        ui_key(ui, key);
    }
}

/* Moves what is below the pointer, by one line up or down */
static void wheel(Ui *ui, int y, int direction)
{
    if (ui->view == UI_MAIN) {
        wheel_panes(ui, y, direction);
    } else {
        ui_key(ui, direction < 0 ? KEYCODE_UP : KEYCODE_DOWN);
    }
}

void ui_mouse(Ui *ui, UiMouse what, int y, int x)
{
    update_derived(ui);
    switch (what) {
    case UI_MOUSE_CLICK:
        click(ui, y, x);
        break;
    case UI_MOUSE_WHEEL_UP:
        wheel(ui, y, -1);
        break;
    case UI_MOUSE_WHEEL_DOWN:
        wheel(ui, y, 1);
        break;
    }
}
