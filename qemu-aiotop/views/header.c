/*
 * The header: which QEMU it is, and how it is in all; or the banner with what is
 * the matter with the connection
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <string.h>
#include <qemu-aiotop/diagnose/sampled.h>
#include <qemu-aiotop/diagnose/stalls.h>
#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/format/vms.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/text/figure.h>

#include "state/layout.h"
#include "state/vms.h"
#include "view.h"

/* One that has not been found by then is not found soon */
#define SLOW_US (5 * G_USEC_PER_SEC)

/* "2d 03:04:05" */
static char *format_duration(int64_t seconds)
{
    int days = seconds / 86400;
    int rest = seconds % 86400;
    g_autofree char *time = g_strdup_printf("%02d:%02d:%02d", rest / 3600,
                                            rest / 60 % 60, rest % 60);

    return days ? g_strdup_printf("%dd %s", days, time)
                : g_steal_pointer(&time);
}

static int64_t profiled_s(const AiotopSample *sample)
{
    uint64_t age_ns =
        aiotop_age_ns(sample->now->time_ns, sample->now->profiling_since_ns);

    return aiotop_known_or_zero(age_ns) / 1000000000;
}

/* "interval 1.00s", or what the values cover instead */
static char *describe_interval(const Ui *ui, const AiotopSample *sample)
{
    bool reset = ui->feed.cumulative && ui->feed.start == sample->now;
    char time[AIOTOP_TEXT_NUMBER];

    aiotop_text_time(time, sample->interval_ns);
    if (sample->since_reset || reset) {
        return g_strdup_printf("since reset, %s ago", reset ? "0s" : time);
    }
    if (!sample->cumulative) {
        return g_strdup_printf("interval %s", time);
    }
    if (sample->now->host_only) {
        return g_strdup("at one instant");
    }
    return g_strdup_printf("%sthe %s since profiling began",
                           ui->feed.cumulative ? "" : "first sample: ", time);
}

/* Modes that change what the values mean, at the right end; returns its x */
static int draw_modes(const Ui *ui, Canvas *canvas)
{
    const struct {
        bool on;
        const char *text;
    } modes[] = {
        { ui->in_vms ? ui->frozen != NULL : ui->feed.paused, " PAUSED " },
        { ui->feed.cumulative && ui->feed.start, " SINCE RESET " },
        { ui->feed.cumulative && !ui->feed.start, " CUMULATIVE " },
        { ui_pane_const(ui)->locked, " LOCKED " },
        { ui->query.filter != NULL, " FILTERED " },
    };
    int x = canvas->width;

    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (modes[i].on) {
            int width = strlen(modes[i].text);

            x -= width;
            canvas_put(canvas, 0, x, width, STYLE_BANNER, modes[i].text);
            x--;
        }
    }
    return x;
}

/* The time of day when it came; NULL if that is not known */
static char *format_clock(int64_t real_time_us)
{
    g_autoptr(GDateTime) time =
        real_time_us ? g_date_time_new_from_unix_local(real_time_us / 1000000)
                     : NULL;

    return time ? g_date_time_format(time, "%H:%M:%S") : NULL;
}

static void append_field(GString *out, const char *title, const char *text)
{
    if (text && *text) {
        g_string_append_printf(out, "  %s%s", title, text);
    }
}

