/*
 * Details of a source: how long and how late it runs, and since when
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <math.h>
#include <qemu-aiotop/diagnose/note.h>
#include <qemu-aiotop/model/behind.h>
#include <qemu-aiotop/model/stacks.h>
#include <qemu-aiotop/text/figure.h>

#include "draw/chart.h"
#include "state/opened.h"
#include "view.h"

#define CHART_HEIGHT 7
/* Those that are in fewer samples are left out */
#define MAX_FUNCTIONS 15
/* From this width on, charts stand side by side */
#define WIDE 100

/* "Name   value"; returns the next line */
static int put_field(Canvas *page, int y, const char *name, Style style,
                     const char *value)
{
    canvas_put(page, y, 0, 12, STYLE_DIM, name);
    canvas_put(page, y, 12, page->width - 12, style, value);
    return y + 1;
}

static int draw_identity(const Ui *ui, Canvas *page, int y)
{
    const Track *track = ui->opened;
    int x = canvas_put(page, y, 0, page->width, STYLE_TITLE, track->kind);

    canvas_put(page, y, x + 1, page->width - x - 1, STYLE_STRONG, track->name);
    y = put_field(page, y + 1, "Loop", STYLE_TEXT, track->loop);
    if (track->label) {
        y = put_field(page, y, "Label", STYLE_TEXT, track->label);
    }
    if (track->callback != AIOTOP_UNKNOWN) {
        g_autofree char *callback = g_strdup_printf(
            "0x%" PRIx64 "%s%s", track->callback, track->module ? " in " : "",
            track->module ? track->module : "");

        y = put_field(page, y, "Callback", STYLE_TEXT, callback);
        if (ui->code_text && !track->module &&
            ui->code_callback == track->callback) {
            y = put_field(page, y, "Code", STYLE_TEXT, ui->code_text);
        }
    }
    return y;
}

static int draw_fd(const Ui *ui, Canvas *page, int y,
                   const AiotopSourceSample *source)
{
    g_autofree char *text = NULL;

    if (source->now->fd < 0) {
        return y;
    }
    text = g_strdup_printf("%d%s%s", source->now->fd, ui->fd_text ? "  " : "",
                           ui->fd_text ? ui->fd_text : "");
    return put_field(page, y, "Descriptor", STYLE_TEXT, text);
}

static int draw_share(Canvas *page, int y, const AiotopRow *row)
{
    const AiotopSourceSample *source = row->source;
    double busy = aiotop_share_percent(source->busy_ns, row->loop->wall_ns);
    bool thinned = aiotop_calls_thinned(source->calls, source->timed_calls);
    char number[AIOTOP_TEXT_NUMBER + 1];
    int width = MIN(page->width - 12, 50);

    canvas_put(page, y, 0, 12, STYLE_DIM, "Busy");
    aiotop_text_percent(number + 1, busy);
    number[0] = thinned && !isnan(busy) ? '~' : ' ';
    canvas_printf(page, y, 12, STYLE_STRONG, "%5s%% of its loop",
                  g_strchug(number));
    if (width > 32) {
        chart_bar(page, y, 33, MIN(page->width - 33, 50), STYLE_DISPATCH, busy);
    }
    aiotop_text_rate(number, aiotop_rate_hz(source->calls, row->loop->wall_ns));
    canvas_put(page, y + 1, 0, 12, STYLE_DIM, "Calls");
    canvas_printf(page, y + 1, 12, STYLE_TEXT, "%s", number);
    if (source->running_ns != AIOTOP_UNKNOWN) {
        aiotop_text_time(number, source->running_ns);
        canvas_printf(page, y + 1, 33, STYLE_STRONG, "running for %s", number);
    } else if (source->now->last_ns && source->now->last_ns != AIOTOP_UNKNOWN) {
        aiotop_text_time(number, aiotop_age_ns(row->sample->now->time_ns,
                                               source->now->last_ns));
        canvas_printf(page, y + 1, 33, STYLE_TEXT, "last one %s ago", number);
    }
    if (thinned) {
        aiotop_text_percent(
            number, aiotop_share_percent(source->timed_calls, source->calls));
        canvas_put(page, y + 2, 0, 12, STYLE_DIM, "Timed");
        canvas_printf(page, y + 2, 12, STYLE_TEXT,
                      "%s%% of the calls: times are of these", number);
        y++;
    }
    return y + 2;
}

/* @thinned: they stand on fewer than all calls; @ever_thinned: the last does */
static void put_numbers(Canvas *page, int y, const char *name,
                        const AiotopPercentiles *p, double mean, double ever,
                        bool thinned, bool ever_thinned)
{
    const double values[] = {
        mean, p->p50_ns, p->p90_ns, p->p99_ns, p->p999_ns, p->max_ns, ever,
    };
    bool narrow = page->width < 70;
    int x = 12;

    canvas_put(page, y, 0, 12, STYLE_DIM, name);
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        bool last = i == G_N_ELEMENTS(values) - 1;
        char number[AIOTOP_TEXT_NUMBER + 1] = "~";

        /* p50, p99 and the longest one, if there is no room for all */
        if (narrow && i != 1 && i != 3 && i != 5) {
            continue;
        }
        aiotop_text_time(number + 1, values[i]);
        canvas_put_right(page, y, x, 8, i == 3 ? STYLE_STRONG : STYLE_TEXT,
                         (last ? ever_thinned : thinned) && !isnan(values[i])
                             ? number
                             : number + 1);
        x += 8;
    }
}

