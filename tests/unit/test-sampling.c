/*
 * From the registers and the stack of a thread to the callback that it is in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/host-snapshot.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/sampling/sampling.h>

#include "loops.h"
#include "made-sampled.h"
#include "sampling/tally.h"
#include "taken.h"

static AiotopCode *code;

static void find(AiotopWalk *walk, AiotopPlace *place)
{
    taken_find(code, walk, place);
}

static void assert_call(const AiotopPlace *place, unsigned i,
                        AiotopPlaceKind kind, const char *name)
{
    g_assert_cmpuint(place->n_calls, >, i);
    g_assert_cmpint(place->calls[i].kind, ==, kind);
    g_assert_nonnull(place->calls[i].function);
    g_assert_cmpstr(place->calls[i].function->name, ==, name);
}

static void assert_only_call(AiotopPlaceKind kind, const char *name)
{
    AiotopPlace place;
    AiotopWalk walk;

    find(&walk, &place);
    g_assert_cmpint(walk.end, ==, AIOTOP_WALK_WHOLE);
    g_assert_cmpuint(place.n_calls, ==, 1);
    assert_call(&place, 0, kind, name);
    g_assert_cmpint(place.activity, ==, AIOTOP_ACTIVITY_RUNS);
}

static void __attribute__((noinline)) callback(void *opaque)
{
    take(opaque);
    AFTER_CALL();
}

static void test_kinds(void)
{
    aio_poll(&(Round){ .fd = callback });
    assert_only_call(AIOTOP_PLACE_FD, "callback");
    aio_dispatch(&(Round){ .fd = callback });
    assert_only_call(AIOTOP_PLACE_FD, "callback");
    aio_poll(&(Round){ .bh = callback });
    assert_only_call(AIOTOP_PLACE_BH, "callback");
    aio_poll(&(Round){ .timer = callback });
    assert_only_call(AIOTOP_PLACE_TIMER, "callback");
    aio_poll(&(Round){ .last_bh = callback });
    assert_only_call(AIOTOP_PLACE_BH, "callback");
}

/* What a round calls itself is no callback */
static void test_polls(void)
{
    AiotopPlace place;
    AiotopWalk walk;

    aio_poll(&(Round){ .poll = callback });
    find(&walk, &place);
    g_assert_cmpint(place.activity, ==, AIOTOP_ACTIVITY_POLLS);
    for (unsigned i = 0; i < place.n_calls; i++) {
        g_assert_cmpint(place.calls[i].kind, ==, AIOTOP_PLACE_THREAD);
    }
}

static void __attribute__((noinline)) nests(void *opaque)
{
    aio_poll(opaque);
    AFTER_CALL();
}

static void test_nested(void)
{
    Round inner = { .bh = callback };
    AiotopPlace place;
    AiotopWalk walk;

    aio_poll(&(Round){ .fd = nests, .opaque = &inner });
    find(&walk, &place);
    g_assert_cmpuint(place.n_calls, ==, 2);
    assert_call(&place, 0, AIOTOP_PLACE_FD, "nests");
    assert_call(&place, 1, AIOTOP_PLACE_BH, "callback");
    /* It polls in a callback: the time is that one's */
    inner = (Round){ .poll = callback };
    aio_poll(&(Round){ .fd = nests, .opaque = &inner });
    find(&walk, &place);
    g_assert_cmpuint(place.n_calls, ==, 1);
    assert_call(&place, 0, AIOTOP_PLACE_FD, "nests");
}

static void __attribute__((noinline)) locks(void *opaque)
{
    qemu_mutex_lock_iothread_impl(callback, opaque);
    AFTER_CALL();
}

static void test_bql(void)
{
    AiotopPlace place;
    AiotopWalk walk;

    aio_poll(&(Round){ .bh = locks });
    find(&walk, &place);
    assert_call(&place, 0, AIOTOP_PLACE_BH, "locks");
    g_assert_cmpuint(place.n_calls, ==, 1);
    g_assert_cmpint(place.activity, ==, AIOTOP_ACTIVITY_TAKES_BQL);
}

