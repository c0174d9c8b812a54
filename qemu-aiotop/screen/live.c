/*
 * The screen: terminal, sampler, signals and user interface, wired up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "live.h"

#include <inttypes.h>
#include <signal.h>

#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/halted.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/sampler/host-sampler.h>
#include <qemu-aiotop/sampler/sampler.h>

#include "code.h"
#include "dispatch.h"
#include "keyboard.h"
#include "draw/term.h"
#include "local.h"
#include "lookout.h"
#include "meant.h"
#include "mouse.h"
#include "signals.h"
#include "capture.h"
#include "state/arrivals.h"
#include "state/opened.h"
#include "state/vms.h"

/* Between the first two samples: rates come soon */
#define FIRST_INTERVAL_MS 100

typedef struct Screen {
    const LiveConfig *config;
    GMainLoop *loop;
    Ui *ui;
    /* Of one QEMU, or of all of them: the other one is NULL, or paused */
    AiotopSampler *sampler;
    AiotopHostSampler *host;
    /* As given, or the process that was picked; NULL for the only one */
    char *target;
    /* The process that @target is the number of, once that is known */
    AiotopIdentity meant;
    char *settings_path;
    Code *code;
    Lookout *lookout;
    /* Draws when all that has come is dealt with; 0 if there is no need */
    guint draw_source;
    guint clock_source;
    /* The interval is FIRST_INTERVAL_MS for once */
    bool hurried;
    /* Intervals that were shown */
    unsigned n_intervals;
} Screen;

static gboolean on_draw(gpointer opaque)
{
    Screen *screen = opaque;
    g_autoptr(Canvas) canvas = NULL;
    int width, height;

    screen->draw_source = 0;
    screen->ui->now_us = g_get_monotonic_time();
    term_size(&width, &height);
    canvas = ui_draw(screen->ui, width, height);
    term_show(canvas);
    return G_SOURCE_REMOVE;
}

static void draw_soon(Screen *screen)
{
    if (!screen->draw_source) {
        screen->draw_source = g_idle_add(on_draw, screen);
    }
}

static bool on_accept(const AiotopIdentity *process, void *opaque,
                      GError **error)
{
    Screen *screen = opaque;

    return meant_accept(&screen->meant, screen->target, process, error);
}

static void on_code(const AiotopIdentity *process, uint64_t callback,
                    const char *text, void *opaque)
{
    Screen *screen = opaque;

    ui_take_code(screen->ui, process, callback, text);
    draw_soon(screen);
}

/* Not known yet: it comes */
static char *describe_callback(const AiotopIdentity *process, uint64_t callback,
                               void *opaque)
{
    Screen *screen = opaque;

    code_find(screen->code, process, callback, on_code, screen);
    return NULL;
}

static void set_hurried(Screen *screen, bool hurried)
{
    unsigned interval_ms = screen->ui->interval_ms;

    screen->hurried = hurried;
    aiotop_sampler_set_interval(screen->sampler,
                                hurried ? MIN(FIRST_INTERVAL_MS, interval_ms)
                                        : interval_ms);
}

static void on_sample(AiotopSampler *sampler, AiotopSample *sample,
                      void *opaque)
{
    Screen *screen = opaque;
    unsigned iterations = screen->config->iterations;
    bool first = sample->cumulative;

    screen->ui->local = aiotop_sampler_local(sampler);
    screen->ui->uptime_s = local_uptime_s(&screen->ui->local);
    ui_take_sample(screen->ui, sample);
    if (first != screen->hurried) {
        set_hurried(screen, first);
    }
    screen->n_intervals += !first;
    if (iterations && screen->n_intervals >= iterations) {
        g_main_loop_quit(screen->loop);
    }
    draw_soon(screen);
}

/* Whether it is QEMU's fault that nothing comes */
static void find_halted(Screen *screen)
{
    Ui *ui = screen->ui;

    g_clear_pointer(&ui->halted, g_free);
    if (screen->sampler && (ui->link.state == AIOTOP_SAMPLER_STALE ||
                            ui->link.state == AIOTOP_SAMPLER_CONNECTING)) {
        AiotopIdentity peer = aiotop_sampler_peer(screen->sampler);

        ui->halted = aiotop_halted_why(AIOTOP_PROCFS_ROOT, &peer);
    }
}

/* The banner's seconds pass, though nothing comes */
static gboolean on_clock(gpointer opaque)
{
    Screen *screen = opaque;
    const Ui *ui = screen->ui;

    if (ui->link.state == AIOTOP_SAMPLER_LIVE || (ui->in_vms && ui->verdicts)) {
        screen->clock_source = 0;
        return G_SOURCE_REMOVE;
    }
    find_halted(screen);
    draw_soon(screen);
    return G_SOURCE_CONTINUE;
}

static void watch_clock(Screen *screen)
{
    if (!screen->clock_source) {
        screen->clock_source = g_timeout_add(500, on_clock, screen);
    }
}

