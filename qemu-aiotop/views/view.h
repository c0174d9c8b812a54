/*
 * The views: each draws from the user interface's state, and nothing else
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_VIEWS_VIEW_H
#define AIOTOP_VIEWS_VIEW_H

#include "screen/dispatch.h"

extern const ViewOps view_main;
extern const ViewOps view_source;
extern const ViewOps view_loop;
extern const ViewOps view_diagnosis;
extern const ViewOps view_stalls;
extern const ViewOps view_stack;
extern const ViewOps view_help;
extern const ViewOps view_columns;
extern const ViewOps view_sort;
extern const ViewOps view_picker;

/* What is above and below every view */
#define VIEW_FOOTER_LINES 2
int view_header_lines(const Ui *ui);
void view_header(const Ui *ui, Canvas *canvas);
void view_footer(const Ui *ui, Canvas *canvas);
/* The key whose name or label is at @x of the last line; 0 if there is none */
unsigned view_footer_key(const Ui *ui, int x);

/* Breaks @text, escaped, into lines right of @x; returns the next line */
int view_paragraph(Canvas *canvas, int y, int x, Style style, const char *text);

/* Draws why lints apply to the row, a line each; returns the next line */
int view_lints(const Ui *ui, Canvas *canvas, int y, const AiotopRow *row);

/* What there is to see of a loop or a source */
typedef enum ViewChart {
    VIEW_CHART_DURATION,
    VIEW_CHART_DELAY,
    /* The history of where its time goes */
    VIEW_CHART_SHARE,
    /* Of a source */
    VIEW_CHART_P99,
} ViewChart;

/**
 * view_chart:
 * @height: with the title
 * @row: of what @track is about; its loop is NULL if that is gone
 */
void view_chart(const Ui *ui, Canvas *canvas, int y, int x, int width,
                int height, ViewChart chart, const Track *track,
                const AiotopRow *row);

/* Two beside each other; the left one alone if there is no room for both */
void view_chart_pair(const Ui *ui, Canvas *canvas, int y, int height,
                     ViewChart left, ViewChart right, const Track *track,
                     const AiotopRow *row);

/* Draws a table, its head first, into @height lines */
void view_table(const Ui *ui, Canvas *canvas, const Table *table, int y,
                int height, bool focused);

/* Column @index of the list of columns */
const AiotopColumn *view_column(const Ui *ui, unsigned index);

/* Of the main view: scrolls both tables; rows that the active one shows */
void view_main_scroll(Ui *ui);
int view_main_rows(const Ui *ui);
void view_main_click(Ui *ui, int y, int x);
/* Moves the table that is at @y by @rows, whichever has the keys */
void view_main_wheel(Ui *ui, int y, int rows);

/* What the details are about, in the sample that is shown; or NULL */
const AiotopSourceSample *view_opened_source(const Ui *ui);
const AiotopLoopSample *view_opened_loop(const Ui *ui);
/* The loop, or the one of the source */
const AiotopLoopSample *view_opened_thread(const Ui *ui);

#endif /* AIOTOP_VIEWS_VIEW_H */
