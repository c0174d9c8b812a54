/*
 * Event loop benchmark: reading ten thousand sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Three loops dispatch all of their sources, rest, and begin again, while
 * snapshots with histograms are taken.  Prints how long these take and how
 * large they are, and what a dispatch costs the loops with and without a
 * reader.
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "qapi/error.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"
#include "qemu/timer.h"

#define LOOPS 3
#define REST_US 5000
/* Rounds before the first snapshot, so that the histograms are filled */
#define WARM_UP 100

typedef struct Loop {
    QemuThread thread;
    AioContext *ctx;
    char *name;
    const char **labels;
    int sources;
    /* changes how long the dispatches take */
    uint32_t random;
    /* written by the loop */
    unsigned rounds;
    uint64_t round_ns;
    /* written by the main thread */
    bool stop;
} Loop;

static unsigned next_random(Loop *loop)
{
    loop->random = loop->random * 1664525 + 1013904223;
    return loop->random >> 16;
}

/* Takes up to some microseconds, short times being more frequent */
static void work(void *opaque)
{
    Loop *loop = opaque;
    unsigned n = 16u << next_random(loop) % 8;
    unsigned i;

    for (i = 0; i < n; i++) {
        /* nothing but time, which the compiler must not save */
        barrier();
    }
}

static void *run_loop(void *opaque)
{
    Loop *loop = opaque;
    int i;

    rcu_register_thread();
    event_loop_register(loop->name, loop->ctx);
    while (!qatomic_read(&loop->stop)) {
        int64_t start = get_clock();
        EventLoopStamp ready = event_loop_stamp();

        for (i = 0; i < loop->sources; i++) {
            event_loop_dispatch(EVENT_LOOP_SOURCE_KIND_BH, "work",
                                loop->labels[i], -1, ready, work, loop);
        }
        qatomic_set_u64(&loop->round_ns, loop->round_ns + get_clock() - start);
        qatomic_set(&loop->rounds, loop->rounds + 1);
        g_usleep(REST_US);
    }
    rcu_unregister_thread();
    return NULL;
}

static void start_loops(Loop *loops, int sources)
{
    int i, j;

    for (i = 0; i < LOOPS; i++) {
        Loop *loop = &loops[i];

        loop->name = g_strdup_printf("loop%d", i);
        loop->ctx = aio_context_new(&error_fatal);
        loop->sources = sources / LOOPS + (i < sources % LOOPS);
        loop->labels = g_new(const char *, loop->sources);
        loop->random = i;
        for (j = 0; j < loop->sources; j++) {
            g_autofree char *label = g_strdup_printf("disk%d/vq%d", i, j);

            loop->labels[j] = event_loop_label_new(label);
        }
        qemu_thread_create(&loop->thread, loop->name, run_loop, loop,
                           QEMU_THREAD_JOINABLE);
    }
}

static void stop_loops(Loop *loops)
{
    int i, j;

    for (i = 0; i < LOOPS; i++) {
        qatomic_set(&loops[i].stop, true);
    }
    for (i = 0; i < LOOPS; i++) {
        qemu_thread_join(&loops[i].thread);
        aio_context_unref(loops[i].ctx);
        for (j = 0; j < loops[i].sources; j++) {
            event_loop_label_unref(loops[i].labels[j]);
        }
        g_free(loops[i].labels);
        g_free(loops[i].name);
    }
}

static void wait_for_rounds(Loop *loops, unsigned rounds)
{
    int i;

    for (i = 0; i < LOOPS; i++) {
        while (qatomic_read(&loops[i].rounds) < rounds) {
            g_usleep(1000);
        }
    }
}

/* What the loops have spent on how many dispatches */
typedef struct Spent {
    uint64_t ns;
    uint64_t dispatches;
} Spent;

static Spent spent_until_now(Loop *loops)
{
    Spent spent = { };
    int i;

    for (i = 0; i < LOOPS; i++) {
        spent.ns += qatomic_read_u64(&loops[i].round_ns);
        spent.dispatches += (uint64_t)qatomic_read(&loops[i].rounds) *
                            loops[i].sources;
    }
    return spent;
}

static double dispatch_ns(Spent before, Spent after)
{
    return (double)(after.ns - before.ns) /
           (after.dispatches - before.dispatches);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double thread_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    int sources = 10000, count = 100, i;
    GOptionEntry entries[] = {
        { "sources", 's', 0, G_OPTION_ARG_INT, &sources,
          "How many sources, in three loops (default 10000)", "N" },
        { "snapshots", 'n', 0, G_OPTION_ARG_INT, &count,
          "How many snapshots (default 100)", "N" },
        { NULL }
    };
    GOptionContext *options = g_option_context_new(NULL);
    GError *error = NULL;
    EventLoopProcess process = { };
    EventLoopQuery query = { .histograms = true };
    Loop loops[LOOPS] = { };
    g_autoptr(GString) json = g_string_new(NULL);
    g_autofree double *wall_ms = NULL, *cpu_ms = NULL;
    Spent before, alone, read;

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    if (sources < LOOPS || count < 1) {
        fprintf(stderr, "too few sources or snapshots\n");
        return 2;
    }

    qemu_init_main_loop(&error_fatal);
    event_loop_profiler_start();
    start_loops(loops, sources);
    wait_for_rounds(loops, WARM_UP);
    before = spent_until_now(loops);
    wait_for_rounds(loops, 2 * WARM_UP);
    alone = spent_until_now(loops);

    wall_ms = g_new(double, count);
    cpu_ms = g_new(double, count);
    for (i = 0; i < count; i++) {
        unsigned rounds = qatomic_read(&loops[0].rounds);
        double cpu = thread_ms();
        int64_t start = get_clock();

        g_string_truncate(json, 0);
        event_loop_snapshot(json, &process, &query);
        wall_ms[i] = (get_clock() - start) / 1e6;
        cpu_ms[i] = thread_ms() - cpu;
        /* all of them are active in each interval */
        wait_for_rounds(loops, rounds + 2);
    }
    read = spent_until_now(loops);
    stop_loops(loops);

    qsort(wall_ms, count, sizeof(double), compare);
    qsort(cpu_ms, count, sizeof(double), compare);
    printf("{\"sources\": %d, \"bytes\": %zu, "
           "\"wall-ms\": [%.3f, %.3f, %.3f], "
           "\"cpu-ms\": [%.3f, %.3f, %.3f], "
           "\"dispatch-ns\": [%.1f, %.1f]}\n",
           sources, json->len, wall_ms[count / 4], wall_ms[count / 2],
           wall_ms[count * 3 / 4], cpu_ms[count / 4], cpu_ms[count / 2],
           cpu_ms[count * 3 / 4], dispatch_ns(before, alone),
           dispatch_ns(alone, read));
    g_option_context_free(options);
    return 0;
}