static void draw_identity(const Ui *ui, Canvas *canvas, int width)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    g_autoptr(GString) text = g_string_new(NULL);
    int x = canvas_put(canvas, 0, 0, width, STYLE_TITLE, "qemu-aiotop");

    if (sample) {
        const AiotopSnapshot *snapshot = sample->now;
        g_autofree char *pid = g_strdup_printf("%" PRId64, snapshot->pid);
        g_autofree char *interval = describe_interval(ui, sample);
        g_autofree char *clock = format_clock(sample->real_time_us);
        bool up_known = ui->uptime_s || snapshot->host_only;
        g_autofree char *up =
            format_duration(up_known ? ui->uptime_s : profiled_s(sample));

        if (clock) {
            x += 1 +
                 canvas_put(canvas, 0, x + 1, width - x - 1, STYLE_TEXT, clock);
        }
        if (snapshot->vm_name) {
            x += 2 + canvas_put(canvas, 0, x + 2, MIN(width / 4, 32),
                                STYLE_STRONG, snapshot->vm_name);
        }
        append_field(text, "pid ", snapshot->pid > 0 ? pid : NULL);
        append_field(text, "", snapshot->run_state);
        append_field(text, "", interval);
        append_field(text, up_known ? "up " : "profiled ", up);
        append_field(text, "QEMU ", snapshot->qemu_version);
    } else {
        append_field(text, "",
                     ui->link.address ? aiotop_target_shown(ui->link.address)
                                      : NULL);
    }
    canvas_put(canvas, 0, x, MAX(width - x, 0), STYLE_TEXT, text->str);
}

/* Which host it is, in place of a QEMU */
static void draw_host(const Ui *ui, Canvas *canvas, int width)
{
    int x = canvas_put(canvas, 0, 0, width, STYLE_TITLE, "qemu-aiotop");
    char interval[AIOTOP_TEXT_NUMBER];

    aiotop_text_time(interval, ui->interval_ms * 1e6);
    x += 2 + canvas_put(canvas, 0, x + 2, MAX(width - x - 2, 0), STYLE_STRONG,
                        "all QEMUs of this host");
    canvas_printf(canvas, 0, x, STYLE_TEXT, "  interval %s", interval);
}

static void draw_summary(const Ui *ui, Canvas *canvas)
{
    const GPtrArray *verdicts = vms_shown(ui);
    g_autofree char *summary = verdicts ? aiotop_vms_summary(verdicts) : NULL;

    if (summary) {
        canvas_put(canvas, 1, 0, canvas->width, STYLE_TEXT, summary);
    }
}

static void format_since(char *out, const Ui *ui, int64_t since_us)
{
    int64_t us = MAX(ui->now_us - since_us, 0);

    /* Whole seconds: nothing there changes more often than that */
    aiotop_text_time(out, us / 1000000 * 1e9);
    if (us < 1000000) {
        g_strlcpy(out, "0s", AIOTOP_TEXT_NUMBER);
    } else if (us < 100 * INT64_C(1000000)) {
        g_snprintf(out, AIOTOP_TEXT_NUMBER, "%ds", (int)(us / 1000000));
    }
}

static char *describe_link(const Ui *ui)
{
    const UiLink *link = &ui->link;
    bool first = !feed_shown(&ui->feed);
    char since[AIOTOP_TEXT_NUMBER];
    char retry[AIOTOP_TEXT_NUMBER + 16] = "trying again";

    format_since(since, ui, link->since_us);
    if (ui->in_vms && ui->verdicts) {
        return NULL;
    }
    switch (link->state) {
    case AIOTOP_SAMPLER_LIVE:
        return NULL;
    case AIOTOP_SAMPLER_CONNECTING:
        if (!ui->watching || ui->in_vms) {
            return g_strdup_printf(
                "Looking for the QEMUs of this host (%s)%s", since,
                ui->now_us - link->since_us >= SLOW_US
                    ? ": /proc does not answer; a TARGET may be given as a"
                      " socket's path or HOST:PORT"
                    : "");
        }
        return g_strdup_printf(
            "Connecting to %s (%s)%s%s",
            link->address ? aiotop_target_shown(link->address) : "the target",
            since, ui->halted ? ": " : "", ui->halted ? ui->halted : "");
    case AIOTOP_SAMPLER_STALE:
        return g_strdup_printf("No answer for %s%s%s%s", since,
                               ui->halted ? ": " : "",
                               ui->halted ? ui->halted : "",
                               first        ? ""
                               : ui->halted ? "; this is how it was before"
                                            : ": this is how it was before");
    case AIOTOP_SAMPLER_LOST:
        break;
    }
    if (link->retry_us > ui->now_us) {
        g_snprintf(retry, sizeof(retry), "next try in %ds",
                   (int)((link->retry_us - ui->now_us + 999999) / 1000000));
    }
    return g_strdup_printf(first ? "Not connected for %s, %s: %s"
                                 : "Connection lost %s ago, %s: %s",
                           since, retry, link->error ? link->error : "");
}