static void on_status(AiotopSampler *sampler, void *opaque)
{
    Screen *screen = opaque;

    ui_set_link(screen->ui, aiotop_sampler_status(sampler));
    screen->ui->local = aiotop_sampler_local(sampler);
    find_halted(screen);
    watch_clock(screen);
    draw_soon(screen);
}

static const AiotopSamplerHandler sampler_handler = {
    .sample = on_sample,
    .status = on_status,
};

static void begin_sampling(Screen *screen)
{
    AiotopSamplerConfig config = {
        .resolve = screen->config->resolve,
        .target = screen->target,
        .accept = on_accept,
        .interval_ms = screen->ui->interval_ms,
        .reconnect = true,
        .timeouts = &screen->config->timeouts,
        .sample_hz = screen->config->sample_hz,
        .sample_stacks = screen->config->sample_given,
        .sample_profiled = screen->config->sample_given,
        .handler = &sampler_handler,
        .opaque = screen,
    };

    screen->ui->watching = true;
    screen->sampler = aiotop_sampler_new(&config);
    on_status(screen->sampler, screen);
}

/* The first one has no interval, the second one a short one */
static void on_round(AiotopHostSampler *host, void *opaque)
{
    Screen *screen = opaque;
    Ui *ui = screen->ui;
    unsigned iterations = screen->config->iterations;
    AiotopHostInterval load;

    if (!aiotop_host_sampler_has_looked(host)) {
        return;
    }
    ui->now_us = g_get_monotonic_time();
    screen->n_intervals += ui->verdicts != NULL;
    if (ui->verdicts) {
        aiotop_host_sampler_set_interval(host, ui->interval_ms);
    }
    load = aiotop_host_sampler_load(host);
    ui_take_vms(ui, aiotop_host_sampler_vms(host), &load);
    if (iterations && screen->n_intervals >= iterations) {
        g_main_loop_quit(screen->loop);
    }
    draw_soon(screen);
}

static const AiotopHostHandler host_handler = {
    .round = on_round,
};

/* All QEMUs of this host from now on */
static void watch_vms(Screen *screen)
{
    Ui *ui = screen->ui;

    g_clear_pointer(&screen->sampler, aiotop_sampler_free);
    g_clear_pointer(&ui->halted, g_free);
    ui->watching = true;
    ui_enter_vms(ui);
    if (screen->host) {
        aiotop_host_sampler_set_interval(screen->host, ui->interval_ms);
        aiotop_host_sampler_resume(screen->host);
        return;
    }
    screen->host = aiotop_host_sampler_new(&(AiotopHostSamplerConfig){
        .users = screen->config->users,
        .interval_ms = MIN(FIRST_INTERVAL_MS, ui->interval_ms),
        .loops_only = true,
        .timeouts = &screen->config->timeouts,
        .handler = &host_handler,
        .opaque = screen,
    });
}

/* Without a target: the only profiled QEMU, or all there are */
static void on_processes(const GPtrArray *processes, void *opaque)
{
    Screen *screen = opaque;
    unsigned n_profiled = 0;

    for (unsigned i = 0; i < processes->len; i++) {
        n_profiled += aiotop_process_profiled(processes->pdata[i]);
    }
    if (n_profiled == 1) {
        begin_sampling(screen);
    } else {
        watch_vms(screen);
    }
    draw_soon(screen);
}

static void watch_picked(Screen *screen)
{
    aiotop_host_sampler_pause(screen->host, &screen->ui->picked);
    g_clear_pointer(&screen->sampler, aiotop_sampler_free);
    g_free(screen->target);
    screen->target = g_strdup_printf("%" PRId64, screen->ui->picked.pid);
    screen->meant = screen->ui->picked;
    begin_sampling(screen);
}

static void begin(Screen *screen)
{
    screen->ui->link.since_us = g_get_monotonic_time();
    if (screen->target) {
        begin_sampling(screen);
        return;
    }
    watch_clock(screen);
    if (screen->config->host) {
        watch_vms(screen);
    } else {
        screen->lookout = lookout_new(on_processes, screen);
    }
}

static void save_settings(Screen *screen)
{
    g_autoptr(GError) error = NULL;
    Ui *ui = screen->ui;

    if (!ui->overwrite && settings_broken(screen->settings_path)) {
        ui->overwrite = true;
        ui_say(ui, true, "%s can't be read: W again replaces it",
               screen->settings_path);
    } else if (settings_save(ui, screen->settings_path, &error)) {
        ui->overwrite = false;
        ui_say(ui, false, "Saved in %s", screen->settings_path);
    } else {
        ui_say(ui, true, "Not saved: %s", error->message);
    }
}

static void on_stack(unsigned number, GPtrArray *frames, const char *error,
                     void *opaque)
{
    Screen *screen = opaque;

    ui_take_stack(screen->ui, number, frames, error);
    draw_soon(screen);
}

