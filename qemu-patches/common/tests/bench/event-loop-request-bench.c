/*
 * Event loop benchmark: requests that begin and end
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Prints how many nanoseconds a request's begin and end take together.  Each
 * is a guest's request to a node, or with --parts also what that asks of
 * another one.
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "qapi/error.h"
#include "qemu/event-loop-request.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"

typedef struct Bench {
    EventLoopBackend *backend;
    EventLoopPlace *format;
    EventLoopPlace *file;
    bool parts;
    int64_t n;
    int64_t ns;
} Bench;

static void coroutine_fn bench_entry(void *opaque)
{
    Bench *bench = opaque;
    Coroutine *co = qemu_coroutine_self();
    int64_t start = get_clock(), i;

    for (i = 0; i < bench->n; i++) {
        EventLoopSlot *guest, *format, *file = NULL;

        guest = event_loop_backend_begin(bench->backend,
                                         EVENT_LOOP_REQUEST_TYPE_READ,
                                         i * 512, 512);
        format = event_loop_request_begin_in(co, bench->format,
                                             EVENT_LOOP_REQUEST_TYPE_READ,
                                             i * 512, 512);
        if (bench->parts) {
            file = event_loop_request_begin_in(co, bench->file,
                                               EVENT_LOOP_REQUEST_TYPE_READ,
                                               i * 512, 512);
        }
        event_loop_request_end(file);
        event_loop_request_end(format);
        event_loop_request_end(guest);
    }
    bench->ns = get_clock() - start;
}

static void bench_bh(void *opaque)
{
    qemu_coroutine_enter(qemu_coroutine_create(bench_entry, opaque));
}

int main(int argc, char **argv)
{
    gboolean profile = FALSE, parts = FALSE;
    int requests = 50000000;
    GOptionEntry entries[] = {
        { "profile", 'p', 0, G_OPTION_ARG_NONE, &profile,
          "With the event loop profiler", NULL },
        { "requests", 'n', 0, G_OPTION_ARG_INT, &requests, "How many", "N" },
        { "parts", 'a', 0, G_OPTION_ARG_NONE, &parts,
          "Each with another one that is a part of it", NULL },
        { NULL }
    };
    GOptionContext *options = g_option_context_new(NULL);
    GError *error = NULL;
    EventLoopStallNews news;
    Bench bench = { };

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    qemu_init_main_loop(&error_fatal);
    if (profile) {
        g_autoptr(GString) stall = g_string_new(NULL);

        event_loop_profiler_start();
        /* as who looks for stalls does */
        event_loop_next_stall(stall, &news);
    }
    bench.n = requests;
    bench.parts = parts;
    bench.backend = event_loop_backend_new();
    bench.format = event_loop_place_new("format");
    bench.file = event_loop_place_new("file");
    event_loop_backend_set_place(bench.backend, bench.format);
    aio_bh_schedule_oneshot(qemu_get_aio_context(), bench_bh, &bench);
    while (!bench.ns) {
        aio_poll(qemu_get_aio_context(), true);
    }
    printf("%.2f\n", (double)bench.ns / requests);
    event_loop_backend_free(bench.backend);
    event_loop_place_free(bench.format);
    event_loop_place_free(bench.file);
    g_option_context_free(options);
    return 0;
}
