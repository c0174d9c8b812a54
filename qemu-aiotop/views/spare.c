/*
 * Charts of a loop or a source, each with its title
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <math.h>

#include "draw/chart.h"
#include "view.h"

/* From this width on there is room for two beside each other */
#define TWO_CHARTS 66

static const char *title_of(ViewChart chart, bool of_loop)
{
    static const char *const titles[][2] = {
        [VIEW_CHART_DURATION] = { "Duration: calls by time",
                                  "Duration: dispatches by time" },
        [VIEW_CHART_DELAY] = { "Delay, from ready to running",
                               "Delay, from ready to running" },
        [VIEW_CHART_SHARE] = { "Busy: share of the loop's time",
                               "Time that it did not wait" },
        [VIEW_CHART_P99] = { "p99 of the duration", "" },
    };

    return titles[chart][of_loop];
}

static void draw_histogram(Canvas *canvas, int y, int x, int width, int height,
                           ViewChart chart, const AiotopRow *row)
{
    bool delay = chart == VIEW_CHART_DELAY;
    AiotopHistogramKind kind =
        delay ? AIOTOP_HISTOGRAM_DELAY : AIOTOP_HISTOGRAM_DURATION;
    const AiotopPercentiles *percentiles;
    AiotopHistogram histogram;

    if (row->source) {
        aiotop_source_sample_histogram(row->source, kind, &histogram);
        percentiles = delay ? &row->source->delay : &row->source->duration;
    } else {
        aiotop_loop_sample_histogram(row->sample, row->loop, kind, &histogram);
        percentiles = delay ? &row->loop->delay : &row->loop->duration;
    }
    chart_histogram(canvas, y, x, width, height, &histogram,
                    percentiles->p99_ns);
}

static double read_point(const Tracks *tracks, const Track *track, int age,
                         ViewChart chart)
{
    TrackPoint point;

    tracks_point(tracks, track, age, &point);
    if (chart == VIEW_CHART_SHARE) {
        return point.source.busy / 100.0;
    }
    return point.source.p99 == TRACK_NO_BUCKET ? NAN : point.source.p99;
}

static void draw_history(Canvas *canvas, int y, int x, int width, int height,
                         ViewChart chart, const Tracks *tracks,
                         const Track *track)
{
    int n = MIN(chart_history_points(width), (int)tracks_length(tracks));
    g_autofree double *points = g_new(double, n);

    for (int age = 0; age < n; age++) {
        points[age] = read_point(tracks, track, age, chart);
    }
    chart_history(canvas, y, x, width, height,
                  chart == VIEW_CHART_SHARE ? CHART_PERCENT : CHART_BUCKET,
                  points, n, tracks_age_ns(tracks, n - 1));
}

static void draw_split_history(Canvas *canvas, int y, int x, int width,
                               int height, const Tracks *tracks,
                               const Track *track)
{
    int n = MIN(chart_history_points(width), (int)tracks_length(tracks));
    g_autofree ChartSplit *points = g_new(ChartSplit, n);

    for (int age = 0; age < n; age++) {
        TrackPoint point;

        tracks_point(tracks, track, age, &point);
        points[age] = (ChartSplit){ {
            [CHART_DISPATCH] = point.loop.dispatch / 2.0,
            [CHART_POLL] = point.loop.poll / 2.0,
            [CHART_BQL_WAIT] = point.loop.bql_wait / 2.0,
            [CHART_OTHER] = point.loop.other / 2.0,
        } };
    }
    chart_split_history(canvas, y, x, width, height, points, n,
                        tracks_age_ns(tracks, n - 1));
}

void view_chart(const Ui *ui, Canvas *canvas, int y, int x, int width,
                int height, ViewChart chart, const Track *track,
                const AiotopRow *row)
{
    const Tracks *tracks = ui->feed.tracks;

    canvas_put(canvas, y, x, width, STYLE_STRONG,
               title_of(chart, track->kind == NULL));
    if (chart == VIEW_CHART_SHARE && !track->kind) {
        draw_split_history(canvas, y + 1, x, width, height - 1, tracks, track);
    } else if (chart == VIEW_CHART_SHARE || chart == VIEW_CHART_P99) {
        draw_history(canvas, y + 1, x, width, height - 1, chart, tracks, track);
    } else if (row->loop) {
        draw_histogram(canvas, y + 1, x, width, height - 1, chart, row);
    }
}

void view_chart_pair(const Ui *ui, Canvas *canvas, int y, int height,
                     ViewChart left, ViewChart right, const Track *track,
                     const AiotopRow *row)
{
    bool two = canvas->width >= TWO_CHARTS;
    int width = two ? (canvas->width - 4) / 2 : canvas->width;

    view_chart(ui, canvas, y, 0, width, height, left, track, row);
    if (two) {
        view_chart(ui, canvas, y, width + 4, width, height, right, track, row);
    }
}
