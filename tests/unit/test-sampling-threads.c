/*
 * Threads that are sampled: which ones, where they are now, and how often
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/choice.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/thread-copy.h>
#include <qemu-aiotop/sampling/sampling.h>

#include "loops.h"
#include "made-sampled.h"
#include "own-fds.h"
#include "sampling/asleep.h"
#include "sampling/subject.h"

#define MS UINT64_C(1000000)

typedef struct Thread {
    int first[2];
    int second[2];
    pid_t tid;
} Thread;

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

/* A thread that sleeps in sleeps_first(), and what looks at it */
typedef struct Look {
    AiotopIdentity self;
    AiotopCode *code;
    uint64_t *record;
    AiotopSubjectCounts counts;
    Thread thread;
    GThread *started;
    AiotopSubject *subject;
    GMutex lock;
} Look;

static void begin_look(Look *look)
{
    GError *error = NULL;

    *look = (Look){
        .self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid()),
        .record = g_new(uint64_t, AIOTOP_RING_RECORD),
    };
    look->code = aiotop_code_new(&look->self, NULL);
    g_mutex_init(&look->lock);
    look->started = start(&look->thread);
    wait_until_reads(&look->thread, look->thread.first[0]);
    look->subject = aiotop_subject_new(&look->self, look->thread.tid,
                                       G_MAXINT64 / 2, true, NULL, 0, &error);
    g_assert_no_error(error);
}

static void look_again(Look *look)
{
    g_assert_true(aiotop_subject_look(look->subject, look->code, look->record,
                                      &look->lock, &look->counts));
}

/* It goes on, to sleep in sleeps_then() */
static void wake(Look *look)
{
    g_assert_cmpint(write(look->thread.first[1], "", 1), ==, 1);
    wait_until_reads(&look->thread, look->thread.second[0]);
}

static void end_look(Look *look)
{
    end(&look->thread, look->started);
    aiotop_subject_free(look->subject);
    aiotop_code_free(look->code);
    g_free(look->record);
    g_mutex_clear(&look->lock);
}

AiotopLook __real_aiotop_asleep_look(int fd, AiotopAsleep *asleep);
AiotopLook __wrap_aiotop_asleep_look(int fd, AiotopAsleep *asleep);

static bool is_woken;

AiotopLook __wrap_aiotop_asleep_look(int fd, AiotopAsleep *asleep)
{
    AiotopLook look = __real_aiotop_asleep_look(fd, asleep);

    return is_woken ? AIOTOP_LOOK_RUNS : look;
}

uint64_t __real_aiotop_procfs_read_runs(const char *text);
uint64_t __wrap_aiotop_procfs_read_runs(const char *text);

static unsigned n_by_status;
static bool has_not_run;

uint64_t __wrap_aiotop_procfs_read_runs(const char *text)
{
    bool by_status = strstr(text, "voluntary_ctxt_switches");

    n_by_status += by_status;
    return __real_aiotop_procfs_read_runs(has_not_run && !by_status ? "0 0 0\n"
                                                                    : text);
}

ssize_t __real_process_vm_readv(pid_t pid, const struct iovec *local,
                                unsigned long n_local,
                                const struct iovec *remote,
                                unsigned long n_remote, unsigned long flags);
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local,
                                unsigned long n_local,
                                const struct iovec *remote,
                                unsigned long n_remote, unsigned long flags);

static unsigned n_reads;

ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local,
                                unsigned long n_local,
                                const struct iovec *remote,
                                unsigned long n_remote, unsigned long flags)
{
    n_reads++;
    return __real_process_vm_readv(pid, local, n_local, remote, n_remote,
                                   flags);
}

