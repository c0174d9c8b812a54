/*
 * Event loop benchmark: a bottom half that schedules itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Prints how many nanoseconds a dispatch takes with the loop around it.  It
 * builds without the event loop profiler too, to measure what that costs.
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#if __has_include("qemu/event-loop-snapshot.h")
#include "qemu/event-loop-snapshot.h"
#define HAVE_PROFILER 1
#else
#define HAVE_PROFILER 0
#endif

typedef struct Bench {
    AioContext *ctx;
    QEMUBH *bh;
    uint64_t left;
} Bench;

static void again(void *opaque)
{
    Bench *bench = opaque;

    if (--bench->left) {
        qemu_bh_schedule(bench->bh);
    }
}

static double run(Bench *bench, uint64_t dispatches)
{
    int64_t start = get_clock();

    bench->left = dispatches;
    qemu_bh_schedule(bench->bh);
    while (bench->left) {
        aio_poll(bench->ctx, true);
    }
    return (double)(get_clock() - start) / dispatches;
}

int main(int argc, char **argv)
{
    gboolean profile = FALSE;
    int dispatches = 5000000;
    GOptionEntry entries[] = {
        { "profile", 'p', 0, G_OPTION_ARG_NONE, &profile,
          "With the event loop profiler", NULL },
        { "dispatches", 'n', 0, G_OPTION_ARG_INT, &dispatches,
          "How many", "N" },
        { NULL }
    };
    GOptionContext *options = g_option_context_new(NULL);
    GError *error = NULL;
    Bench bench = { };

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    if (dispatches < 1 || (profile && !HAVE_PROFILER)) {
        fprintf(stderr, dispatches < 1 ? "dispatches must be positive\n"
                                       : "this QEMU has no profiler\n");
        return 2;
    }

    qemu_init_main_loop(&error_fatal);
    bench.ctx = qemu_get_aio_context();
    bench.bh = aio_bh_new(bench.ctx, again, &bench);
#if HAVE_PROFILER
    if (profile) {
        event_loop_profiler_start();
    }
#endif
    run(&bench, dispatches / 10 + 1);
    printf("%.2f\n", run(&bench, dispatches));
    qemu_bh_delete(bench.bh);
    g_option_context_free(options);
    return 0;
}
