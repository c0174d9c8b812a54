/*
 * Threads that are sampled: which ones, where they are now, and what takes for
 * ever
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <qemu-aiotop/host/host-snapshot.h>
#include <qemu-aiotop/host/choice.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/thread-copy.h>
#include <qemu-aiotop/sampling/sampling.h>

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
    AiotopTally *tally = aiotop_tally_new(0, NULL);

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
    subject = aiotop_subject_new(&self, thread.tid, G_MAXINT64 / 2, true, NULL,
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

static gpointer wait_to_end(gpointer opaque)
{
    wait_for(GPOINTER_TO_INT(opaque));
    return NULL;
}

static void test_choice(void)
{
    g_autoptr(GArray) all = NULL;
    Thread thread = { .tid = 0 };
    GThread *started, *others[4];
    int wires[2];

    g_assert_cmpint(pipe(wires), ==, 0);
    for (unsigned i = 0; i < 4; i++) {
        others[i] =
            g_thread_new("other", wait_to_end, GINT_TO_POINTER(wires[0]));
    }
    started = start(&thread);
    all = aiotop_procfs_threads(AIOTOP_PROCFS_ROOT, getpid());
    g_assert_cmpuint(all->len, >=, 6);
    aiotop_choice_make(AIOTOP_PROCFS_ROOT, all, getpid(), all->len);
    g_assert_cmpuint(all->len, >=, 6);
    aiotop_choice_make(AIOTOP_PROCFS_ROOT, all, getpid(), 2);
    g_assert_cmpuint(all->len, ==, 2);
    for (unsigned i = 0; i < 2; i++) {
        int64_t tid = g_array_index(all, int64_t, i);

        g_assert_true(tid == getpid() || tid == thread.tid);
    }
    aiotop_choice_make(AIOTOP_PROCFS_ROOT, all, getpid(), 0);
    g_assert_cmpuint(all->len, ==, 0);
    g_assert_cmpint(write(thread.first[1], "", 1), ==, 1);
    end(&thread, started);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpint(write(wires[1], "", 1), ==, 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        g_thread_join(others[i]);
    }
    close(wires[0]);
    close(wires[1]);
}

static AiotopSnapshot *sample(AiotopSampling *sampling, pid_t pid)
{
    g_autoptr(AiotopProcess) process = aiotop_process_unreadable(pid, "test");
    GError *error = NULL;
    AiotopSnapshot *snapshot;

    process->start_ticks = aiotop_procfs_start_ticks(AIOTOP_PROCFS_ROOT, pid);
    snapshot =
        aiotop_host_snapshot(AIOTOP_PROCFS_ROOT, process, NULL,
                             g_get_monotonic_time() * UINT64_C(1000), &error);
    g_assert_no_error(error);
    aiotop_sampling_complete(sampling, snapshot);
    return snapshot;
}

/* Until this is why not all is sampled */
static void wait_until_refused(AiotopSampling *sampling, pid_t pid,
                               const char *words)
{
    for (;;) {
        g_autoptr(AiotopSnapshot) snapshot = sample(sampling, pid);
        const char *why = snapshot->sampled.refused;

        if (why && strstr(why, words)) {
            return;
        }
        g_usleep(10000);
    }
}

