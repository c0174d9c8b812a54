/*
 * Which lines of the screen belong to what
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_LAYOUT_H
#define AIOTOP_STATE_LAYOUT_H

#include "ui-state.h"

#define UI_FOOTER_LINES 2
int ui_header_lines(const Ui *ui);
/* The lines between header and footer */
int ui_body_y(const Ui *ui);
int ui_body_height(const Ui *ui);

/* The main view's */
typedef struct UiLayout {
    int loops_y;
    /* With the head */
    int loops_height;
    int sources_y;
    int sources_height;
    /* Lines for the charts of what is selected; 0 if there are none to spare */
    int charts_height;
} UiLayout;

UiLayout ui_layout(const Ui *ui);
/* The table of QEMUs, with its head */
int ui_table_y(const Ui *ui);
int ui_table_height(const Ui *ui);

/* Rows that the table shows which has the keys */
int ui_layout_rows(const Ui *ui);

#endif /* AIOTOP_STATE_LAYOUT_H */
