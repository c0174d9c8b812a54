/*
 * The views: each draws from the user interface's state, and nothing else
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_VIEWS_VIEW_H
#define AIOTOP_VIEWS_VIEW_H

#include "draw/canvas.h"
#include "state/ui-state.h"

#include <qemu-aiotop/model/verdict.h>

/* A view, by how it is drawn: one of the two is set, the other NULL */
typedef struct View {
    /* Between the header and the footer */
    void (*draw)(const Ui *ui, Canvas *canvas, int y, int height);
    /*
     * Of a page that scrolls: draws it into a window, and returns its lines,
     * in sight or not; with a canvas_begin_item() for each UiItem
     */
    int (*compose)(const Ui *ui, Canvas *page);
} View;

extern const View view_main;
extern const View view_source;
extern const View view_loop;
extern const View view_diagnosis;
extern const View view_stalls;
extern const View view_requests;
extern const View view_node;
extern const View view_threads;
extern const View view_stack;
extern const View view_help;
extern const View view_columns;
extern const View view_sort;
extern const View view_vms;

/* What is above and below every view */
void view_header(const Ui *ui, Canvas *canvas);
void view_footer(const Ui *ui, Canvas *canvas);
/* The key whose name or label is at @x of the last line; 0 if there is none */
unsigned view_footer_key(const Ui *ui, int x);

/* Breaks @text, escaped, into lines right of @x; returns the next line */
int view_paragraph(Canvas *canvas, int y, int x, Style style, const char *text);

/* What a word in front of a row looks like */
Style view_mark_style(AiotopMarkId id);

/* What a QEMU's row looks like */
Style view_verdict_style(const AiotopVerdict *verdict);

/* Draws why marks apply to the row, a line each; returns the next line */
int view_marks(const Ui *ui, Canvas *canvas, int y, const AiotopRow *row);

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

/**
 * view_rows:
 * @first_item: number of the UiItem that the first row is; -1 if rows are none
 *
 * Draws rows of a table that are not chosen, its head first, with as many of
 * its visible columns as fit.  Returns the next line.
 */
int view_rows(const Ui *ui, Canvas *page, int y, const AiotopTable *table,
              const GArray *rows, int first_item);

/* Draws nodes, of AiotopNodeSample, a line each; returns the next line */
int view_nodes(Canvas *page, int y, const AiotopSample *sample,
               const GPtrArray *nodes);

/* Draws a table, its head first, into @height lines */
void view_pane(const Ui *ui, Canvas *canvas, const Pane *pane, int y,
               int height, bool focused);

#endif /* AIOTOP_VIEWS_VIEW_H */
