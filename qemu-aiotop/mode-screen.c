/*
 * Mode: samples on the screen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "modes.h"

#include <stdlib.h>

#include "connect.h"
#include "output.h"
#include "screen/live.h"

int mode_screen(const Options *options)
{
    const AiotopQuery *query = &options->query;
    const LiveConfig config = {
        .watch = {
            .target = options->target,
            .host = options->host,
            .users = options->users,
            .resolve = connect_resolve,
            .iterations = options->iterations,
            .timeouts = options->timeouts,
            .sample_hz = options->sample_hz,
            .sample_given = options->sample_given,
        },
        .query = query,
        .style = &options->style,
        .interval_ms = options->interval_ms,
        .stall_ns = options->stall_ms * UINT64_C(1000000),
        .request_ns = options->request_ms * UINT64_C(1000000),
        .cumulative = options->cumulative,
        .mouse = options->mouse,
        .given = {
            .delay = options->delay_given,
            .sort = options->sort_given,
            .columns = query->loop_columns || query->source_columns ||
                       query->vm_columns,
            .color = options->color_given,
            .cumulative = options->cumulative,
        },
    };
    g_autoptr(GError) error = NULL;

    if (!live_run(&config, &error)) {
        report(error->message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
