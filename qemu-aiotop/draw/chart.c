/*
 * Charts: bars, histograms and graphs on a frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "chart.h"

#include <math.h>
#include <string.h>
#include <qemu-aiotop/text/figure.h>

/* Cells for the labels of the vertical axis */
#define LABEL_WIDTH 8

typedef struct Part {
    Glyph glyph;
    Style style;
    const char *name;
} Part;

static const Part parts[CHART_N_PARTS] = {
    [CHART_DISPATCH] = { GLYPH_DISPATCH, STYLE_DISPATCH, "dispatch" },
    [CHART_POLL] = { GLYPH_POLL, STYLE_POLL, "poll" },
    [CHART_BQL_WAIT] = { GLYPH_BQL_WAIT, STYLE_BQL_WAIT, "bql" },
    [CHART_OTHER] = { GLYPH_OTHER, STYLE_OTHER, "other" },
    [CHART_WAIT] = { GLYPH_WAIT, STYLE_WAIT, "wait" },
};

/* The part of cell @i of @n, where each part ends at a share of the whole */
static ChartPart part_at(const double ends[CHART_N_PARTS], int i, int n)
{
    ChartPart part = 0;

    while (part < CHART_WAIT && (i + 0.5) / n >= ends[part]) {
        part++;
    }
    return part;
}

static void put_part(Frame *frame, int y, int x, ChartPart part)
{
    frame_put_glyph(frame, y, x, parts[part].style, parts[part].glyph);
}

/* What is there shows, be it ever so little */
static void show_dispatch(double ends[CHART_N_PARTS], int n)
{
    if (ends[CHART_DISPATCH] > 0.002) {
        ends[CHART_DISPATCH] = MAX(ends[CHART_DISPATCH], 0.51 / n);
    }
}

void chart_split(Frame *frame, int y, int x, int width,
                 const AiotopLoopSample *loop)
{
    const uint64_t times_ns[] = {
        loop->dispatch_ns,
        loop->poll_ns,
        loop->bql_wait_ns,
        loop->other_ns,
    };
    double ends[CHART_N_PARTS] = { 0 };
    double sum = 0;

    if (isnan(aiotop_share_percent(loop->dispatch_ns, loop->wall_ns)) ||
        loop->other_ns == AIOTOP_UNKNOWN) {
        frame_put(frame, y, x, width, STYLE_TEXT, "-");
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(times_ns); i++) {
        double share = aiotop_share_percent(times_ns[i], loop->wall_ns);

        sum += isnan(share) ? 0 : share / 100;
        ends[i] = sum;
    }
    show_dispatch(ends, width);
    for (int i = 0; i < width; i++) {
        put_part(frame, y, x + i, part_at(ends, i, width));
    }
}

int chart_legend(Frame *frame, int y, int x, int width, Style style)
{
    int used = 0;

    for (unsigned i = 0; i < CHART_N_PARTS; i++) {
        int needed = 1 + strlen(parts[i].name);

        if (used + needed > width) {
            break;
        }
        frame_put_glyph(frame, y, x + used, style, parts[i].glyph);
        frame_put(frame, y, x + used + 1, needed - 1, style, parts[i].name);
        used += needed + 1;
    }
    return used;
}

void chart_bar(Frame *frame, int y, int x, int width, Style style,
               double percent)
{
    int eighths;

    /* Its end is where 100 % are */
    width--;
    eighths = isnan(percent)
                  ? 0
                  : CLAMP(percent * width * 8 / 100 + 0.5, 0, width * 8);

    for (int i = 0; i < width; i++) {
        frame_put_bar(frame, y, x + i, style, CLAMP(eighths - i * 8, 0, 8));
    }
    frame_put_glyph(frame, y, x + width, STYLE_DIM, GLYPH_VERTICAL);
}

/* A column of @height cells, @share of it filled; never quite empty */
static void put_column(Frame *frame, int y, int x, int height, Style style,
                       double share)
{
    int eighths = CLAMP(share * height * 8 + 0.5, share > 0, height * 8);

    for (int i = 0; i < height; i++) {
        frame_put_rising(frame, y + height - 1 - i, x, style,
                         CLAMP(eighths - i * 8, 0, 8));
    }
}

static void put_rule(Frame *frame, int y, int x, int width)
{
    for (int i = 0; i < width; i++) {
        frame_put_glyph(frame, y, x + i, STYLE_DIM, GLYPH_HORIZONTAL);
    }
}

