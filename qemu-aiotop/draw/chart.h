/*
 * Charts: bars, histograms and graphs on a frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DRAW_CHART_H
#define AIOTOP_DRAW_CHART_H

#include <qemu-aiotop/model/sample.h>

#include "canvas.h"
#include "state/track.h"

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
void chart_split(Frame *frame, int y, int x, int width,
                 const AiotopLoopSample *loop);

/* What the bar's parts are, as far as @width goes; returns cells used */
int chart_legend(Frame *frame, int y, int x, int width, Style style);

/* A horizontal bar, @percent of @width */
void chart_bar(Frame *frame, int y, int x, int width, Style style,
               double percent);

/**
 * chart_histogram:
 *
 * Draws @histogram into @height lines with its axis as the last one, from
 * its first bucket that is not empty to its last.  Columns are as high as
 * their share of the values; the one that @mark_ns is in stands out.
 */
void chart_histogram(Frame *frame, int y, int x, int width, int height,
                     const AiotopHistogram *histogram, double mark_ns);

typedef enum ChartSeries {
    CHART_BUSY,
    CHART_P99,
    CHART_DELAY_P99,
} ChartSeries;

/* The history of a source, @height lines with its axis as the last one */
void chart_history(Frame *frame, int y, int x, int width, int height,
                   const Tracks *tracks, const Track *track,
                   ChartSeries series);

/* The history of how a loop spends its time, likewise */
void chart_split_history(Frame *frame, int y, int x, int width, int height,
                         const Tracks *tracks, const Track *track);

#endif /* AIOTOP_DRAW_CHART_H */