/* One who looked away sees that there were some, as long as they are new */
static void draw_stalls(const Ui *ui, Canvas *canvas, int x)
{
    const AiotopSnapshot *now = feed_shown(&ui->feed)->now;
    AiotopPastStalls past = aiotop_past_stalls(
        now, ui->stall_ns, AIOTOP_RULE_STALL_WINDOW_S * UINT64_C(1000000000));
    char age[AIOTOP_TEXT_NUMBER];

    if (past.n) {
        aiotop_text_time(age, aiotop_stall_age_ns(now, past.last));
        canvas_printf(canvas, 1, x + 2, STYLE_WARNING,
                      "%u stall%s, last %s ago", past.n, past.n == 1 ? "" : "s",
                      age);
    }
}

/* From then on it is worth a word: a disk that is well has younger ones */
#define OLD_REQUEST_NS UINT64_C(1000000000)

/* Loops that are idle say nothing of it */
static void append_requests(GString *text, const AiotopSnapshot *now)
{
    uint64_t since_ns = aiotop_awaited_oldest_ns(&now->awaited);
    uint64_t age_ns = aiotop_age_ns(now->time_ns, since_ns);
    char age[AIOTOP_TEXT_NUMBER];

    if (age_ns != AIOTOP_UNKNOWN && age_ns >= OLD_REQUEST_NS) {
        aiotop_text_time(age, aiotop_known_real(age_ns));
        g_string_append_printf(text, "  oldest request %s", age);
    }
}

static void draw_totals(const Ui *ui, Canvas *canvas)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    g_autoptr(GString) text = g_string_new(NULL);
    int x;

    if (!sample) {
        return;
    }
    if (sample->now->host_only) {
        g_string_printf(text, "%u threads, not profiled", sample->n_loops);
    } else {
        unsigned n = sample->n_loops - ui->totals.n_threads;

        g_string_printf(text, "%u loop%s", n, n == 1 ? "" : "s");
        if (ui->totals.n_threads) {
            g_string_append_printf(text, ", %u thread%s", ui->totals.n_threads,
                                   ui->totals.n_threads == 1 ? "" : "s");
        }
        g_string_append_printf(text, "  %u sources, %u active",
                               sample->n_sources, ui->totals.n_active);
        append_requests(text, sample->now);
    }
    aiotop_sampled_append(text, sample);
    if (ui->totals.overflow) {
        g_string_append(text, "  too many sources: some are in (other)");
    }
    if (ui->link.malformed) {
        g_string_append_printf(text, "  bad replies dropped: %u",
                               ui->link.malformed);
    }
    x = canvas_put(canvas, 1, 0, canvas->width, STYLE_TEXT, text->str);
    for (unsigned i = 0; i < AIOTOP_N_MARKS; i++) {
        if (ui->totals.n_marks[i]) {
            x = canvas_printf(canvas, 1, x + 2, view_mark_style(i), "%u %s",
                              ui->totals.n_marks[i], aiotop_marks[i].word);
        }
    }
    draw_stalls(ui, canvas, x);
}

void view_header(const Ui *ui, Canvas *canvas)
{
    g_autofree char *banner = describe_link(ui);
    bool tall = ui_header_lines(ui) > 1;
    int y = tall ? 1 : 0;

    if ((tall || !banner) && ui->in_vms) {
        draw_host(ui, canvas, draw_modes(ui, canvas));
    } else if (tall || !banner) {
        draw_identity(ui, canvas, draw_modes(ui, canvas));
    }
    if (banner) {
        canvas_put(canvas, y, 0, canvas->width, STYLE_TEXT, banner);
        canvas_restyle(canvas, y, 0, canvas->width, STYLE_BANNER);
    } else if (tall && ui->in_vms) {
        draw_summary(ui, canvas);
    } else if (tall) {
        draw_totals(ui, canvas);
    }
}