/* The range of buckets that are not empty */
static bool find_range(const AiotopHistogram *histogram, unsigned *first,
                       unsigned *last)
{
    *first = AIOTOP_HISTOGRAM_BUCKETS;
    for (unsigned i = 0; i < AIOTOP_HISTOGRAM_BUCKETS; i++) {
        if (histogram->count[i]) {
            *first = MIN(*first, i);
            *last = i;
        }
    }
    return *first < AIOTOP_HISTOGRAM_BUCKETS;
}

/* Lower bounds of buckets under the columns, as many as fit */
static void put_time_axis(Frame *frame, int y, int x, int width, unsigned first,
                          unsigned step, unsigned cells)
{
    int next = 0;

    put_rule(frame, y, x, width);
    for (int i = 0; i + 6 <= width; i++) {
        char text[AIOTOP_TEXT_NUMBER];
        unsigned bucket = first + i / cells * step;

        if (i < next || i % cells || bucket >= AIOTOP_HISTOGRAM_BUCKETS) {
            continue;
        }
        aiotop_text_time(text, aiotop_histogram_lower_ns(bucket));
        frame_put(frame, y, x + i, width - i, STYLE_DIM, text);
        next = i + 10;
    }
}

void chart_histogram(Frame *frame, int y, int x, int width, int height,
                     const AiotopHistogram *histogram, double mark_ns)
{
    unsigned first, last, step, cells, columns;
    uint64_t most = 0;

    if (!find_range(histogram, &first, &last)) {
        frame_put(frame, y, x, width, STYLE_DIM, "nothing in this interval");
        return;
    }
    /* Some room on both sides, so that a peak looks like one */
    first -= MIN(first, 2);
    last = MIN(last + 2, AIOTOP_HISTOGRAM_BUCKETS - 1);
    step = (last - first + width) / width;
    columns = (last - first) / step + 1;
    cells = CLAMP(width / columns, 1, 3);

    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < columns; i++) {
            uint64_t sum = 0;
            bool marked = false;

            for (unsigned j = 0; j < step; j++) {
                unsigned bucket = first + i * step + j;

                if (bucket < AIOTOP_HISTOGRAM_BUCKETS) {
                    sum += histogram->count[bucket];
                    marked |= !isnan(mark_ns) &&
                              aiotop_histogram_index(mark_ns) == bucket;
                }
            }
            most = MAX(most, sum);
            for (unsigned k = 0; pass == 1 && k < cells; k++) {
                put_column(frame, y, x + i * cells + k, height - 1,
                           marked ? STYLE_MARK : STYLE_GRAPH,
                           (double)sum / most);
            }
        }
    }
    put_time_axis(frame, y + height - 1, x, columns * cells, first, step,
                  cells);
}

/* "-4min" at the left end, "now" at the right one */
static void put_history_axis(Frame *frame, int y, int x, int width,
                             const Tracks *tracks)
{
    unsigned columns = MIN((unsigned)width, tracks_length(tracks));
    char age[AIOTOP_TEXT_NUMBER];
    g_autofree char *label = NULL;

    put_rule(frame, y, x, width);
    frame_put_right(frame, y, x, width, STYLE_DIM, "now");
    if (columns < 12) {
        return;
    }
    aiotop_text_time(age, tracks_age_ns(tracks, columns - 1));
    label = g_strdup_printf("%s ago", age);
    frame_put(frame, y, x + width - columns, columns - 4, STYLE_DIM, label);
}

/* NAN if there is nothing to draw; a bucket's value is its number */
static double read_point(TrackPoint point, ChartSeries series)
{
    uint8_t bucket =
        series == CHART_P99 ? point.source.p99 : point.source.delay_p99;

    if (series == CHART_BUSY) {
        return point.source.busy / 100.0;
    }
    return bucket == TRACK_NO_BUCKET ? NAN : bucket;
}

/* The lowest and the highest value of the last @n */
static bool read_range(const Tracks *tracks, const Track *track,
                       ChartSeries series, unsigned n, double *low,
                       double *high)
{
    TrackPoint point;

    *low = INFINITY;
    *high = -INFINITY;
    for (unsigned age = 0; age < n; age++) {
        if (tracks_point(tracks, track, age, &point)) {
            double value = read_point(point, series);

            if (!isnan(value)) {
                *low = MIN(*low, value);
                *high = MAX(*high, value);
            }
        }
    }
    return *low <= *high;
}

/* The next round figure */
static double round_up(double percent)
{
    static const double steps[] = { 1, 2, 5, 10, 20, 50 };

    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (percent <= steps[i]) {
            return steps[i];
        }
    }
    return 100;
}

