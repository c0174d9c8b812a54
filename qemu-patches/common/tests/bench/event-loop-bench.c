/*
 * Event loop benchmark: bottom halves that schedule themselves
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Prints how many nanoseconds a dispatch takes with the loop around it, which
 * more bottom halves share.  It builds without the event loop profiler too,
 * to measure what that costs.
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
    /* dispatches until the end */
    int64_t left;
} Bench;

typedef struct BenchBH {
    Bench *bench;
    QEMUBH *bh;
} BenchBH;

static void again(void *opaque)
{
    BenchBH *bh = opaque;

    if (--bh->bench->left > 0) {
        qemu_bh_schedule(bh->bh);
    }
}

static double run(Bench *bench, BenchBH *bhs, int count, int64_t dispatches)
{
    int64_t start = get_clock();
    int i;

    bench->left = dispatches;
    for (i = 0; i < count; i++) {
        qemu_bh_schedule(bhs[i].bh);
    }
    while (bench->left > 0) {
        aio_poll(bench->ctx, true);
    }
    return (double)(get_clock() - start) / (dispatches - bench->left);
}

int main(int argc, char **argv)
{
    gboolean profile = FALSE;
    int dispatches = 5000000;
    int count = 1;
    int max_overhead = 10;
    GOptionEntry entries[] = {
        { "profile", 'p', 0, G_OPTION_ARG_NONE, &profile,
          "With the event loop profiler", NULL },
        { "dispatches", 'n', 0, G_OPTION_ARG_INT, &dispatches,
          "How many", "N" },
        { "bottom-halves", 'b', 0, G_OPTION_ARG_INT, &count,
          "Of so many bottom halves, all scheduled at once", "N" },
        { "max-overhead", 'm', 0, G_OPTION_ARG_INT, &max_overhead,
          "What the profiler may take of the time; 0: all are timed",
          "PER-MILLE" },
        { NULL }
    };
    GOptionContext *options = g_option_context_new(NULL);
    GError *error = NULL;
    g_autofree BenchBH *bhs = NULL;
    Bench bench = { };
    int i;

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    if (dispatches < 1 || count < 1) {
        fprintf(stderr, "numbers must be positive\n");
        return 2;
    }
    if (profile && !HAVE_PROFILER) {
        fprintf(stderr, "this QEMU has no profiler\n");
        return 2;
    }

    qemu_init_main_loop(&error_fatal);
    bench.ctx = qemu_get_aio_context();
    bhs = g_new(BenchBH, count);
    for (i = 0; i < count; i++) {
        bhs[i].bench = &bench;
        bhs[i].bh = aio_bh_new(bench.ctx, again, &bhs[i]);
    }
#if HAVE_PROFILER
    if (profile) {
        event_loop_set_max_overhead(max_overhead);
        event_loop_profiler_start();
    }
#endif
    run(&bench, bhs, count, dispatches / 10 + 1);
    printf("%.2f\n", run(&bench, bhs, count, dispatches));
    for (i = 0; i < count; i++) {
        qemu_bh_delete(bhs[i].bh);
    }
    g_option_context_free(options);
    return 0;
}
