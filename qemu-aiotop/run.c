/*
 * A run without a screen, and what ends it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "run.h"

#include <glib-unix.h>
#include <stdlib.h>
#include <unistd.h>

#include <qemu-aiotop/wire/timer.h>

#include "deadline.h"
#include "screen/signals.h"

void run_quit(Run *run, int status)
{
    if (!run->done) {
        run->done = true;
        run->status = status;
        g_main_loop_quit(run->loop);
    }
}

void run_give_up(Run *run, const char *why, int status)
{
    if (!run->done && run->fail) {
        status = run->fail(why, run->opaque);
    }
    run_quit(run, status);
}

static gboolean on_signal(gpointer opaque)
{
    Run *run = opaque;

    run_give_up(run, "a signal ended it before there was an answer",
                run->interrupted);
    return G_SOURCE_CONTINUE;
}

gboolean run_on_deadline(gpointer opaque)
{
    Run *run = opaque;
    g_autofree char *why = deadline_reason(run->options);

    run_give_up(run, why, run->interrupted);
    return G_SOURCE_REMOVE;
}

static gboolean on_stdout_gone(gint fd G_GNUC_UNUSED,
                               GIOCondition condition G_GNUC_UNUSED,
                               gpointer opaque)
{
    run_give_up(opaque, "nobody reads stdout", EXIT_SUCCESS);
    return G_SOURCE_REMOVE;
}

void run_begin(Run *run, GSourceFunc on_deadline, void *opaque)
{
    run->loop = g_main_loop_new(NULL, FALSE);
    run->deadline = deadline_begin(run->options, on_deadline, opaque);
    signals_add_end(on_signal, run);
    g_unix_fd_add(STDOUT_FILENO, G_IO_ERR, on_stdout_gone, run);
}

int run_until_end(Run *run)
{
    g_main_loop_run(run->loop);
    g_clear_pointer(&run->loop, g_main_loop_unref);
    aiotop_timer_clear(&run->deadline);
    return run->status;
}
