/*
 * Requests in flight and what else is awaited; and QEMU's threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/table/awaited.h>

#include "view.h"

/* The tables, those that have rows, with what there is to say of them */
static int put_tables(const Ui *ui, Canvas *page,
                      const AiotopTable *const *tables, unsigned n_selectable)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    unsigned n_items = 0;
    int y = 0;

    if (!sample) {
        canvas_put(page, 0, 0, page->width, STYLE_DIM,
                   "No sample came so far: the header says why");
        return 1;
    }
    for (unsigned i = 0; tables[i]; i++) {
        const char *none = aiotop_awaited_none(tables[i], sample);
        g_autoptr(GArray) rows = aiotop_awaited_rows(tables[i], sample);
        g_autofree char *remark = aiotop_awaited_remark(tables[i], sample);

        if (none) {
            y = view_paragraph(page, y, 0, STYLE_DIM, none) + 1;
        } else if (rows->len) {
            y = view_rows(ui, page, y, tables[i], rows,
                          i < n_selectable ? (int)n_items : -1);
            n_items += rows->len;
            if (remark) {
                y = view_paragraph(page, y, 0, STYLE_DIM, remark);
            }
            y++;
        }
    }
    return MAX(y - 1, 1);
}

/* Nodes and requests can be selected: they are the first two tables */
static int compose_requests(const Ui *ui, Canvas *page)
{
    return put_tables(ui, page, aiotop_awaited_tables, 2);
}

static int compose_threads(const Ui *ui, Canvas *page)
{
    return put_tables(ui, page, aiotop_thread_tables, 1);
}

const View view_requests = {
    .compose = compose_requests,
};

const View view_threads = {
    .compose = compose_threads,
};
