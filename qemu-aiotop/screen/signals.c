/*
 * Signals in the main loop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "signals.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

/* How long the terminal is left alone after SIGCONT in the background */
#define BACKGROUND_MS 1000

/*
 * A signal that comes sooner after the first is of the same event: timeout
 * signals its child, and then the group that it is in
 */
#define AGAIN_MS 500

static struct {
    SignalsHandler *stop;
    SignalsHandler *cont;
    void *opaque;
    /* From the handler to the main loop */
    int pipe[2];
} watch;

static struct {
    /* GLib's, the same for each signal */
    void (*handler)(int signal_number);
    /* When the first one of all came, by a clock that wraps; 0: none has */
    gint first_ms;
} end;

static void on_signal(int signal_number)
{
    char byte = signal_number;
    int saved_errno = errno;
    ssize_t written = write(watch.pipe[1], &byte, 1);

    (void)written;
    errno = saved_errno;
}

static gboolean on_pipe(gint fd, GIOCondition condition G_GNUC_UNUSED,
                        gpointer opaque G_GNUC_UNUSED)
{
    char byte;

    while (read(fd, &byte, 1) == 1) {
        if (byte == SIGTSTP) {
            watch.stop(watch.opaque);
        } else {
            watch.cont(watch.opaque);
        }
    }
    return G_SOURCE_CONTINUE;
}

static bool is_ignored(int signal_number)
{
    struct sigaction action;

    return sigaction(signal_number, NULL, &action) == 0 &&
           action.sa_handler == SIG_IGN;
}

void signals_add(int signal_number, GSourceFunc function, void *opaque)
{
    if (!is_ignored(signal_number)) {
        g_unix_signal_add(signal_number, function, opaque);
    }
}

/* In any thread */
static void on_end(int signal_number)
{
    struct timespec now;
    guint now_ms;

    clock_gettime(CLOCK_MONOTONIC, &now);
    now_ms = ((guint)now.tv_sec * 1000 + (guint)now.tv_nsec / 1000000) | 1;
    if (!g_atomic_int_compare_and_exchange(&end.first_ms, 0, (gint)now_ms) &&
        now_ms - (guint)g_atomic_int_get(&end.first_ms) >= AGAIN_MS) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
    end.handler(signal_number);
}

static void add_end(int signal_number, GSourceFunc function, void *opaque)
{
    struct sigaction action;

    signals_add(signal_number, function, opaque);
    if (!is_ignored(signal_number) &&
        sigaction(signal_number, NULL, &action) == 0 &&
        action.sa_handler != on_end) {
        end.handler = action.sa_handler;
        action.sa_handler = on_end;
        sigaction(signal_number, &action, NULL);
    }
}

void signals_add_end(GSourceFunc function, void *opaque)
{
    add_end(SIGINT, function, opaque);
    add_end(SIGTERM, function, opaque);
    add_end(SIGHUP, function, opaque);
}

static void handle(int signal_number, void (*handler)(int))
{
    struct sigaction action = {
        .sa_handler = handler,
        .sa_flags = SA_RESTART,
    };

    sigaction(signal_number, &action, NULL);
}

void signals_watch_stop(SignalsHandler *stop, SignalsHandler *cont,
                        void *opaque)
{
    g_autoptr(GError) error = NULL;

    watch.stop = stop;
    watch.cont = cont;
    watch.opaque = opaque;
    if (!g_unix_open_pipe(watch.pipe, FD_CLOEXEC, &error)) {
        g_error("pipe: %s", error->message);
    }
    g_unix_set_fd_nonblocking(watch.pipe[0], TRUE, NULL);
    g_unix_set_fd_nonblocking(watch.pipe[1], TRUE, NULL);
    g_unix_fd_add(watch.pipe[0], G_IO_IN, on_pipe, NULL);
    if (!is_ignored(SIGTSTP)) {
        handle(SIGTSTP, on_signal);
    }
    handle(SIGCONT, on_signal);
}

/*
 * A shell's kill sends a signal and SIGCONT: any thread may be the one that the
 * former ends the program in, and it is to have its turn before the terminal is
 * touched, which would stop us again.  Who is in the foreground goes on at once.
 */
static void wait_in_background(void)
{
    for (unsigned i = 0; i < BACKGROUND_MS / 10; i++) {
        pid_t foreground = tcgetpgrp(STDIN_FILENO);

        if (foreground < 0 || foreground == getpgrp()) {
            return;
        }
        g_usleep(10 * 1000);
    }
}

void signals_stop(void)
{
    handle(SIGCONT, SIG_DFL);
    handle(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    wait_in_background();
    handle(SIGTSTP, on_signal);
    handle(SIGCONT, on_signal);
}