static double known(uint64_t ns)
{
    return ns == AIOTOP_UNKNOWN ? NAN : ns;
}

static int draw_percentiles(Canvas *page, int y,
                            const AiotopSourceSample *source)
{
    static const char head[] =
        "               mean     p50     p90     p99   p99.9     max"
        "    ever";
    static const char narrow_head[] = "                p50     p99     max";
    const AiotopSource *now = source->now;
    bool thinned = aiotop_calls_thinned(source->calls, source->timed_calls);
    bool ever_thinned = aiotop_calls_thinned(now->calls, now->timed_calls);

    canvas_put(page, y, 0, page->width, STYLE_HEAD_IDLE,
               page->width < 70 ? narrow_head : head);
    canvas_restyle(page, y, 0, page->width, STYLE_HEAD_IDLE);
    put_numbers(page, y + 1, "Duration", &source->duration,
                aiotop_source_sample_mean_ns(source, AIOTOP_HISTOGRAM_DURATION),
                now->calls ? known(now->max_ns) : NAN, thinned, ever_thinned);
    put_numbers(page, y + 2, "Delay", &source->delay,
                aiotop_source_sample_mean_ns(source, AIOTOP_HISTOGRAM_DELAY),
                known(now->delay_max_ns), thinned, ever_thinned);
    return y + 3;
}

/* Where the time of its callback goes, by samples from outside */
static int draw_functions(Canvas *page, int y, const AiotopRow *row)
{
    const AiotopSampled *sampled = &row->sample->now->sampled;
    g_autoptr(GArray) stacks = aiotop_stacks_new(row->sample);
    g_autoptr(GArray) functions =
        aiotop_functions_below(stacks, row->sample, row->source);
    const AiotopFunctionSample *first = (AiotopFunctionSample *)functions->data;

    if (!functions->len && row->sample->now->host_only) {
        return y;
    }
    if (!functions->len && sampled->refused) {
        g_autofree char *text =
            g_strconcat("Not sampled: ", sampled->refused, NULL);

        return view_paragraph(page, y, 0, STYLE_DIM, text);
    }
    if (!functions->len) {
        return sampled->hz ? put_field(page, y, "Functions", STYLE_TEXT,
                                       "no sample in this interval")
                           : y;
    }
    canvas_put(page, y, 0, page->width, STYLE_HEAD_IDLE,
               "  SELF%    CPU%  SLEEP%  FUNCTION");
    canvas_restyle(page, y, 0, page->width, STYLE_HEAD_IDLE);
    for (unsigned i = 0; i < MIN(functions->len, MAX_FUNCTIONS); i++) {
        const AiotopFunctionSample *function =
            &g_array_index(functions, AiotopFunctionSample, i);
        const uint64_t values[] = { function->self, function->running,
                                    function->asleep };

        y++;
        for (unsigned j = 0; j < G_N_ELEMENTS(values); j++) {
            char number[AIOTOP_TEXT_NUMBER];

            aiotop_text_percent(
                number, aiotop_share_percent(values[j],
                                             first->running + first->asleep));
            canvas_put_right(page, y, j * 8, 7, STYLE_TEXT, number);
        }
        canvas_put(page, y, 25, page->width - 25, STYLE_TEXT, function->name);
    }
    return y + 1;
}

static int draw_note(Canvas *page, int y, const char *name)
{
    const char *note = aiotop_note_find(name);

    return note ? view_paragraph(page, y, 0, STYLE_DIM, note) : y;
}

/* What it gives requests to */
static int draw_behind(Canvas *page, int y, const AiotopRow *row)
{
    g_autoptr(GPtrArray) nodes =
        aiotop_nodes_behind_label(row->sample, row->source->now->label);

    return view_nodes(page, y, row->sample, nodes);
}

/* One below the other, the history matters more than the delay */
static const ViewChart charts[] = {
    VIEW_CHART_DURATION,
    VIEW_CHART_SHARE,
    VIEW_CHART_P99,
    VIEW_CHART_DELAY,
};

static int draw_charts(const Ui *ui, Canvas *page, int y, const AiotopRow *row)
{
    if (page->width >= WIDE) {
        view_chart_pair(ui, page, y, CHART_HEIGHT, VIEW_CHART_DURATION,
                        VIEW_CHART_DELAY, ui->opened, row);
        view_chart_pair(ui, page, y + CHART_HEIGHT + 1, CHART_HEIGHT,
                        VIEW_CHART_SHARE, VIEW_CHART_P99, ui->opened, row);
        return y + 2 * (CHART_HEIGHT + 1);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(charts); i++) {
        view_chart(ui, page, y, 0, page->width, CHART_HEIGHT, charts[i],
                   ui->opened, row);
        y += CHART_HEIGHT + 1;
    }
    return y;
}

static int compose(const Ui *ui, Canvas *page)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    const AiotopSourceSample *source = opened_source(ui);
    AiotopRow row = { sample, source ? &sample->loops[source->loop] : NULL,
                      source };
    int y = draw_identity(ui, page, 0);

    if (source) {
        y = draw_fd(ui, page, y, source);
        y = draw_share(page, y, &row);
        y = view_marks(ui, page, y, &row);
        y = draw_percentiles(page, y, source);
        y = draw_functions(page, y, &row);
        y = draw_note(page, y, source->now->name);
        y = draw_behind(page, y, &row);
    } else {
        canvas_put(page, y++, 0, page->width, STYLE_WARNING,
                   "This source is not there any more");
    }
    return draw_charts(ui, page, y + 1, &row);
}

const View view_source = {
    .compose = compose,
};
