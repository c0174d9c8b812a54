/*
 * What is around every view: the header with its banner, and the footer with
 * what there is to say and the keys
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <string.h>
#include <qemu-aiotop/diagnose/sampled.h>
#include <qemu-aiotop/diagnose/stalls.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/diagnose/missing.h>
#include <qemu-aiotop/format/vms.h>
#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/text/escape.h>
#include <qemu-aiotop/text/figure.h>
#include <qemu-aiotop/text/wrap.h>

#include "state/bindings.h"
#include "state/layout.h"
#include "state/prompt.h"
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

static void draw_prompt(const Ui *ui, Canvas *canvas, int y)
{
    g_autofree char *title = prompt_title(ui, canvas->width);
    const char *hint = prompt_hint(ui);
    const char *note = ui->prompt_error ? ui->prompt_error : hint;
    int x = canvas_put(canvas, y, 0, canvas->width, STYLE_PROMPT, title);
    int room =
        note ? MIN(canvas_text_width(canvas, note) + 2, canvas->width / 2) : 0;

    x += canvas_put(canvas, y, x, canvas->width - x - room - 1, STYLE_TEXT,
                    ui->prompt_text->str);
    canvas->cursor_y = y;
    canvas->cursor_x = MIN(x, canvas->width - 1);
    /* What is typed matters more than a hint */
    room = MIN(room, canvas->width - x - 1);
    if (note && room > 2) {
        canvas_put(canvas, y, canvas->width - room, room,
                   ui->prompt_error ? STYLE_ERROR : STYLE_DIM, note);
    }
}

/* What is the matter with the QEMU that is selected, or lacks */
static bool draw_verdict(const Ui *ui, Canvas *canvas, int y)
{
    const AiotopVerdict *verdict = vms_selected(ui);
    g_autofree char *missing =
        verdict ? aiotop_missing_profile(verdict->vm->unprofiled,
                                         verdict->vm->process.pid)
                : NULL;
    const char *text =
        verdict && verdict->evidence ? verdict->evidence : missing;

    if (text) {
        canvas_put(canvas, y, 0, canvas->width, view_verdict_style(verdict),
                   text);
    }
    return text;
}

/* What is the matter with the row that is selected */
static bool draw_reasons(const Ui *ui, Canvas *canvas, int y)
{
    const Pane *pane = ui->in_sources ? &ui->sources : &ui->loops;
    const PaneRow *row = pane_selected(pane);
    g_autoptr(GString) text = g_string_new(NULL);
    AiotopMarks mask;

    if (ui->view == UI_VMS) {
        return draw_verdict(ui, canvas, y);
    }
    if (ui->view != UI_MAIN || !row || row->ended) {
        return false;
    }
    mask = aiotop_marks_check(row->row.sample, row->row.loop, row->row.source,
                              ui->stall_ns);
    for (unsigned i = 0; i < AIOTOP_N_MARKS; i++) {
        if (mask & 1u << i) {
            if (text->len) {
                g_string_append(text, "; ");
            }
            aiotop_marks_explain(text, i, row->row.sample, row->row.loop,
                                 row->row.source, ui->stall_ns);
        }
    }
    if (!text->len) {
        return false;
    }
    canvas_put(canvas, y, 0, canvas->width,
               view_mark_style(aiotop_marks_worst(mask)), text->str);
    return true;
}

/* Where one is in the list, and what is left out of it */
static void draw_position(const Ui *ui, Canvas *canvas, int y)
{
    const Pane *pane = ui_pane_const(ui);
    bool in_table = ui->view == UI_MAIN || ui->view == UI_VMS;
    const AiotopSample *sample = feed_shown(&ui->feed);
    g_autofree char *no_loop = ui->view == UI_MAIN && sample
                                   ? aiotop_query_no_loop(&ui->query, sample)
                                   : NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    if (no_loop) {
        canvas_put(canvas, y, 0, canvas->width, STYLE_ERROR, no_loop);
        return;
    }
    if (!in_table) {
        if (ui->page_lines > ui_body_height(ui) &&
            ui_views[ui->view].kind != UI_LIST) {
            g_string_printf(
                text, "lines %d to %d of %d", ui->page_top + 1,
                MIN(ui->page_top + ui_body_height(ui), ui->page_lines),
                ui->page_lines);
        }
    } else if (pane->rows->len) {
        g_string_printf(text, "%s %u of %u",
                        ui->in_vms ? "QEMU" : pane->table->name,
                        pane->cursor + 1, pane->rows->len);
    }
    if (in_table && ui->filter_text) {
        g_string_append_printf(text, "  filter: %s", ui->filter_text);
    }
    if (in_table && ui->search_text && ui->search) {
        g_string_append_printf(text, "  search: %s", ui->search_text);
    }
    if (ui->view == UI_MAIN && ui->query.loop_name) {
        g_string_append_printf(text, "  loop: %s", ui->query.loop_name);
    }
    canvas_put(canvas, y, 0, canvas->width, STYLE_DIM, text->str);
}

