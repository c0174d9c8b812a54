/*
 * Which lines of the screen belong to what
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "layout.h"

/* From this height on the header has a second line */
#define TALL 16

/* The charts with an empty line above: what they need, and what is plenty */
#define MIN_CHARTS 8
#define MAX_CHARTS 14

int ui_header_lines(const Ui *ui)
{
    return ui->height >= TALL ? 2 : 1;
}

int ui_body_y(const Ui *ui)
{
    return ui_header_lines(ui);
}

int ui_body_height(const Ui *ui)
{
    return ui->height - ui_header_lines(ui) - UI_FOOTER_LINES;
}

/*
 * Loops take what they need, up to two fifths; without sources, up to what
 * is needed to say why there are none
 */
UiLayout ui_layout(const Ui *ui)
{
    int y = ui_body_y(ui), height = ui_body_height(ui);
    int most = ui->loops.origin == AIOTOP_ORIGIN_HOST
                   ? MIN(height * 3 / 4, height - 4)
                   : height * 2 / 5;
    int loops = 1 + CLAMP((int)ui->loops.rows->len, 1, MAX(most - 1, 1));
    int spare = height - loops - 1 - (int)ui->sources.rows->len;
    int charts = spare >= MAX_CHARTS   ? MAX_CHARTS
                 : spare >= MIN_CHARTS ? MIN_CHARTS
                                       : 0;

    if (ui->loops.origin == AIOTOP_ORIGIN_HOST || !ui->sources.rows->len) {
        charts = 0;
    }
    return (UiLayout){ y, loops, y + loops, height - loops - charts, charts };
}

int ui_table_y(const Ui *ui)
{
    return ui_body_y(ui) + ui->cause_lines;
}

int ui_table_height(const Ui *ui)
{
    return ui_body_height(ui) - ui->cause_lines;
}

int ui_layout_rows(const Ui *ui)
{
    UiLayout layout = ui_layout(ui);
    int height = ui->in_vms       ? ui_table_height(ui)
                 : ui->in_sources ? layout.sources_height
                                  : layout.loops_height;

    return MAX(height - 1, 1);
}
