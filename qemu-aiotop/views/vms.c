/*
 * The QEMUs of this host, a row each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

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

/* Once, above all that it is the cause of */
static void draw_cause(Canvas *canvas, int y, int lines,
                       const AiotopHostCause *cause)
{
    g_autoptr(Canvas) page =
        canvas_new(canvas->width, lines, canvas->ascii, canvas->color);

    view_paragraph(page, 0, 0, STYLE_ALARM, cause->evidence);
    for (int i = 0; i < lines; i++) {
        memcpy(canvas_cell(canvas, y + i, 0), canvas_cell(page, i, 0),
               sizeof(CanvasCell) * canvas->width);
    }
}

static void draw(const Ui *ui, Canvas *canvas, int y, int height G_GNUC_UNUSED)
{
    const AiotopHostCause *cause = vms_cause(ui);

    if (cause && ui->cause_lines) {
        draw_cause(canvas, y, ui->cause_lines, cause);
    }
    view_pane(ui, canvas, &ui->vms, ui_table_y(ui), ui_table_height(ui), true);
    if (!ui->vms.rows->len) {
        draw_none(ui, canvas, ui_table_y(ui) + 2);
    }
}

const View view_vms = {
    .draw = draw,
};
