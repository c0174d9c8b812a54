/*
 * Diagnosis: what is not profiled, as far as the kernel and samples tell
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/syscall.h>

#include "diagnose-sample.h"

/* @number: of its system call, 0 if none is known */
static AiotopSample *host_only(char state, long number)
{
    AiotopSample *sample =
        sample_of("{'time-ns':10000000000,'pid':7,"
                  "'loops':[{'name':'main-loop','thread-id':7,'cpu-ns':1}]}",
                  "{'time-ns':11000000000,'pid':7,"
                  "'loops':[{'name':'main-loop','thread-id':7,'cpu-ns':1}]}");
    AiotopSnapshot *const snapshots[] = { sample->before, sample->now };

    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        AiotopThread *thread = &snapshots[i]->loops[0].thread;

        snapshots[i]->host_only = true;
        thread->state = state;
        thread->voluntary_switches = 5;
        thread->syscall = (AiotopSyscall){ number, number, number, { 1, 2 } };
    }
    sample->loops[0].wall_ns = sample->interval_ns;
    return sample;
}

static void test_not_profiled(void)
{
    g_autoptr(AiotopSample) waits = host_only('S', SYS_ppoll);
    g_autoptr(AiotopSample) resumed = host_only('S', SYS_restart_syscall);
    g_autoptr(AiotopSample) no_access = host_only('S', 0);
    g_autoptr(AiotopSample) unnamed = host_only('S', 512);
    g_autoptr(AiotopSample) blocked = host_only('S', SYS_openat);
    g_autoptr(AiotopSample) disk = host_only('D', 0);
    g_autoptr(AiotopSample) moves = host_only('D', 0);

    expect(waits, AIOTOP_CLASS_UNKNOWN, "not profiled|what its threads do");
    expect(resumed, AIOTOP_CLASS_UNKNOWN, "");
    expect(no_access, AIOTOP_CLASS_UNKNOWN, "");
    expect(unnamed, AIOTOP_CLASS_UNKNOWN, "");
    expect(blocked, AIOTOP_CLASS_MAIN_LOOP_BLOCKED, "openat|profiler");
    expect(disk, AIOTOP_CLASS_MAIN_LOOP_BLOCKED, "state D");
    moves->now->loops[0].thread.voluntary_switches = 6;
    expect(moves, AIOTOP_CLASS_UNKNOWN, "");

    waits->loops[0].cpu_ns = 900 * MS;
    expect(waits, AIOTOP_CLASS_UNKNOWN, "");
    waits->loops[0].cpu_ns = 901 * MS;
    expect(waits, AIOTOP_CLASS_OVERLOADED, "90.1 % of a CPU|profiler");
    waits->loops[0].cpu_ns = 0;
    waits->loops[0].run_queue_ns = 300 * MS;
    expect(waits, AIOTOP_CLASS_NOT_SCHEDULED, "30.0 %");
}

/* The same, and it was seen in a callback, or waiting for the big lock */
static AiotopSample *sampled(const char *state, const char *stack)
{
    g_autofree char *loop = g_strdup_printf(
        "'name':'main-loop','thread-id':7,'state':'%s','wait-ns':0,"
        "'dispatch-ns':0,'state-since-ns':10000000000,'stack':[%s],"
        "'sources':[{'id':1,'kind':'bh','name':'stuck_bh'}]",
        state, stack);
    g_autofree char *first =
        g_strdup_printf("{'time-ns':10000000000,'pid':7,"
                        "'profiling-since-ns':1,'loops':[{%s}]}",
                        loop);
    g_autofree char *second =
        g_strdup_printf("{'time-ns':11000000000,'pid':7,"
                        "'profiling-since-ns':1,'loops':[{%s}]}",
                        loop);
    AiotopSample *sample = sample_of(first, second);
    AiotopSnapshot *const snapshots[] = { sample->before, sample->now };

    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        AiotopThread *thread = &snapshots[i]->loops[0].thread;

        snapshots[i]->host_only = true;
        snapshots[i]->sampled.hz = 49;
        thread->state = 'S';
        thread->voluntary_switches = 5;
        thread->syscall = (AiotopSyscall){ 1, 1, SYS_openat, { 1, 2 } };
    }
    return sample;
}

static void expect_only(AiotopSample *sample, AiotopClassId id,
                        const char *words)
{
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    expect(sample, id, words);
    g_assert_cmpuint(findings->len, ==, 1);
}

/* What samples tell is not told once more by what the host knows */
static void test_sampled(void)
{
    g_autoptr(AiotopSample) stuck =
        sampled("dispatching", "{'source-id':1,'since-ns':10000000000}");
    g_autoptr(AiotopSample) waits = sampled("bql-wait", "");
    g_autoptr(AiotopSample) idle = sampled("waiting", "");

    expect_only(stuck, AIOTOP_CLASS_CALLBACK_STUCK, "bh stuck_bh|1.00s");
    expect_only(waits, AIOTOP_CLASS_BQL_WAIT, "1.00s");
    idle->now->loops[0].thread.syscall.number = SYS_ppoll;
    idle->before->loops[0].thread.syscall.number = SYS_ppoll;
    expect_only(idle, AIOTOP_CLASS_UNKNOWN, "not profiled");
    idle->loops[0].dispatch_ns = 901 * MS;
    expect_only(idle, AIOTOP_CLASS_OVERLOADED, "90.1 %");
    idle->loops[0].dispatch_ns = 900 * MS;
    expect_only(idle, AIOTOP_CLASS_UNKNOWN, "");
    /* A thread that is no loop; that loops keep up is not known */
    idle->now->pid = 8;
    idle->loops[0].is_thread = true;
    idle->loops[0].cpu_ns = 1000 * MS;
    expect(idle, AIOTOP_CLASS_CPU_ELSEWHERE, "main-loop (thread 7) 100.0 %");
}

