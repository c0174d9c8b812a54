/*
 * Charts: bars, histograms and graphs on a canvas
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

static void put_part(Canvas *canvas, int y, int x, ChartPart part)
{
    canvas_put_glyph(canvas, y, x, parts[part].style, parts[part].glyph);
}

/* What is there shows, be it ever so little */
static void show_dispatch(double ends[CHART_N_PARTS], int n)
{
    if (ends[CHART_DISPATCH] > 0.002) {
        ends[CHART_DISPATCH] = MAX(ends[CHART_DISPATCH], 0.51 / n);
    }
}

void chart_split(Canvas *canvas, int y, int x, int width,
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
        canvas_put(canvas, y, x, width, STYLE_TEXT, "-");
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(times_ns); i++) {
        double share = aiotop_share_percent(times_ns[i], loop->wall_ns);

        sum += isnan(share) ? 0 : share / 100;
        ends[i] = sum;
    }
    show_dispatch(ends, width);
    for (int i = 0; i < width; i++) {
        put_part(canvas, y, x + i, part_at(ends, i, width));
    }
}

int chart_legend(Canvas *canvas, int y, int x, int width, Style style)
{
    int used = 0;

    for (unsigned i = 0; i < CHART_N_PARTS; i++) {
        int needed = 1 + strlen(parts[i].name);

        if (used + needed > width) {
            break;
        }
        canvas_put_glyph(canvas, y, x + used, style, parts[i].glyph);
        canvas_put(canvas, y, x + used + 1, needed - 1, style, parts[i].name);
        used += needed + 1;
    }
    return used;
}

void chart_bar(Canvas *canvas, int y, int x, int width, Style style,
               double percent)
{
    int eighths;

    /* Its end is where 100 % are */
    width--;
    eighths = isnan(percent)
                  ? 0
                  : CLAMP(percent * width * 8 / 100 + 0.5, 0, width * 8);

    for (int i = 0; i < width; i++) {
        canvas_put_bar(canvas, y, x + i, style, CLAMP(eighths - i * 8, 0, 8));
    }
    canvas_put_glyph(canvas, y, x + width, STYLE_DIM, GLYPH_VERTICAL);
}

/* A column of @height cells, @share of it filled; never quite empty */
static void put_column(Canvas *canvas, int y, int x, int height, Style style,
                       double share)
{
    int eighths = CLAMP(share * height * 8 + 0.5, share > 0, height * 8);

    for (int i = 0; i < height; i++) {
        canvas_put_rising(canvas, y + height - 1 - i, x, style,
                          CLAMP(eighths - i * 8, 0, 8));
    }
}

static void put_rule(Canvas *canvas, int y, int x, int width)
{
    for (int i = 0; i < width; i++) {
        canvas_put_glyph(canvas, y, x + i, STYLE_DIM, GLYPH_HORIZONTAL);
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
static void put_time_axis(Canvas *canvas, int y, int x, int width,
                          unsigned first, unsigned step, unsigned cells)
{
    int next = 0;

    put_rule(canvas, y, x, width);
    for (int i = 0; i + 6 <= width; i++) {
        char text[AIOTOP_TEXT_NUMBER];
        unsigned bucket = first + i / cells * step;

        if (i < next || i % cells || bucket >= AIOTOP_HISTOGRAM_BUCKETS) {
            continue;
        }
        aiotop_text_time(text, aiotop_histogram_lower_ns(bucket));
        canvas_put(canvas, y, x + i, width - i, STYLE_DIM, text);
        next = i + 10;
    }
}

void chart_histogram(Canvas *canvas, int y, int x, int width, int height,
                     const AiotopHistogram *histogram, double mark_ns)
{
    unsigned first, last, step, cells, columns;
    uint64_t most = 0;

    if (!find_range(histogram, &first, &last)) {
        canvas_put(canvas, y, x, width, STYLE_DIM, "nothing in this interval");
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
                put_column(canvas, y, x + i * cells + k, height - 1,
                           marked ? STYLE_MARK : STYLE_GRAPH,
                           (double)sum / most);
            }
        }
    }
    put_time_axis(canvas, y + height - 1, x, columns * cells, first, step,
                  cells);
}