/* What was left out is the time of where it slept, not of where it sleeps now */
static void test_weights(void)
{
    AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;
    unsigned n_before = 0;
    Look look;

    begin_look(&look);
    loop.thread.cpu_ns = 0;
    aiotop_tally_fill(aiotop_subject_tally(look.subject), &loop, 1);
    sampled_clear(&loop);
    /* Looks 1, 2, 4 and 8 are made */
    for (unsigned i = 1; i <= 16; i++) {
        look_again(&look);
        g_assert_cmpuint(look.counts.samples, ==,
                         1 + (i > 1) + (i > 3) + (i > 7) + (i > 15));
        if (i == 1) {
            n_before = n_reads;
        }
        if (i == 10) {
            /* Of who sleeps on nothing is read once more */
            g_assert_cmpuint(n_reads, ==, n_before);
            wake(&look);
        }
    }
    loop.thread.cpu_ns = 0;
    aiotop_tally_fill(aiotop_subject_tally(look.subject), &loop, 1 + 1600 * MS);
    g_assert_cmpuint(loop.n_sources, ==, 2);
    g_assert_cmpstr(loop.sources[0]->name, ==, "sleeps_first");
    g_assert_cmpuint(loop.sources[0]->samples, ==, 4);
    g_assert_cmpuint(loop.sources[0]->busy_ns, ==, 1500 * MS);
    g_assert_cmpuint(loop.sources[1]->busy_ns, ==, 100 * MS);
    sampled_clear(&loop);
    end_look(&look);
}

/* It has no CPU yet, so it has run no more often; but it is asleep no more */
static void test_woken(void)
{
    Look look;

    begin_look(&look);
    for (unsigned i = 1; i <= 4; i++) {
        is_woken = i == 2 || i == 3;
        look_again(&look);
        g_assert_cmpuint(look.counts.samples, ==, 1 + (i > 3));
    }
    wake(&look);
    end_look(&look);
}

/* The kernel says which count there is, not a thread that has not run yet */
static void test_not_run_yet(void)
{
    bool kernel_counts =
        !strcmp(aiotop_procfs_runs_file(AIOTOP_PROCFS_ROOT), "schedstat");
    AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;
    Look look;

    has_not_run = true;
    begin_look(&look);
    has_not_run = false;
    n_by_status = 0;
    look_again(&look);
    g_assert_cmpuint(n_by_status, ==, kernel_counts ? 0 : 1);
    /* And so it is known that it sleeps on */
    g_assert_true(aiotop_procfs_thread(AIOTOP_PROCFS_ROOT, getpid(),
                                       look.thread.tid, &loop.thread));
    aiotop_tally_fill(aiotop_subject_tally(look.subject), &loop,
                      g_get_monotonic_time() * UINT64_C(1000));
    g_assert_cmpint(loop.state, ==, AIOTOP_LOOP_DISPATCHING);
    g_assert_cmpuint(loop.state_since_ns, !=, AIOTOP_UNKNOWN);
    sampled_clear(&loop);
    wake(&look);
    end_look(&look);
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

/* However many threads it has: there are descriptors for all else */
static void test_many(void)
{
    pid_t pid = sampled_start(300);
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    g_autoptr(AiotopSampling) sampling = NULL;
    unsigned before = count_fds();

    set_limit(2048);
    sampling = aiotop_sampling_new(&process, 49, false);
    sampled_until_refused(sampling, pid, "it has 301, and 256 at most are");
    g_assert_cmpuint(count_fds(), <=, before + 3 * 256 + 16);
    g_clear_pointer(&sampling, aiotop_sampling_unref);
    while (count_fds() > before) {
        g_usleep(1000);
    }
    /* Few, so that there is memory for the rings of so many */
    set_limit(before + 30);
    sampling = aiotop_sampling_new(&process, 49, false);
    sampled_until_refused(sampling, pid, "too many open files");
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
    pid_t pid = sampled_start(1);
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);
    g_autoptr(AiotopSampling) sampling =
        aiotop_sampling_new(&process, 10, false);
    uint64_t before_ns = 0;
    bool grows = false, shrinks = false;

    while (!grows || !shrinks) {
        g_autoptr(AiotopSnapshot) now = sampled_take(sampling, pid, NULL);
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

/* One whose file can't be opened is there, and may not be looked at */
static void test_denied(void)
{
    AiotopAsleep asleep;

    g_assert_cmpint(aiotop_asleep_look(-1, &asleep), ==, AIOTOP_LOOK_DENIED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sampling-threads/weights", test_weights);
    g_test_add_func("/sampling-threads/woken", test_woken);
    g_test_add_func("/sampling-threads/not-run-yet", test_not_run_yet);
    g_test_add_func("/sampling-threads/choice", test_choice);
    g_test_add_func("/sampling-threads/many", test_many);
    g_test_add_func("/sampling-threads/behind", test_behind);
    g_test_add_func("/sampling-threads/denied", test_denied);
#ifdef __x86_64__
    g_test_add_func("/sampling-threads/stops", test_stops);
#endif
    return g_test_run();
}