/* What keeps all of it is said, and nothing else */
/* It takes all of a CPU: by what it was seen at, and where */
static AiotopSample *never_asleep(uint64_t busy_ns, uint64_t poll_ns,
                                  uint64_t in_kernel)
{
    AiotopSample *sample = sampled("running", "");
    AiotopLoopSample *loop = &sample->loops[0];

    loop->cpu_ns = 900 * MS;
    loop->voluntary_switches = 0;
    loop->seen_running = 20;
    loop->seen_in_kernel = in_kernel;
    loop->poll_ns = poll_ns;
    loop->dispatch_ns = sample->sources[0].busy_ns = busy_ns;
    /* It runs: where it is in the kernel is nowhere */
    sample->now->loops[0].thread.state = 'R';
    return sample;
}

static void test_sampled_in_a_callback(void)
{
    g_autoptr(AiotopSample) spins = never_asleep(900 * MS, 0, 1);
    g_autoptr(AiotopSample) works = never_asleep(901 * MS, 0, 2);

    expect_only(spins, AIOTOP_CLASS_SPINNING,
                "90.0 % of a CPU|20 times, nearly always in bh stuck_bh");
    expect_only(works, AIOTOP_CLASS_OVERLOADED, "stuck_bh 90.1 %");
    /* And not if any of these is otherwise */
    spins->now->sampled.user_only = true;
    expect_only(spins, AIOTOP_CLASS_UNKNOWN, "");
    spins->now->sampled.user_only = false;
    spins->loops[0].seen_running = 19;
    expect_only(spins, AIOTOP_CLASS_UNKNOWN, "");
    spins->loops[0].seen_running = 20;
    spins->loops[0].voluntary_switches = 1;
    expect_only(spins, AIOTOP_CLASS_UNKNOWN, "");
    spins->loops[0].voluntary_switches = 0;
    spins->loops[0].cpu_ns = 899 * MS;
    expect_only(spins, AIOTOP_CLASS_UNKNOWN, "");
    spins->loops[0].cpu_ns = 900 * MS;
    spins->sources[0].busy_ns = 899 * MS;
    expect_only(spins, AIOTOP_CLASS_UNKNOWN, "");
    /* What is no loop, as a vCPU, does what it likes */
    spins->sources[0].busy_ns = 900 * MS;
    spins->now->pid = 8;
    spins->loops[0].is_thread = true;
    spins->loops[0].cpu_ns = 901 * MS;
    expect_only(spins, AIOTOP_CLASS_CPU_ELSEWHERE, "");
}

static void test_sampled_in_no_callback(void)
{
    g_autoptr(AiotopSample) spins = never_asleep(99 * MS, 200 * MS, 15);
    g_autoptr(AiotopSample) works = never_asleep(100 * MS, 200 * MS, 15);
    g_autoptr(AiotopSample) polls = never_asleep(9 * MS, 201 * MS, 0);
    g_autoptr(AiotopSample) serves = never_asleep(10 * MS, 201 * MS, 0);

    expect_only(spins, AIOTOP_CLASS_SPINNING, "callbacks for 9.9 %|strace");
    expect_only(works, AIOTOP_CLASS_UNKNOWN, "");
    expect_only(polls, AIOTOP_CLASS_SPINNING, "callbacks for 0.9 %|poll-max");
    expect_only(serves, AIOTOP_CLASS_UNKNOWN, "");
}

static void test_stopped(void)
{
    g_autoptr(AiotopSample) stopped = host_only('T', 0);
    g_autoptr(GPtrArray) findings = NULL;

    stopped->now->loops[0].thread.state = 'D';
    stopped->before->loops[0].thread.state = 'D';
    expect(stopped, AIOTOP_CLASS_MAIN_LOOP_BLOCKED, "state D");
    stopped->now->halt.kind = AIOTOP_HALT_SIGNAL;
    expect(stopped, AIOTOP_CLASS_STOPPED, "stopped by a signal|kill -CONT 7");
    findings = diagnose(stopped, 0);
    g_assert_cmpuint(findings->len, ==, 1);
}

/* Others than the main thread may sleep where they like */
static void test_other_threads_that_are_not_profiled(void)
{
    g_autoptr(AiotopSample) worker = host_only('D', 0);
    g_autoptr(AiotopSample) new_thread = host_only('D', 0);
    g_autoptr(AiotopSample) slept = host_only('D', 0);
    g_autoptr(AiotopSample) reads = host_only('S', SYS_readv);

    worker->now->pid = 6;
    expect(worker, AIOTOP_CLASS_UNKNOWN, "");
    new_thread->loops[0].before = NULL;
    expect(new_thread, AIOTOP_CLASS_UNKNOWN, "");
    slept->before->loops[0].thread.state = 'S';
    expect(slept, AIOTOP_CLASS_UNKNOWN, "");
    expect(reads, AIOTOP_CLASS_MAIN_LOOP_BLOCKED, "readv(fd 1)");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diagnose-unprofiled/not-profiled", test_not_profiled);
    g_test_add_func("/diagnose-unprofiled/sampled", test_sampled);
    g_test_add_func("/diagnose-unprofiled/sampled-in-a-callback",
                    test_sampled_in_a_callback);
    g_test_add_func("/diagnose-unprofiled/sampled-in-no-callback",
                    test_sampled_in_no_callback);
    g_test_add_func("/diagnose-unprofiled/stopped", test_stopped);
    g_test_add_func("/diagnose-unprofiled/other-threads-that-are-not-profiled",
                    test_other_threads_that_are_not_profiled);
    return g_test_run();
}
