/*
 * The screen: terminal, signals, what is watched and user interface, wired up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "live.h"

#include <signal.h>

#include "code.h"
#include "dispatch.h"
#include "keyboard.h"
#include "draw/term.h"
#include "local.h"
#include "mouse.h"
#include "signals.h"
#include "capture.h"
#include "state/arrivals.h"
#include "state/opened.h"

typedef struct Screen {
    const LiveConfig *config;
    GMainLoop *loop;
    Ui *ui;
    Watch *watch;
    char *settings_path;
    Code *code;
    /* Draws when all that has come is dealt with; 0 if there is no need */
    guint draw_source;
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

static void on_changed(void *opaque)
{
    draw_soon(opaque);
}

/* All that was asked for was shown, or there is no terminal any more */
static void on_over(void *opaque)
{
    Screen *screen = opaque;

    g_main_loop_quit(screen->loop);
}

static const WatchHandler watch_handler = {
    .changed = on_changed,
    .over = on_over,
};

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
    if (wants & UI_WANT_INTERVAL) {
        watch_set_interval(screen->watch);
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
        watch_picked(screen->watch);
    }
    if (wants & UI_WANT_VMS) {
        watch_vms(screen->watch);
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

static const KeyboardHandler keyboard_handler = {
    .event = on_event,
    .gone = on_over,
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
    screen->settings_path = settings_path();
    feed_set_cumulative(&screen->ui->feed, config->cumulative);
    load_settings(screen);
    screen->watch =
        watch_new(&config->watch, screen->ui, &watch_handler, screen);
}

static void tear_down(Screen *screen)
{
    watch_free(screen->watch);
    code_free(screen->code);
    ui_free(screen->ui);
    g_main_loop_unref(screen->loop);
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
    watch_begin(screen.watch);
    on_draw(&screen);
    g_main_loop_run(screen.loop);
    keyboard_free(keyboard);
    term_close();
    tear_down(&screen);
    return true;
}
