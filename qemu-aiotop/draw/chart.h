/*
 * Charts: bars, histograms and graphs on a canvas
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DRAW_CHART_H
#define AIOTOP_DRAW_CHART_H

#include <qemu-aiotop/model/sample.h>

#include "canvas.h"

/* Where time goes, in the order in which it is drawn */
typedef enum ChartPart {
    CHART_DISPATCH,
    CHART_POLL,
    CHART_BQL_WAIT,
    CHART_OTHER,
    CHART_WAIT,
    CHART_N_PARTS,
} ChartPart;

/* How a loop spent its time, as a bar of @width cells */
void chart_split(Canvas *canvas, int y, int x, int width,
                 const AiotopLoopSample *loop);

/* What the bar's parts are, as far as @width goes; returns cells used */
int chart_legend(Canvas *canvas, int y, int x, int width, Style style);

/* A horizontal bar, @percent of @width */
void chart_bar(Canvas *canvas, int y, int x, int width, Style style,
               double percent);

/**
 * chart_histogram:
 *
 * Draws @histogram into @height lines with its axis as the last one, from
 * its first bucket that is not empty to its last.  Columns are as high as
 * their share of the values; the one that @mark_ns is in stands out.
 */
void chart_histogram(Canvas *canvas, int y, int x, int width, int height,
                     const AiotopHistogram *histogram, double mark_ns);

/* The points of a history that there is room for in @width cells */
int chart_history_points(int width);

typedef enum ChartUnit {
    CHART_PERCENT,
    /* Times, as the numbers of their buckets */
    CHART_BUCKET,
} ChartUnit;

/**
 * chart_history:
 * @points: @n, at most chart_history_points(), the last one first; NAN where
 *     there is nothing to draw
 * @age_ns: of the first one, which is at index @n - 1
 *
 * Draws them into @height lines with the axis as the last one.
 */
void chart_history(Canvas *canvas, int y, int x, int width, int height,
                   ChartUnit unit, const double *points, int n,
                   uint64_t age_ns);

/* How a loop spent its time at a point of its history, in percent */
typedef struct ChartSplit {
    double share[CHART_WAIT];
} ChartSplit;

/* The history of how a loop spends its time, likewise */
void chart_split_history(Canvas *canvas, int y, int x, int width, int height,
                         const ChartSplit *points, int n, uint64_t age_ns);

#endif /* AIOTOP_DRAW_CHART_H */
