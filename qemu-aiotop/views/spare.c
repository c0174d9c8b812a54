/*
 * Charts of a loop or a source, each with its title
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

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

static void draw_histogram(Frame *frame, int y, int x, int width, int height,
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
    chart_histogram(frame, y, x, width, height, &histogram,
                    percentiles->p99_ns);
}

void view_chart(const Ui *ui, Frame *frame, int y, int x, int width, int height,
                ViewChart chart, const Track *track, const AiotopRow *row)
{
    const Tracks *tracks = ui->feed.tracks;

    frame_put(frame, y, x, width, STYLE_STRONG,
              title_of(chart, track->kind == NULL));
    if (chart == VIEW_CHART_SHARE && !track->kind) {
        chart_split_history(frame, y + 1, x, width, height - 1, tracks, track);
    } else if (chart == VIEW_CHART_SHARE || chart == VIEW_CHART_P99) {
        chart_history(frame, y + 1, x, width, height - 1, tracks, track,
                      chart == VIEW_CHART_SHARE ? CHART_BUSY : CHART_P99);
    } else if (row->loop) {
        draw_histogram(frame, y + 1, x, width, height - 1, chart, row);
    }
}

void view_chart_pair(const Ui *ui, Frame *frame, int y, int height,
                     ViewChart left, ViewChart right, const Track *track,
                     const AiotopRow *row)
{
    bool two = frame->width >= TWO_CHARTS;
    int width = two ? (frame->width - 4) / 2 : frame->width;

    view_chart(ui, frame, y, 0, width, height, left, track, row);
    if (two) {
        view_chart(ui, frame, y, width + 4, width, height, right, track, row);
    }
}
