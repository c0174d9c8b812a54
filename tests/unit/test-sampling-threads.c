/*
 * Threads that are sampled: which ones, where they are now, and what takes for
 * ever
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/procfs.h>

#include "loops.h"
#include "sampling/asleep.h"
#include "sampling/subject.h"

#define MS UINT64_C(1000000)

static void clear(AiotopLoop *loop)
{
    for (unsigned i = 0; i < loop->n_sources; i++) {
        aiotop_source_unref(loop->sources[i]);
    }
    g_free(loop->sources);
    g_free(loop->stack);
    *loop = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
}

static void assert_state(AiotopTally *tally, uint64_t switches,
                         uint64_t time_ns, AiotopLoopState state,
                         uint64_t since_ns)
{
    AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;

    loop.thread.state = 'S';
    loop.thread.voluntary_switches = switches;
    aiotop_tally_fill(tally, &loop, time_ns);
    g_assert_cmpint(loop.state, ==, state);
    g_assert_cmpuint(loop.state_since_ns, ==, since_ns);
    g_assert_cmpuint(loop.stack_depth, ==,
                     state == AIOTOP_LOOP_DISPATCHING ? 1 : 0);
    clear(&loop);
}

/* Nobody is said to be where he has left, nor to be there for longer */
static void test_state(void)
{
    AiotopFunction function = { .name = (char *)"one" };
    AiotopPlace one = { .n_calls = 1, .in_loop = true };
    AiotopPlace waits = { .activity = AIOTOP_ACTIVITY_WAITS, .in_loop = true };
    AiotopTally *tally = aiotop_tally_new(0, false);

    one.calls[0] = (AiotopCall){ AIOTOP_PLACE_BH, &function, 0 };
    aiotop_tally_look(tally, 1000 * MS, 5);
    aiotop_tally_add(tally, &one, NULL, NULL, true, 1);
    assert_state(tally, 5, 900000 * MS, AIOTOP_LOOP_DISPATCHING, 1000 * MS);
    assert_state(tally, 6, 1010 * MS, AIOTOP_LOOP_UNKNOWN, AIOTOP_UNKNOWN);
    /* In the same sleep, and in another one at the same place */
    aiotop_tally_look(tally, 2000 * MS, 5);
    aiotop_tally_add(tally, &one, NULL, NULL, true, 1);
    assert_state(tally, 5, 2100 * MS, AIOTOP_LOOP_DISPATCHING, 1000 * MS);
    aiotop_tally_look(tally, 3000 * MS, 6);
    aiotop_tally_add(tally, &one, NULL, NULL, true, 1);
    assert_state(tally, 6, 3100 * MS, AIOTOP_LOOP_DISPATCHING, 3000 * MS);

    aiotop_tally_look(tally, 4000 * MS, 7);
    aiotop_tally_add(tally, &waits, NULL, NULL, true, 1);
    assert_state(tally, 7, 900000 * MS, AIOTOP_LOOP_WAITING, 4000 * MS);
    assert_state(tally, 8, 4100 * MS, AIOTOP_LOOP_WAITING, AIOTOP_UNKNOWN);
    assert_state(tally, 8, 6000 * MS, AIOTOP_LOOP_UNKNOWN, AIOTOP_UNKNOWN);

    aiotop_tally_look(tally, 7000 * MS, AIOTOP_UNKNOWN);
    aiotop_tally_add(tally, &one, NULL, NULL, false, 1);
    assert_state(tally, 8, 7100 * MS, AIOTOP_LOOP_DISPATCHING, AIOTOP_UNKNOWN);
    assert_state(tally, 8, 9000 * MS, AIOTOP_LOOP_UNKNOWN, AIOTOP_UNKNOWN);
    aiotop_tally_free(tally);
}

typedef struct Thread {
    int first[2];
    int second[2];
    pid_t tid;
} Thread;

static void wait_for(int fd)
{
    char byte;

    g_assert_cmpint(read(fd, &byte, 1), ==, 1);
}

static void __attribute__((noinline)) sleeps_first(void *opaque)
{
    wait_for(((Thread *)opaque)->first[0]);
    AFTER_CALL();
}