int chart_history_points(int width)
{
    return MAX(width - LABEL_WIDTH, 0);
}

/* "4min ago" below the first of @n points, "now" at the right end */
static void put_history_axis(Canvas *canvas, int y, int x, int width, int n,
                             uint64_t age_ns)
{
    char age[AIOTOP_TEXT_NUMBER];
    g_autofree char *label = NULL;

    put_rule(canvas, y, x, width);
    canvas_put_right(canvas, y, x, width, STYLE_DIM, "now");
    if (n < 12) {
        return;
    }
    aiotop_text_time(age, age_ns);
    label = g_strdup_printf("%s ago", age);
    canvas_put(canvas, y, x + width - n, n - 4, STYLE_DIM, label);
}

/* The lowest and the highest value; false if there is none */
static bool read_range(const double *points, int n, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int i = 0; i < n; i++) {
        if (!isnan(points[i])) {
            *low = MIN(*low, points[i]);
            *high = MAX(*high, points[i]);
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
static void choose_scale(ChartUnit unit, double *low, double *high,
                         char bottom[], char top[])
{
    if (unit == CHART_BUCKET) {
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

void chart_history(Canvas *canvas, int y, int x, int width, int height,
                   ChartUnit unit, const double *points, int n, uint64_t age_ns)
{
    char bottom[AIOTOP_TEXT_NUMBER], top[AIOTOP_TEXT_NUMBER];
    int columns = chart_history_points(width);
    double low, high;

    if (columns < 4 || !read_range(points, n, &low, &high)) {
        canvas_put(canvas, y, x, width, STYLE_DIM, "nothing so far");
        return;
    }
    choose_scale(unit, &low, &high, bottom, top);
    canvas_put_right(canvas, y, x, LABEL_WIDTH - 1, STYLE_DIM, top);
    canvas_put_right(canvas, y + height - 2, x, LABEL_WIDTH - 1, STYLE_DIM,
                     bottom);
    x += LABEL_WIDTH;
    for (int age = 0; age < n; age++) {
        if (!isnan(points[age])) {
            put_column(canvas, y, x + columns - 1 - age, height - 1,
                       STYLE_GRAPH, (points[age] - low) / (high - low));
        }
    }
    put_history_axis(canvas, y + height - 1, x, columns, n, age_ns);
}

/* Where its parts end, in percent of the loop's time */
static void find_ends(const ChartSplit *point, double ends[CHART_N_PARTS])
{
    double end = 0;

    for (ChartPart part = 0; part < CHART_WAIT; part++) {
        end += point->share[part];
        ends[part] = end;
    }
}

/* What is not whole at its top is a part of a cell in the topmost colour */
static void put_stack(Canvas *canvas, int y, int x, int height,
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
            put_part(canvas, y + height - 1 - i, x, part);
        } else {
            canvas_put_rising(canvas, y + height - 1 - i, x, parts[part].style,
                              eighths - i * 8);
        }
    }
}

void chart_split_history(Canvas *canvas, int y, int x, int width, int height,
                         const ChartSplit *points, int n, uint64_t age_ns)
{
    int columns = chart_history_points(width);
    double ends[CHART_N_PARTS] = { 0 };
    char top[AIOTOP_TEXT_NUMBER];
    double high = 0;

    if (columns < 4 || !n) {
        canvas_put(canvas, y, x, width, STYLE_DIM, "nothing so far");
        return;
    }
    for (int age = 0; age < n; age++) {
        find_ends(&points[age], ends);
        high = MAX(high, ends[CHART_OTHER]);
    }
    /* A history knows half percents */
    high = round_up(MAX(high, 5));
    g_snprintf(top, sizeof(top), "%.0f%%", high);
    canvas_put_right(canvas, y, x, LABEL_WIDTH - 1, STYLE_DIM, top);
    canvas_put_right(canvas, y + height - 2, x, LABEL_WIDTH - 1, STYLE_DIM,
                     "0%");
    x += LABEL_WIDTH;
    for (int age = 0; age < n; age++) {
        find_ends(&points[age], ends);
        put_stack(canvas, y, x + columns - 1 - age, height - 1, ends, high);
    }
    put_history_axis(canvas, y + height - 1, x, columns, n, age_ns);
}
