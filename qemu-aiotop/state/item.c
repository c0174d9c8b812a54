/*
 * Items: what can be selected on a page
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "item.h"

#include "bindings.h"

static void free_item(gpointer opaque)
{
    UiItem *item = opaque;

    g_free(item->key);
    g_free(item->loop);
    g_free(item);
}

GPtrArray *items_new(void)
{
    return g_ptr_array_new_with_free_func(free_item);
}

void items_find(Ui *ui)
{
    const ViewOps *ops = ui_view_ops(ui->view);

    g_ptr_array_set_size(ui->items, 0);
    if (!ops->find_items) {
        return;
    }
    ops->find_items(ui, ui->items);
    for (unsigned i = 0; i < ui->items->len && ui->item_key; i++) {
        const UiItem *item = ui->items->pdata[i];

        if (g_str_equal(item->key, ui->item_key)) {
            ui->item = i;
            return;
        }
    }
    /* If it is gone: what is in its place now */
    ui->item =
        ui->item_key && ui->items->len ? MIN(ui->item, ui->items->len - 1) : 0;
}

const UiItem *items_selected(const Ui *ui)
{
    return ui->item < ui->items->len ? ui->items->pdata[ui->item] : NULL;
}

/* Those that found a place on the page */
static unsigned count(const Ui *ui)
{
    return MIN(ui->items->len, ui->marks->len);
}

static int first_line(const Ui *ui, unsigned i)
{
    return g_array_index(ui->marks, int, i);
}

static int end_line(const Ui *ui, unsigned i)
{
    return i + 1 < count(ui) ? first_line(ui, i + 1) : ui->page_lines;
}

static int max_top(const Ui *ui)
{
    return MAX(ui->page_lines - ui_body_height(ui), 0);
}

static void select_item(Ui *ui, unsigned i)
{
    const UiItem *item = ui->items->pdata[i];

    ui->item = i;
    g_free(ui->item_key);
    ui->item_key = g_strdup(item->key);
}

/* All of it in sight, or as much as there is room for */
static void show(Ui *ui, unsigned i)
{
    int end = MIN(end_line(ui, i), ui->page_lines);

    ui->page_top = MAX(ui->page_top, end - ui_body_height(ui));
    ui->page_top = MIN(ui->page_top, i ? first_line(ui, i) : 0);
}

void items_move(Ui *ui, int direction)
{
    int bottom = ui->page_top + ui_body_height(ui);
    unsigned n = count(ui);

    if (direction > 0) {
        if (ui->item < n && end_line(ui, ui->item) > bottom) {
            ui->page_top++;
        } else if (ui->item + 1 < n) {
            select_item(ui, ui->item + 1);
            show(ui, ui->item);
        }
        return;
    }
    if (ui->item < n && first_line(ui, ui->item) < ui->page_top) {
        ui->page_top--;
    } else if (ui->item > 0 && ui->item <= n) {
        select_item(ui, ui->item - 1);
        /* From its end, if it is a long one */
        ui->page_top =
            MIN(ui->page_top, ui->item ? first_line(ui, ui->item) : 0);
        ui->page_top =
            MAX(ui->page_top, end_line(ui, ui->item) - ui_body_height(ui));
    } else {
        ui->page_top = 0;
    }
}

void items_page(Ui *ui, int lines)
{
    int top = CLAMP(ui->page_top + lines, 0, max_top(ui));
    unsigned n = count(ui), i = 0;

    if (!n) {
        return;
    }
    while (top && i + 1 < n && first_line(ui, i) < top) {
        i++;
    }
    /* Nothing begins in a long one */
    if (i && first_line(ui, i) >= top + ui_body_height(ui)) {
        i--;
    }
    /* At an end there is nothing but the last one to go to */
    if (lines > 0 && (top == ui->page_top || lines >= ui->page_lines)) {
        i = n - 1;
    }
    ui->page_top = top;
    select_item(ui, i);
}

void items_scroll(Ui *ui)
{
    int body = ui_body_height(ui);

    if (ui->item >= count(ui)) {
        return;
    }
    if (first_line(ui, ui->item) >= ui->page_top + body ||
        end_line(ui, ui->item) <= ui->page_top) {
        show(ui, ui->item);
    }
}

void items_click(Ui *ui, int line)
{
    for (unsigned i = 0; i < count(ui); i++) {
        if (line >= first_line(ui, i) && line < end_line(ui, i)) {
            bool again = ui->item == i && ui->item_key;

            select_item(ui, i);
            if (again) {
                ui_key(ui, KEYCODE_ENTER);
            }
            return;
        }
    }
}
