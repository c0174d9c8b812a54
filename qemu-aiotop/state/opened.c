/*
 * What the details are about
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "opened.h"

#include <string.h>

const AiotopSourceSample *opened_source(const Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);

    if (!sample || !ui->opened || !ui->opened->kind || ui->opened->index < 0) {
        return NULL;
    }
    return &sample->sources[ui->opened->index];
}

const AiotopLoopSample *opened_loop(const Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);

    if (!sample || !ui->opened || ui->opened->kind || ui->opened->index < 0) {
        return NULL;
    }
    return &sample->loops[ui->opened->index];
}

const AiotopLoopSample *opened_thread(const Ui *ui)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    const Track *opened = ui->opened;

    for (unsigned i = 0; sample && opened && i < sample->n_loops; i++) {
        const AiotopLoopSample *loop = &sample->loops[i];
        const Track *track =
            tracks_get_loop(ui->feed.tracks, sample->now, loop->now);

        if (track->ordinal == opened->ordinal &&
            strcmp(track->loop, opened->loop) == 0) {
            return loop;
        }
    }
    return NULL;
}

/* That of the source, or of the system call that the loop's thread is in */
static int opened_fd(const Ui *ui)
{
    const AiotopSourceSample *source = opened_source(ui);
    const AiotopLoopSample *loop = opened_loop(ui);

    return ui->view == UI_SOURCE && source ? source->now->fd
           : ui->view == UI_LOOP && loop
               ? aiotop_syscall_fd(&loop->now->thread.syscall)
               : -1;
}

static void describe_fd(Ui *ui)
{
    int fd = opened_fd(ui);

    g_clear_pointer(&ui->fd_text, g_free);
    if (fd >= 0 && ui->local.pid && ui->describe_fd) {
        ui->fd_text = ui->describe_fd(&ui->local, fd);
    }
}

static bool is_code_of(const Ui *ui, const AiotopIdentity *process,
                       uint64_t callback)
{
    return aiotop_identity_equal(&ui->code_process, process) &&
           ui->code_callback == callback;
}

void ui_take_code(Ui *ui, const AiotopIdentity *process, uint64_t callback,
                  const char *text)
{
    if (is_code_of(ui, process, callback)) {
        g_free(ui->code_text);
        ui->code_text = g_strdup(text);
    }
}

/* Only of the executable: a module's file may be anything */
static bool opened_has_code(const Track *opened)
{
    return opened && opened->kind && !opened->module &&
           opened->callback != AIOTOP_UNKNOWN;
}

/* Once for each callback: it does not move, and it takes some time */
static void describe_callback(Ui *ui)
{
    const Track *opened = ui->opened;

    if (ui->view != UI_SOURCE || !opened_has_code(opened) || !ui->local.pid ||
        !ui->describe_callback ||
        is_code_of(ui, &ui->local, opened->callback)) {
        return;
    }
    g_free(ui->code_text);
    ui->code_process = ui->local;
    ui->code_callback = opened->callback;
    ui->code_text = ui->describe_callback(&ui->local, opened->callback,
                                          ui->describe_opaque);
}

void opened_describe(Ui *ui)
{
    describe_fd(ui);
    describe_callback(ui);
}