static gboolean on_glib(gpointer opaque)
{
    callback(opaque);
    AFTER_CALL();
    return G_SOURCE_REMOVE;
}

/* What GLib calls is what the source was made for, and no function of GLib's */
static void test_glib(void)
{
    AiotopPlace place;
    AiotopWalk walk;

    g_idle_add(on_glib, NULL);
    g_main_context_iteration(NULL, TRUE);
    find(&walk, &place);
    assert_call(&place, 0, AIOTOP_PLACE_GLIB, "on_glib");
    g_assert_cmpuint(place.n_calls, ==, 1);
}

static void __attribute__((noinline)) entry(void *opaque)
{
    callback(opaque);
    AFTER_CALL();
}

static void __attribute__((noinline)) enters(void *opaque)
{
    run_coroutine(entry, opaque);
    AFTER_CALL();
}

static void test_coroutine(void)
{
    aio_poll(&(Round){ .fd = enters });
    assert_only_call(AIOTOP_PLACE_COROUTINE, "entry");
}

static void __attribute__((noinline)) deep(void *opaque)
{
    call_deep(callback, opaque);
    AFTER_CALL();
}

/* A stack that is not whole says so, whatever the part that is there is like */
static void test_not_copied(void)
{
    AiotopPlace place;
    AiotopWalk walk;

    aio_poll(&(Round){ .fd = deep });
    assert_only_call(AIOTOP_PLACE_FD, "deep");
    taken_most = 16 * 1024;
    aio_poll(&(Round){ .fd = deep });
    taken_most = sizeof(taken.bytes);
    find(&walk, &place);
    g_assert_cmpint(walk.end, ==, AIOTOP_WALK_NOT_COPIED);
    g_assert_cmpuint(place.n_calls, ==, 1);
    g_assert_cmpint(place.calls[0].kind, ==, AIOTOP_PLACE_UNKNOWN);
    g_assert_null(place.calls[0].function);
    g_assert_false(place.in_loop);
}

/* Code that nobody has described, as what TCG makes */
static void test_no_file(void)
{
    AiotopPlace place;
    AiotopWalk walk;

    aio_poll(&(Round){ .fd = callback });
    aiotop_register_set(&taken.registers, AIOTOP_REGISTER_PC, taken.start);
    find(&walk, &place);
    g_assert_cmpint(walk.end, ==, AIOTOP_WALK_NO_FILE);
    g_assert_cmpuint(walk.n, ==, 1);
    taken.registers.known = taken.registers.value[AIOTOP_REGISTER_PC] = 0;
    find(&walk, &place);
    g_assert_cmpint(walk.end, ==, AIOTOP_WALK_KERNEL);
}

/* Anything may stand in a stack: there is an end, and no other harm */
static void test_garbage(void)
{
    Round inner = { .bh = callback };
    AiotopPlace place;
    AiotopWalk walk;

    for (unsigned i = 0; i < 2000; i++) {
        aio_poll(&(Round){ .fd = nests, .opaque = &inner });
        for (unsigned j = 0; j <= i % 8; j++) {
            uint64_t *word =
                (uint64_t *)taken.bytes + g_test_rand_int_range(0, 128);

            *word = j % 2 ? (uint64_t)g_test_rand_int() << 32 |
                                (uint32_t)g_test_rand_int()
                          : taken.start + g_test_rand_int_range(-64, 2048);
        }
        find(&walk, &place);
        g_assert_cmpuint(walk.n, <=, AIOTOP_WALK_FRAMES);
        g_assert_cmpint(walk.end, <, AIOTOP_WALK_ENDS);
        for (unsigned j = 0; j < place.n_calls; j++) {
            g_assert_cmpuint(place.calls[j].frame, <, walk.n);
        }
    }
}

/* A thread that sleeps, or burns CPU time, in a loop */
typedef struct Thread {
    Round round;
    int wires[2];
    /* 0 before it is there */
    gint tid;
} Thread;

