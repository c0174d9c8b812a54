/*
 * The QEMUs of this host, a row each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "state/layout.h"
#include "state/vms.h"
#include "view.h"

/* An empty table says nothing of why it is */
static void draw_none(const Ui *ui, Canvas *canvas, int y)
{
    const GPtrArray *verdicts = vms_shown(ui);

    canvas_put(canvas, y, 2, canvas->width - 2, STYLE_DIM,
               !verdicts       ? "Looking for the QEMUs of this host"
               : verdicts->len ? "No QEMU matches the filter"
                               : "No QEMU is running here");
}

static void draw(const Ui *ui, Canvas *canvas, int y G_GNUC_UNUSED,
                 int height G_GNUC_UNUSED)
{
    view_pane(ui, canvas, &ui->vms, ui_table_y(ui), ui_table_height(ui), true);
    if (!ui->vms.rows->len) {
        draw_none(ui, canvas, ui_table_y(ui) + 2);
    }
}

const View view_vms = {
    .draw = draw,
};