/* A key of the last line, and where it stands */
typedef struct BarKey {
    const KeyBinding *binding;
    char *name;
    int x;
    int width;
} BarKey;

static void bar_key_clear(BarKey *key)
{
    g_free(key->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BarKey, bar_key_clear)

/* The one behind @key, or the first; false if there is none, or no room */
static bool next_key(const Ui *ui, BarKey *key)
{
    const KeyBinding *binding = key->binding ? key->binding + 1 : key_bindings;

    key->x += key->binding ? key->width + 1 : 0;
    while (binding < key_bindings + n_key_bindings &&
           !(binding->label && binding->where & KEYS_IN(ui->view))) {
        binding++;
    }
    if (binding == key_bindings + n_key_bindings) {
        return false;
    }
    key->binding = binding;
    g_free(key->name);
    key->name = keycode_name(binding->keys[0]);
    key->width = strlen(key->name) + strlen(binding->label);
    return key->x + key->width < ui->width;
}

unsigned view_footer_key(const Ui *ui, int x)
{
    g_auto(BarKey) key = { NULL };

    while (next_key(ui, &key)) {
        if (x >= key.x && x < key.x + key.width) {
            return key.binding->keys[0];
        }
    }
    return 0;
}

static void draw_keys(const Ui *ui, Canvas *canvas, int y)
{
    g_auto(BarKey) key = { NULL };

    while (next_key(ui, &key)) {
        int x = key.x +
                canvas_put(canvas, y, key.x, key.width, STYLE_KEY, key.name);

        canvas_put(canvas, y, x, canvas->width - x, STYLE_KEY_LABEL,
                   key.binding->label);
    }
}

void view_footer(const Ui *ui, Canvas *canvas)
{
    int y = canvas->height - UI_FOOTER_LINES;

    if (ui->prompt) {
        draw_prompt(ui, canvas, y);
    } else if (ui->message) {
        canvas_put(canvas, y, 0, canvas->width,
                   ui->message_is_error ? STYLE_ERROR : STYLE_TEXT,
                   ui->message);
    } else if (!draw_reasons(ui, canvas, y)) {
        draw_position(ui, canvas, y);
    }
    draw_keys(ui, canvas, y + 1);
}

int view_paragraph(Canvas *canvas, int y, int x, Style style, const char *text)
{
    int width = MAX(canvas->width - x, 1);
    g_autoptr(GString) escaped = g_string_new(NULL);

    /* Before it is broken into lines, as that makes it longer, and UTF-8 */
    aiotop_text_append(escaped, text, canvas->ascii);
    text = escaped->str;
    while (*text) {
        const char *next;
        const char *end = aiotop_wrap_line(text, width, true, &next);
        g_autofree char *line = g_strndup(text, end - text);

        canvas_put(canvas, y++, x, width, style, line);
        text = next;
    }
    return y;
}

Style view_verdict_style(const AiotopVerdict *verdict)
{
    switch (verdict->id) {
    case AIOTOP_VERDICT_STUCK:
        return STYLE_ERROR;
    case AIOTOP_VERDICT_SILENT:
    case AIOTOP_VERDICT_LOST:
    case AIOTOP_VERDICT_SLOW:
        return STYLE_WARNING;
    case AIOTOP_VERDICT_NEW:
    case AIOTOP_VERDICT_UNPROFILED:
        return STYLE_DIM;
    case AIOTOP_VERDICT_WELL:
    case AIOTOP_N_VERDICTS:
        break;
    }
    return STYLE_TEXT;
}

Style view_mark_style(AiotopMarkId id)
{
    return aiotop_marks[id].alarm ? STYLE_ALARM : STYLE_WARNING;
}

int view_marks(const Ui *ui, Canvas *canvas, int y, const AiotopRow *row)
{
    AiotopMarks mask =
        aiotop_marks_check(row->sample, row->loop, row->source, ui->stall_ns);

    for (unsigned i = 0; i < AIOTOP_N_MARKS; i++) {
        if (mask & 1u << i) {
            g_autoptr(GString) text = g_string_new(NULL);

            aiotop_marks_explain(text, i, row->sample, row->loop, row->source,
                                 ui->stall_ns);
            y = view_paragraph(canvas, y, 0, view_mark_style(i), text->str);
        }
    }
    return y;
}