static unsigned count_fds(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

/* A process with that many threads besides its first one, until it is killed */
static pid_t start_threads(unsigned n)
{
    int wires[2];
    pid_t pid;

    g_assert_cmpint(pipe(wires), ==, 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (unsigned i = 0; i < n; i++) {
            g_thread_unref(
                g_thread_new("other", wait_to_end, GINT_TO_POINTER(wires[0])));
        }
        pause();
        _exit(0);
    }
    g_assert_cmpint(pid, >, 0);
    close(wires[0]);
    close(wires[1]);
    while (1) {
        g_autoptr(GArray) threads =
            aiotop_procfs_threads(AIOTOP_PROCFS_ROOT, pid);

        if (threads->len == n + 1) {
            return pid;
        }
        g_usleep(1000);
    }
}

static void set_limit(rlim_t most)
{
    struct rlimit limit;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    limit.rlim_cur = MIN(most, limit.rlim_max);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
}

/* However many threads it has: there are descriptors for all else */
static void test_many(void)
{
    pid_t pid = start_threads(300);
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    g_autoptr(AiotopSampling) sampling = NULL;
    unsigned before = count_fds();

    set_limit(2048);
    sampling = aiotop_sampling_new(&process, 49, false);
    wait_until_refused(sampling, pid, "it has 301, and 256 at most are");
    g_assert_cmpuint(count_fds(), <=, before + 3 * 256 + 16);
    g_clear_pointer(&sampling, aiotop_sampling_unref);
    while (count_fds() > before) {
        g_usleep(1000);
    }
    /* Few, so that there is memory for the rings of so many */
    set_limit(before + 30);
    sampling = aiotop_sampling_new(&process, 49, false);
    wait_until_refused(sampling, pid, "too many open files");
    /* But for what is just being read */
    while (count_fds() > before + 30 - 2) {
        g_usleep(1000);
    }
    g_clear_pointer(&sampling, aiotop_sampling_unref);
    set_limit(1024);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* From the last look on it is behind, until the next one */
static void test_behind(void)
{
    pid_t pid = start_threads(1);
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    g_autoptr(AiotopSampling) sampling =
        aiotop_sampling_new(&process, 10, false);
    uint64_t before_ns = 0;
    bool grows = false, shrinks = false;

    while (!grows || !shrinks) {
        g_autoptr(AiotopSnapshot) now = sample(sampling, pid);
        uint64_t ns = now->sampled.behind_ns;

        g_assert_cmpuint(ns, <, now->time_ns);
        grows |= before_ns && ns > before_ns;
        shrinks |= before_ns && ns < before_ns;
        before_ns = ns;
        g_usleep(1000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* What has its number now is not looked at */
static void test_number_again(void)
{
    pid_t pid = start_threads(1);
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    g_autoptr(AiotopSampling) sampling = NULL;

    process.start_ticks--;
    sampling = aiotop_sampling_new(&process, 199, true);
    for (unsigned i = 0; i < 20; i++) {
        g_autoptr(AiotopSnapshot) now = sample(sampling, pid);

        g_assert_cmpuint(now->sampled.hz, ==, 0);
        g_assert_cmpuint(now->sampled.samples, ==, 0);
        for (unsigned j = 0; j < now->n_loops; j++) {
            g_assert_cmpuint(now->loops[j].n_sources, ==, 0);
            g_assert_cmpint(now->loops[j].state, ==, AIOTOP_LOOP_UNKNOWN);
        }
        g_usleep(10000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static gpointer live_shortly(gpointer opaque)
{
    g_usleep(GPOINTER_TO_INT(opaque));
    return NULL;
}

/* Of threads that have ended nothing is kept, however many there were */
static void test_come_and_go(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    unsigned before = count_fds();
    g_autoptr(AiotopSampling) sampling = aiotop_sampling_new(&self, 199, true);

    for (unsigned i = 0; i < 20; i++) {
        GThread *threads[20];

        for (unsigned j = 0; j < G_N_ELEMENTS(threads); j++) {
            threads[j] = g_thread_new("short", live_shortly,
                                      GINT_TO_POINTER((1 + j % 7) * 10000));
        }
        for (unsigned j = 0; j < G_N_ELEMENTS(threads); j++) {
            g_thread_join(threads[j]);
        }
    }
    while (1) {
        g_autoptr(AiotopSnapshot) now = sample(sampling, getpid());

        /* The main thread, the sampling's own, and what reads files */
        if (now->sampled.hz && count_fds() < before + 3 * 20) {
            g_assert_null(now->sampled.refused);
            break;
        }
        g_usleep(1000);
    }
}

AiotopCode *__real_aiotop_code_new(const AiotopIdentity *process,
                                   GError **error);
AiotopCode *__wrap_aiotop_code_new(const AiotopIdentity *process,
                                   GError **error);
gboolean __real_g_cond_wait_until(GCond *cond, GMutex *lock, gint64 end_us);
gboolean __wrap_g_cond_wait_until(GCond *cond, GMutex *lock, gint64 end_us);

static gint holds, n_begun;
static gint64 last_end_us;

/* What reads a process's memory may take as long as that one likes */
AiotopCode *__wrap_aiotop_code_new(const AiotopIdentity *process,
                                   GError **error)
{
    g_atomic_int_inc(&n_begun);
    while (g_atomic_int_get(&holds)) {
        g_usleep(1000);
    }
    return __real_aiotop_code_new(process, error);
}

gboolean __wrap_g_cond_wait_until(GCond *cond, GMutex *lock, gint64 end_us)
{
    if (g_atomic_int_get(&holds)) {
        last_end_us = end_us;
    }
    return __real_g_cond_wait_until(cond, lock, end_us);
}

#ifdef __x86_64__
/* Its caller is found by a register that it says to have lost */
void sleeps_without_register(void);
__asm__(".text\n"
        ".type keeps_register, @function\n"
        "keeps_register:\n"
        ".cfi_startproc\n"
        "sub $8, %rsp\n"
        ".cfi_undefined %r12\n"
        ".cfi_def_cfa_offset 16\n"
        "call pause@PLT\n"
        "add $8, %rsp\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size keeps_register, . - keeps_register\n"
        ".type sleeps_without_register, @function\n"
        "sleeps_without_register:\n"
        ".cfi_startproc\n"
        "push %r12\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset %r12, -16\n"
        "mov %rsp, %r12\n"
        ".cfi_def_cfa %r12, 16\n"
        "sub $16, %rsp\n"
        "call keeps_register\n"
        "add $16, %rsp\n"
        "pop %r12\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size sleeps_without_register, . - sleeps_without_register\n");

static unsigned n_stops;

AiotopThreadCopy *__real_aiotop_thread_copy_new(const AiotopIdentity *process,
                                                int64_t tid, GError **error);
AiotopThreadCopy *__wrap_aiotop_thread_copy_new(const AiotopIdentity *process,
                                                int64_t tid, GError **error);

AiotopThreadCopy *__wrap_aiotop_thread_copy_new(const AiotopIdentity *process,
                                                int64_t tid, GError **error)
{
    n_stops++;
    return __real_aiotop_thread_copy_new(process, tid, error);
}

/* A stop that did not help is not made once more */
static void test_stops(void)
{
    g_autofree uint64_t *record = g_new(uint64_t, AIOTOP_RING_RECORD);
    AiotopSubjectCounts counts = { .samples = 0 };
    g_autoptr(AiotopCode) code = NULL;
    AiotopSubject *subject;
    AiotopIdentity process;
    GError *error = NULL;
    GMutex lock;
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (true) {
            sleeps_without_register();
        }
    }
    process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    code = aiotop_code_new(&process, NULL);
    subject = aiotop_subject_new(&process, pid, G_MAXINT64 / 2, true, false, 0,
                                 &error);
    g_assert_no_error(error);
    g_mutex_init(&lock);
    for (unsigned i = 0; i < 100 || !n_stops; i++) {
        g_assert_true(
            aiotop_subject_look(subject, code, record, &lock, &counts));
        g_usleep(1000);
    }
    g_assert_cmpuint(n_stops, ==, 1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    aiotop_subject_free(subject);
    g_mutex_clear(&lock);
}
#endif

/* It is waited for once, told of, and not begun with once more */
static void test_stuck(void)
{
    pid_t pid = start_threads(1);
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    AiotopSampling *first, *second;
    gint64 end_us;

    g_atomic_int_set(&n_begun, 0);
    g_atomic_int_set(&holds, 1);
    first = aiotop_sampling_new(&process, 49, false);
    aiotop_snapshot_unref(sample(first, pid));
    end_us = last_end_us;
    aiotop_snapshot_unref(sample(first, pid));
    g_assert_cmpint(last_end_us, ==, end_us);
    g_assert_cmpint(g_atomic_int_get(&n_begun), ==, 1);
    aiotop_sampling_unref(first);
    second = aiotop_sampling_new(&process, 49, false);
    wait_until_refused(second, pid, "its memory does not answer: no look for");
    g_assert_cmpint(g_atomic_int_get(&n_begun), ==, 1);
    g_atomic_int_set(&holds, 0);
    while (g_atomic_int_get(&n_begun) < 2) {
        g_usleep(1000);
    }
    aiotop_sampling_unref(second);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Another program is another one to sample */
static void test_exec(void)
{
    g_autofree char *text = NULL, *here = g_get_current_dir();
    g_autofree char *path = g_build_filename(here, "other-XXXXXX", NULL);
    int wires[2], fd = g_mkstemp_full(path, O_WRONLY | O_CLOEXEC, 0700);
    g_autoptr(AiotopSampling) sampling = NULL;
    g_autoptr(AiotopSnapshot) first = NULL;
    AiotopIdentity process;
    gsize len;
    pid_t pid;

    g_assert_true(g_file_get_contents("/proc/self/exe", &text, &len, NULL));
    g_assert_cmpint(write(fd, text, len), ==, len);
    close(fd);
    g_assert_cmpint(pipe(wires), ==, 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        wait_for(wires[0]);
        execl(path, path, "--sleeps", NULL);
        _exit(1);
    }
    process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    sampling = aiotop_sampling_new(&process, 199, false);
    do {
        g_clear_pointer(&first, aiotop_snapshot_unref);
        first = sample(sampling, pid);
    } while (!first->sampled.samples);
    g_assert_cmpint(write(wires[1], "", 1), ==, 1);
    while (1) {
        g_autoptr(AiotopSnapshot) now = sample(sampling, pid);

        if (now->sampled.hz &&
            now->profiling_since_ns > first->profiling_since_ns) {
            break;
        }
        g_usleep(1000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    g_unlink(path);
    close(wires[0]);
    close(wires[1]);
}

/* One whose file can't be opened is there, and may not be looked at */
static void test_denied(void)
{
    AiotopAsleep asleep;

    g_assert_cmpint(aiotop_asleep_look(-1, &asleep), ==, AIOTOP_LOOK_DENIED);
}

static void test_has_ended(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    g_autoptr(AiotopProcess) process =
        aiotop_process_unreadable(getpid(), "test");
    g_autoptr(GError) error = NULL;
    struct rlimit limit;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    g_assert_false(aiotop_procfs_has_ended(AIOTOP_PROCFS_ROOT, &self));
    /* No file can be opened */
    set_limit(0);
    g_assert_null(
        aiotop_host_snapshot(AIOTOP_PROCFS_ROOT, process, NULL, 1, &error));
    g_assert_nonnull(strstr(error->message, "raise the limit with ulimit -n"));
    g_assert_false(aiotop_procfs_is_same(AIOTOP_PROCFS_ROOT, &self));
    g_assert_false(aiotop_procfs_has_ended(AIOTOP_PROCFS_ROOT, &self));
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    self.start_ticks++;
    g_assert_true(aiotop_procfs_has_ended(AIOTOP_PROCFS_ROOT, &self));
    self.pid = INT32_MAX;
    g_assert_true(aiotop_procfs_has_ended(AIOTOP_PROCFS_ROOT, &self));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--sleeps") == 0) {
        pause();
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sampling-threads/state", test_state);
    g_test_add_func("/sampling-threads/weights", test_weights);
    g_test_add_func("/sampling-threads/choice", test_choice);
    g_test_add_func("/sampling-threads/many", test_many);
    g_test_add_func("/sampling-threads/behind", test_behind);
    g_test_add_func("/sampling-threads/number-again", test_number_again);
    g_test_add_func("/sampling-threads/come-and-go", test_come_and_go);
    g_test_add_func("/sampling-threads/stuck", test_stuck);
    g_test_add_func("/sampling-threads/exec", test_exec);
    g_test_add_func("/sampling-threads/denied", test_denied);
    g_test_add_func("/sampling-threads/has-ended", test_has_ended);
#ifdef __x86_64__
    g_test_add_func("/sampling-threads/stops", test_stops);
#endif
    return g_test_run();
}