static void __attribute__((noinline)) wait_in_ppoll(void *opaque)
{
    Thread *thread = opaque;
    struct pollfd fd = { thread->wires[0], POLLIN, 0 };

    ppoll(&fd, 1, NULL, NULL);
    AFTER_CALL();
}

static gpointer run_loop(gpointer opaque)
{
    Thread *thread = opaque;

    g_atomic_int_set(&thread->tid, syscall(SYS_gettid));
    aio_poll(&thread->round);
    AFTER_CALL();
    return NULL;
}

/* A process with these threads besides its first one, until it is killed */
static pid_t start_process(Thread *threads, unsigned n)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (unsigned i = 0; i < n; i++) {
            threads[i].round.opaque = &threads[i];
            if (pipe(threads[i].wires) == 0) {
                g_thread_unref(g_thread_new("IO one", run_loop, &threads[i]));
            }
        }
        pause();
        _exit(0);
    }
    g_assert_cmpint(pid, >, 0);
    return pid;
}

/* What a loop is at that sleeps all the time, once it is known since when */
static AiotopSnapshot *sample_asleep(const Round *round)
{
    Thread thread = { .round = *round };
    pid_t pid = start_process(&thread, 1);
    AiotopIdentity process = aiotop_procfs_identify("/proc", pid);
    g_autoptr(AiotopSampling) sampling =
        aiotop_sampling_new(&process, 199, false);
    AiotopSnapshot *snapshot = sampled_take(sampling, pid, NULL);

    while (snapshot->n_loops < 2 ||
           snapshot->loops[1].state_since_ns == AIOTOP_UNKNOWN) {
        g_usleep(10000);
        aiotop_snapshot_unref(snapshot);
        snapshot = sampled_take(sampling, pid, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return snapshot;
}

/* One whose frame is found by its frame pointer alone, which is in a register */
static void __attribute__((noinline, optimize("no-omit-frame-pointer")))
wait_with_frame(void *opaque)
{
    Thread *thread = opaque;
    struct pollfd *fd = g_alloca(g_random_int_range(1, 3) * sizeof(*fd));

    *fd = (struct pollfd){ thread->wires[0], POLLIN, 0 };
    ppoll(fd, 1, NULL, NULL);
    AFTER_CALL();
}

static void assert_waits(Callback *wait)
{
    g_autoptr(AiotopSnapshot) waits = sample_asleep(&(Round){ .wait = wait });
    g_autoptr(AiotopSnapshot) blocks = sample_asleep(&(Round){ .fd = wait });
    const AiotopLoop *loop = &blocks->loops[1];

    g_assert_cmpint(waits->loops[1].state, ==, AIOTOP_LOOP_WAITING);
    g_assert_cmpuint(waits->loops[1].stack_depth, ==, 0);
    /* The same system call, but in a callback: it is stuck there */
    g_assert_cmpint(loop->state, ==, AIOTOP_LOOP_DISPATCHING);
    g_assert_cmpuint(loop->stack_depth, ==, 1);
    g_assert_cmpuint(loop->stack[0].since_ns, <, blocks->time_ns);
    g_assert_cmpstr(loop->sources[loop->n_sources - 1]->kind, ==, "fd");
}

static void test_asleep(void)
{
    assert_waits(wait_in_ppoll);
    assert_waits(wait_with_frame);
}

static void __attribute__((noinline)) burn(void *opaque)
{
    Thread *thread = opaque;

    /* Which it keeps */
    while (g_atomic_int_get(&thread->tid)) {
        continue;
    }
    AFTER_CALL();
}

static const AiotopLoop *find_loop(const AiotopSnapshot *snapshot, pid_t tid)
{
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        if (snapshot->loops[i].thread_id == tid) {
            return &snapshot->loops[i];
        }
    }
    return NULL;
}

/* The whole of it: a loop that burns, and one that waits */
static void test_sampling(void)
{
    size_t size = 2 * sizeof(Thread);
    Thread *threads = mmap(NULL, size, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    Thread *burns = &threads[0], *waits = &threads[1];
    g_autoptr(AiotopSampling) sampling = NULL;
    g_autoptr(AiotopSnapshot) snapshot = NULL;
    g_autoptr(AiotopSample) difference = NULL;
    g_autoptr(AiotopSnapshot) first = NULL;
    const AiotopLoop *burning, *waiting;
    AiotopIdentity process;
    pid_t pid;

    g_assert_true(threads != MAP_FAILED);
    burns->round.bh = burn;
    waits->round.wait = wait_in_ppoll;
    pid = start_process(threads, 2);
    process = aiotop_procfs_identify("/proc", pid);
    while (!g_atomic_int_get(&burns->tid) || !g_atomic_int_get(&waits->tid)) {
        g_usleep(1000);
    }
    sampling = aiotop_sampling_new(&process, 199, true);
    first = sampled_take(sampling, pid, NULL);
    g_assert_cmpuint(first->sampled.hz, ==, 199);
    g_assert_null(first->sampled.refused);
    /* Until both have been seen, however slow this host is */
    do {
        g_usleep(10000);
        aiotop_snapshot_unref(snapshot);
        snapshot = sampled_take(sampling, pid, first);
        burning = find_loop(snapshot, burns->tid);
        waiting = find_loop(snapshot, waits->tid);
    } while (!burning->n_sources || burning->sources[0]->samples < 20 ||
             waiting->wait_ns == AIOTOP_UNKNOWN ||
             waiting->wait_ns <= waiting->dispatch_ns ||
             waiting->state_since_ns == AIOTOP_UNKNOWN ||
             burning->state == AIOTOP_LOOP_UNKNOWN);

    g_assert_cmpuint(burning->n_sources, ==, 1);
    g_assert_cmpstr(burning->sources[0]->kind, ==, "bh");
    g_assert_cmpstr(burning->sources[0]->name, ==, "burn");
    g_assert_cmpuint(burning->sources[0]->busy_ns, ==,
                     burning->sources[0]->total_ns);
    g_assert_cmpuint(burning->sources[0]->calls, ==, AIOTOP_UNKNOWN);
    g_assert_cmpint(burning->state, ==, AIOTOP_LOOP_DISPATCHING);
    g_assert_cmpint(waiting->state, ==, AIOTOP_LOOP_WAITING);
    /* Until it is stopped for its registers, if its caller is found by them */
    for (unsigned i = 0; i < waiting->n_sources; i++) {
        g_assert_cmpstr(waiting->sources[i]->kind, ==, "unknown");
    }
    g_assert_cmpint(aiotop_snapshot_origin(snapshot), ==,
                    AIOTOP_ORIGIN_SAMPLED);

    difference = aiotop_sample_new(first, snapshot);
    g_assert_false(difference->restarted);
    for (unsigned i = 0; i < difference->n_sources; i++) {
        if (strcmp(difference->sources[i].now->name, "burn") == 0) {
            g_assert_true(aiotop_source_sample_active(&difference->sources[i]));
        }
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    munmap(threads, size);
}

int main(int argc, char *argv[])
{
    AiotopIdentity self = aiotop_procfs_identify("/proc", getpid());
    GError *error = NULL;
    int result;

    g_test_init(&argc, &argv, NULL);
    code = aiotop_code_new(&self, &error);
    g_assert_no_error(error);
    g_test_add_func("/sampling/kinds", test_kinds);
    g_test_add_func("/sampling/polls", test_polls);
    g_test_add_func("/sampling/nested", test_nested);
    g_test_add_func("/sampling/bql", test_bql);
    g_test_add_func("/sampling/glib", test_glib);
    g_test_add_func("/sampling/coroutine", test_coroutine);
    g_test_add_func("/sampling/not-copied", test_not_copied);
    g_test_add_func("/sampling/no-file", test_no_file);
    g_test_add_func("/sampling/garbage", test_garbage);
    g_test_add_func("/sampling/asleep", test_asleep);
    g_test_add_func("/sampling/sampling", test_sampling);
    result = g_test_run();
    aiotop_code_free(code);
    return result;
}