static void __attribute__((noinline)) sleeps_then(void *opaque)
{
    wait_for(((Thread *)opaque)->second[0]);
    AFTER_CALL();
}

static gpointer run_loop(gpointer opaque)
{
    Thread *thread = opaque;
    Round round = { .bh = sleeps_first, .fd = sleeps_then, .opaque = opaque };

    prctl(PR_SET_NAME, "IO one");
    g_atomic_int_set(&thread->tid, syscall(SYS_gettid));
    aio_poll(&round);
    AFTER_CALL();
    return NULL;
}

static GThread *start(Thread *thread)
{
    GThread *started;

    g_assert_cmpint(pipe(thread->first), ==, 0);
    g_assert_cmpint(pipe(thread->second), ==, 0);
    started = g_thread_new("loop", run_loop, thread);
    while (!g_atomic_int_get(&thread->tid)) {
        g_usleep(1000);
    }
    return started;
}

/* Until it reads from there, by what the kernel tells of its system call */
static void wait_until_reads(const Thread *thread, int fd)
{
    AiotopThread now;

    do {
        g_usleep(1000);
        g_assert_true(aiotop_procfs_thread(AIOTOP_PROCFS_ROOT, getpid(),
                                           thread->tid, &now));
    } while (now.state != 'S' || now.syscall.number != SYS_read ||
             now.syscall.args[0] != (uint64_t)fd);
}

static void end(Thread *thread, GThread *started)
{
    g_assert_cmpint(write(thread->second[1], "", 1), ==, 1);
    g_thread_join(started);
    for (unsigned i = 0; i < 2; i++) {
        close(thread->first[i]);
        close(thread->second[i]);
    }
}

/* What was left out is the time of where it slept, not of where it sleeps now */
static void test_weights(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    g_autoptr(AiotopCode) code = aiotop_code_new(&self, NULL);
    g_autofree uint64_t *record = g_new(uint64_t, AIOTOP_RING_RECORD);
    AiotopSubjectCounts counts = { .samples = 0 };
    AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;
    Thread thread = { .tid = 0 };
    GThread *started = start(&thread);
    GError *error = NULL;
    AiotopSubject *subject;
    GMutex lock;

    g_mutex_init(&lock);
    wait_until_reads(&thread, thread.first[0]);
    subject = aiotop_subject_new(&self, thread.tid, G_MAXINT64 / 2, true, false,
                                 0, &error);
    g_assert_no_error(error);
    loop.thread.cpu_ns = 0;
    aiotop_tally_fill(aiotop_subject_tally(subject), &loop, 1);
    clear(&loop);
    /* Looks 1, 2, 4 and 8 are made */
    for (unsigned i = 1; i <= 16; i++) {
        g_assert_true(
            aiotop_subject_look(subject, code, record, &lock, &counts));
        g_assert_cmpuint(counts.samples, ==,
                         1 + (i > 1) + (i > 3) + (i > 7) + (i > 15));
        if (i == 10) {
            g_assert_cmpint(write(thread.first[1], "", 1), ==, 1);
            wait_until_reads(&thread, thread.second[0]);
        }
    }
    loop.thread.cpu_ns = 0;
    aiotop_tally_fill(aiotop_subject_tally(subject), &loop, 1 + 1600 * MS);
    g_assert_cmpuint(loop.n_sources, ==, 2);
    g_assert_cmpstr(loop.sources[0]->name, ==, "sleeps_first");
    g_assert_cmpuint(loop.sources[0]->samples, ==, 4);
    g_assert_cmpuint(loop.sources[0]->busy_ns, ==, 1500 * MS);
    g_assert_cmpuint(loop.sources[1]->busy_ns, ==, 100 * MS);
    clear(&loop);
    end(&thread, started);
    aiotop_subject_free(subject);
    g_mutex_clear(&lock);
}

/* One whose file can't be opened is there, and may not be looked at */
static void test_denied(void)
{
    AiotopAsleep asleep;

    g_assert_cmpint(aiotop_asleep_look(-1, &asleep), ==, AIOTOP_LOOK_DENIED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sampling-threads/state", test_state);
    g_test_add_func("/sampling-threads/weights", test_weights);
    g_test_add_func("/sampling-threads/denied", test_denied);
    return g_test_run();
}