/* Does what the user interface wants to have done */
static void serve(Screen *screen)
{
    Ui *ui = screen->ui;
    unsigned wants = ui->wants;

    ui->wants = 0;
    if (wants & UI_WANT_QUIT) {
        g_main_loop_quit(screen->loop);
    }
    if (wants & UI_WANT_INTERVAL && screen->sampler) {
        set_hurried(screen, false);
        aiotop_sampler_hurry(screen->sampler);
    } else if (wants & UI_WANT_INTERVAL && screen->host) {
        aiotop_host_sampler_set_interval(screen->host, ui->interval_ms);
    }
    if (wants & UI_WANT_SAVE) {
        save_settings(screen);
    }
    if (wants & UI_WANT_REDRAW) {
        term_redraw();
    }
    if (wants & UI_WANT_STACK) {
        capture_stack(&ui->stack, on_stack, screen);
    }
    if (wants & UI_WANT_PICKED) {
        watch_picked(screen);
    }
    if (wants & UI_WANT_VMS) {
        watch_vms(screen);
    }
}

static void handle_event(Ui *ui, const InputEvent *event)
{
    switch (event->type) {
    case INPUT_KEY:
        ui_key(ui, event->key);
        break;
    case INPUT_CLICK:
        ui_mouse(ui, UI_MOUSE_CLICK, event->y, event->x);
        break;
    case INPUT_WHEEL_UP:
        ui_mouse(ui, UI_MOUSE_WHEEL_UP, event->y, event->x);
        break;
    case INPUT_WHEEL_DOWN:
        ui_mouse(ui, UI_MOUSE_WHEEL_DOWN, event->y, event->x);
        break;
    }
}

static void on_event(const InputEvent *event, void *opaque)
{
    Screen *screen = opaque;

    handle_event(screen->ui, event);
    serve(screen);
    draw_soon(screen);
}

static void on_terminal_gone(void *opaque)
{
    Screen *screen = opaque;

    g_main_loop_quit(screen->loop);
}

static const KeyboardHandler keyboard_handler = {
    .event = on_event,
    .gone = on_terminal_gone,
};

static gboolean on_quit_signal(gpointer opaque)
{
    Screen *screen = opaque;

    g_main_loop_quit(screen->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean on_resize(gpointer opaque)
{
    term_resize();
    draw_soon(opaque);
    return G_SOURCE_CONTINUE;
}

static void on_stop(void *opaque)
{
    term_suspend();
    signals_stop();
    term_resume();
    draw_soon(opaque);
}

static void on_continue(void *opaque)
{
    term_resume();
    draw_soon(opaque);
}

static void load_settings(Screen *screen)
{
    g_autoptr(GError) error = NULL;

    if (!settings_load(screen->ui, screen->settings_path,
                       &screen->config->given, &error)) {
        ui_say(screen->ui, true, "Settings ignored: %s (%s)", error->message,
               screen->settings_path);
    }
}

static void set_up(Screen *screen)
{
    const LiveConfig *config = screen->config;

    screen->loop = g_main_loop_new(NULL, FALSE);
    screen->ui = ui_new(config->query, config->style);
    screen->ui->interval_ms = config->interval_ms;
    screen->ui->stall_ns = config->stall_ns;
    screen->ui->request_ns = config->request_ns;
    screen->ui->describe_fd = local_describe_fd;
    screen->code = code_new();
    screen->ui->describe_callback = describe_callback;
    screen->ui->describe_opaque = screen;
    screen->target = g_strdup(config->target);
    screen->settings_path = settings_path();
    feed_set_cumulative(&screen->ui->feed, config->cumulative);
    load_settings(screen);
}

static void tear_down(Screen *screen)
{
    aiotop_sampler_free(screen->sampler);
    aiotop_host_sampler_free(screen->host);
    code_free(screen->code);
    lookout_free(screen->lookout);
    ui_free(screen->ui);
    g_main_loop_unref(screen->loop);
    g_free(screen->target);
    g_free(screen->settings_path);
}

/* Before curses starts, which would have handlers of its own */
static void watch_signals(Screen *screen)
{
    /* write() tells, and what could not be written is said */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signals_add(SIGINT, on_quit_signal, screen);
    signals_add(SIGWINCH, on_resize, screen);
    signals_watch_stop(on_stop, on_continue, screen);
}

bool live_run(const LiveConfig *config, GError **error)
{
    Screen screen = { .config = config };
    Keyboard *keyboard;

    set_up(&screen);
    watch_signals(&screen);
    if (!term_open(config->mouse && screen.ui->mouse_wanted, error)) {
        tear_down(&screen);
        return false;
    }
    screen.ui->color_possible = term_has_colors();
    screen.ui->color = screen.ui->color && screen.ui->color_possible;
    keyboard = keyboard_new(&keyboard_handler, &screen);
    begin(&screen);
    on_draw(&screen);
    g_main_loop_run(screen.loop);
    keyboard_free(keyboard);
    term_close();
    tear_down(&screen);
    return true;
}