/* Percents from 0 to a round figure, times by their buckets */
static void choose_scale(ChartSeries series, double *low, double *high,
                         char bottom[], char top[])
{
    if (series != CHART_BUSY) {
        *low = MAX(*low - 4, 0);
        *high = *high + 2;
        aiotop_text_time(bottom, aiotop_histogram_lower_ns(*low));
        aiotop_text_time(top, aiotop_histogram_lower_ns(
                                  MIN(*high, AIOTOP_HISTOGRAM_BUCKETS - 1)));
        return;
    }
    *low = 0;
    *high = round_up(*high);
    g_strlcpy(bottom, "0%", AIOTOP_TEXT_NUMBER);
    g_snprintf(top, AIOTOP_TEXT_NUMBER, "%.0f%%", *high);
}

void chart_history(Frame *frame, int y, int x, int width, int height,
                   const Tracks *tracks, const Track *track, ChartSeries series)
{
    char bottom[AIOTOP_TEXT_NUMBER], top[AIOTOP_TEXT_NUMBER];
    int columns = width - LABEL_WIDTH;
    TrackPoint point;
    double low, high;

    if (columns < 4 ||
        !read_range(tracks, track, series, columns, &low, &high)) {
        frame_put(frame, y, x, width, STYLE_DIM, "nothing so far");
        return;
    }
    choose_scale(series, &low, &high, bottom, top);
    frame_put_right(frame, y, x, LABEL_WIDTH - 1, STYLE_DIM, top);
    frame_put_right(frame, y + height - 2, x, LABEL_WIDTH - 1, STYLE_DIM,
                    bottom);
    x += LABEL_WIDTH;
    for (int age = 0; age < columns; age++) {
        double value;

        if (!tracks_point(tracks, track, age, &point)) {
            break;
        }
        value = read_point(point, series);
        if (!isnan(value)) {
            put_column(frame, y, x + columns - 1 - age, height - 1, STYLE_GRAPH,
                       (value - low) / (high - low));
        }
    }
    put_history_axis(frame, y + height - 1, x, columns, tracks);
}

/* Where its parts end, in percent of the loop's time */
static void read_split(TrackPoint point, double ends[CHART_N_PARTS])
{
    ends[CHART_DISPATCH] = point.loop.dispatch / 2.0;
    ends[CHART_POLL] = ends[CHART_DISPATCH] + point.loop.poll / 2.0;
    ends[CHART_BQL_WAIT] = ends[CHART_POLL] + point.loop.bql_wait / 2.0;
    ends[CHART_OTHER] = ends[CHART_BQL_WAIT] + point.loop.other / 2.0;
}

/* What is not whole at its top is a part of a cell in the topmost colour */
static void put_stack(Frame *frame, int y, int x, int height,
                      const double ends[CHART_N_PARTS], double high)
{
    double all = ends[CHART_OTHER] / high;
    int eighths = CLAMP(all * height * 8 + 0.5, all > 0, height * 8);
    double scaled[CHART_N_PARTS] = { 0 };

    for (ChartPart part = 0; part < CHART_WAIT; part++) {
        scaled[part] = ends[part] / high;
    }
    for (int i = 0; i * 8 < eighths; i++) {
        ChartPart part = MIN(part_at(scaled, i, height), CHART_OTHER);

        while (part > 0 && ends[part] <= ends[part - 1]) {
            part--;
        }
        if (eighths - i * 8 >= 8) {
            put_part(frame, y + height - 1 - i, x, part);
        } else {
            frame_put_rising(frame, y + height - 1 - i, x, parts[part].style,
                             eighths - i * 8);
        }
    }
}

void chart_split_history(Frame *frame, int y, int x, int width, int height,
                         const Tracks *tracks, const Track *track)
{
    int columns = width - LABEL_WIDTH;
    double ends[CHART_N_PARTS] = { 0 };
    char top[AIOTOP_TEXT_NUMBER];
    TrackPoint point;
    double high = 0;

    if (columns < 4 || !tracks_length(tracks)) {
        frame_put(frame, y, x, width, STYLE_DIM, "nothing so far");
        return;
    }
    for (int age = 0; age < columns && tracks_point(tracks, track, age, &point);
         age++) {
        read_split(point, ends);
        high = MAX(high, ends[CHART_OTHER]);
    }
    /* A history knows half percents */
    high = round_up(MAX(high, 5));
    g_snprintf(top, sizeof(top), "%.0f%%", high);
    frame_put_right(frame, y, x, LABEL_WIDTH - 1, STYLE_DIM, top);
    frame_put_right(frame, y + height - 2, x, LABEL_WIDTH - 1, STYLE_DIM, "0%");
    x += LABEL_WIDTH;
    for (int age = 0; age < columns && tracks_point(tracks, track, age, &point);
         age++) {
        read_split(point, ends);
        put_stack(frame, y, x + columns - 1 - age, height - 1, ends, high);
    }
    put_history_axis(frame, y + height - 1, x, columns, tracks);
}
