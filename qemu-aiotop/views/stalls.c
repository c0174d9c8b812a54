/*
 * The log of stalls, newest first
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <math.h>
#include <qemu-aiotop/diagnose/stalls.h>
#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/text/figure.h>

#include "view.h"

/* From this width on there is room for the cause */
#define WIDE 70

#define TIME_WIDTH 7

/* Where columns begin; the wide ones have BEGAN in front, and CAUSE */
typedef struct Layout {
    int ended;
    int lasted;
    int loop;
    int cause;
    int source;
} Layout;

static Layout get_layout(int width)
{
    Layout wide = { 10, 19, 28, 44, 54 };
    Layout narrow = { 0, 8, 16, 0, 26 };

    return width < WIDE ? narrow : wide;
}

/* Between two columns there is a space at least */
static void put_between(Canvas *page, int y, int from, int to, Style style,
                        const char *text)
{
    canvas_put(page, y, from, to - from - 1, style, text);
}

static void put_head(Canvas *page, int y, const Layout *layout)
{
    if (layout->ended) {
        canvas_put(page, y, 0, layout->ended - 1, STYLE_HEAD_IDLE, "BEGAN");
    }
    canvas_put_right(page, y, layout->ended, TIME_WIDTH, STYLE_HEAD_IDLE,
                     "ENDED");
    canvas_put_right(page, y, layout->lasted, TIME_WIDTH, STYLE_HEAD_IDLE,
                     "LASTED");
    canvas_put(page, y, layout->loop, page->width - layout->loop,
               STYLE_HEAD_IDLE, "LOOP");
    if (layout->cause) {
        canvas_put(page, y, layout->cause, page->width - layout->cause,
                   STYLE_HEAD_IDLE, "CAUSE");
    }
    canvas_put(page, y, layout->source, page->width - layout->source,
               STYLE_HEAD_IDLE, "SOURCE");
    canvas_restyle(page, y, 0, page->width, STYLE_HEAD_IDLE);
}

/* The time of day, as a guest's log has it */
static void put_began(Canvas *page, int y, int width, Style style,
                      const AiotopSample *sample, const AiotopStall *stall)
{
    int64_t real_us = aiotop_sample_real_us(sample, stall->start_ns);
    g_autoptr(GDateTime) time =
        real_us ? g_date_time_new_from_unix_local(real_us / 1000000) : NULL;
    g_autofree char *text =
        time ? g_date_time_format(time, "%H:%M:%S") : g_strdup("-");

    canvas_put(page, y, 0, width, style, text);
}

/* Since its end, or that it has none */
static void put_age(Canvas *page, int y, int x, Style style,
                    const AiotopSample *sample, const AiotopStall *stall)
{
    char text[AIOTOP_TEXT_NUMBER] = "ONGOING";

    if (!stall->ongoing && stall->start_ns != AIOTOP_UNKNOWN &&
        stall->duration_ns != AIOTOP_UNKNOWN) {
        aiotop_text_time(text, aiotop_stall_age_ns(sample->now, stall));
    } else if (!stall->ongoing) {
        aiotop_text_time(text, NAN);
    }
    canvas_put_right(page, y, x, TIME_WIDTH, style, text);
}

static void put_stall(Canvas *page, int y, const Layout *layout,
                      const AiotopSample *sample, const AiotopStall *stall)
{
    Style style = stall->ongoing ? STYLE_ALARM : STYLE_TEXT;
    g_autoptr(GString) source = g_string_new(NULL);
    char lasted[AIOTOP_TEXT_NUMBER];

    if (stall->bql_wait) {
        g_string_append(source, "(waits for the big lock)");
    } else {
        aiotop_source_append_name(source, stall->kind, stall->name,
                                  stall->label);
    }

    if (layout->ended) {
        put_began(page, y, layout->ended - 1, style, sample, stall);
    }
    put_age(page, y, layout->ended, style, sample, stall);
    aiotop_text_time(lasted, aiotop_known_real(stall->duration_ns));
    canvas_put_right(page, y, layout->lasted, TIME_WIDTH, style, lasted);
    put_between(page, y, layout->loop,
                layout->cause ? layout->cause : layout->source, style,
                stall->loop);
    if (layout->cause) {
        put_between(page, y, layout->cause, layout->source, style,
                    aiotop_stall_cause(stall));
    }
    canvas_put(page, y, layout->source, page->width - layout->source, style,
               source->str);
}

/* Over the whole line, but one that goes on stays loud */
static void mark_selected(Canvas *page, int y, const Layout *layout,
                          bool ongoing)
{
    int x = ongoing ? layout->ended + TIME_WIDTH : 0;

    canvas_restyle(page, y, x, page->width - x, STYLE_SELECTED);
}

static int put_nothing(Canvas *page, const char *text)
{
    canvas_put(page, 0, 0, page->width, STYLE_DIM, text);
    return 1;
}

/* What the log goes back to */
static void put_base(Canvas *page, int y, const AiotopSnapshot *now)
{
    uint64_t count = now->stall_count != AIOTOP_UNKNOWN
                         ? MAX(now->stall_count, now->n_stalls)
                         : now->n_stalls;
    char since[AIOTOP_TEXT_NUMBER];

    aiotop_text_time(since, aiotop_known_real(aiotop_age_ns(
                                now->time_ns, now->profiling_since_ns)));
    canvas_printf(page, y, 0, STYLE_DIM,
                  "The last %u of %" PRIu64 " since profiling began, %s ago",
                  now->n_stalls, count, since);
}

static int compose(const Ui *ui, Canvas *page)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    Layout layout = get_layout(page->width);
    const AiotopSnapshot *now;
    int y = 1;

    if (!sample) {
        return put_nothing(page, "No sample came so far: the header says why");
    }
    now = sample->now;
    if (!now->n_stalls) {
        return put_nothing(page, aiotop_snapshot_no_stall(now));
    }
    put_head(page, 0, &layout);
    for (unsigned i = now->n_stalls; i > 0; i--) {
        bool selected = ui->items->len - ui->item == i;

        canvas_begin_item(page, y);
        put_stall(page, y, &layout, sample, &now->stalls[i - 1]);
        if (selected) {
            mark_selected(page, y, &layout, now->stalls[i - 1].ongoing);
        }
        y++;
    }
    put_base(page, y++, now);
    return y;
}

const View view_stalls = {
    .compose = compose,
};
