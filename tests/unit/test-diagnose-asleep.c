/*
 * Diagnosis: loops that do not come back from where they look for events
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/syscall.h>

#include <qemu-aiotop/diagnose/marks.h>

#include "diagnose-sample.h"

/* It goes on, if the log is right */
static AiotopSample *looking(const char *cause, const char *duration)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'%s','state-since-ns':10899999999,'dispatch-ns':990000000,"
        "'sources':[]}],'stalls':[{'id':8,'loop':'main-loop','thread-id':7,"
        "'cause':'%s','start-ns':10899999999,'duration-ns':%s,'ongoing':true}],"
        "'extra':[{'x':1",
        strcmp(cause, "poll") == 0 ? "polling" : "waiting", cause, duration);

    return main_loop_sample(members);
}

static void test_look_that_goes_on(void)
{
    static const struct {
        const char *cause, *words;
    } cases[] = {
        { "wait", "not come back from a look for events|for 100ms|threshold" },
        { "poll", "not come back from polling|which is to be short" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(AiotopSample) over = looking(cases[i].cause, "100000000");
        g_autoptr(AiotopSample) under = looking(cases[i].cause, "99999999");
        g_autoptr(GPtrArray) findings = diagnose(over, 0);
        const AiotopFinding *first = findings->pdata[0];
        g_autoptr(GString) why = g_string_new(NULL);

        expect(over, AIOTOP_CLASS_LOOP_STUCK, cases[i].words);
        /* What QEMU booked meanwhile is no time in callbacks */
        g_assert_cmpuint(findings->len, ==, 1);
        g_assert_cmpint(first->thread_id, ==, 7);
        g_assert_null(first->source);
        g_assert_true(aiotop_marks_check(over, &over->loops[0], NULL, 0) &
                      1u << AIOTOP_MARK_STUCK);
        aiotop_marks_explain(why, AIOTOP_MARK_STUCK, over, &over->loops[0],
                             NULL, 0);
        g_assert_nonnull(strstr(why->str, "where it looks for events for 100"));
        expect(under, AIOTOP_CLASS_OVERLOADED, "");
        g_assert_false(aiotop_marks_check(under, &under->loops[0], NULL, 0) &
                       1u << AIOTOP_MARK_STUCK);
    }
}

/* Of another thread; or a callback's, which is told of itself */
static void test_look_of_another(void)
{
    g_autoptr(AiotopSample) sample = looking("wait", "100000000");
    g_autoptr(AiotopSample) callback = looking("dispatch", "100000000");

    sample->now->stalls[0].thread_id = 8;
    expect(sample, AIOTOP_CLASS_OVERLOADED, "");
    expect(callback, AIOTOP_CLASS_OVERLOADED, "");
}

/* What its thread does decides what is to be done */
static void test_thread_of_look(void)
{
    g_autoptr(AiotopSample) sample = looking("poll", "100000000");
    AiotopThread *thread = &sample->now->loops[0].thread;

    thread->state = 'R';
    sample->loops[0].cpu_ns = 50 * MS;
    expect(sample, AIOTOP_CLASS_LOOP_STUCK, "It is not blocked");
    /* It could go on, but the host has no CPU for it */
    sample->loops[0].cpu_ns = 50 * MS - 1;
    expect(sample, AIOTOP_CLASS_OVERLOADED, "");
    sample->loops[0].cpu_ns = 400 * MS;
    sample->loops[0].run_queue_ns = 600 * MS;
    expect(sample, AIOTOP_CLASS_NOT_SCHEDULED, "60.0 %");
    sample->loops[0].run_queue_ns = 0;
    thread->state = 'D';
    expect(sample, AIOTOP_CLASS_LOOP_STUCK,
           "state D|It is blocked|this loop's requests go to");
}

/* All that it had of a CPU was for that */
static void test_long_look_beside_others(void)
{
    g_autoptr(AiotopSample) sample = looking("poll", "1000000000");

    sample->now->stalls[0].start_ns = 10000 * MS;
    sample->now->loops[0].thread.state = 'R';
    sample->loops[0].run_queue_ns = 900 * MS;
    sample->loops[0].cpu_ns = 100 * MS;
    expect(sample, AIOTOP_CLASS_LOOP_STUCK, "for 1.00s");
    sample->loops[0].cpu_ns = 100 * MS - 1;
    expect(sample, AIOTOP_CLASS_NOT_SCHEDULED, "");
}

/* It waits, and did not run in the interval */
static AiotopSample *kept(char state, long number, const char *more)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'waiting','state-since-ns':9000000000,%s'sources':[]", more);
    AiotopSample *sample = main_loop_sample(members);
    AiotopSnapshot *const snapshots[] = { sample->before, sample->now };

    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        AiotopThread *thread = &snapshots[i]->loops[0].thread;

        thread->state = state;
        thread->voluntary_switches = 5;
        thread->syscall = (AiotopSyscall){ number, number, number, { 1, 2 } };
    }
    return sample;
}

#define DUE "'bh-pending-since-ns':10500000000,"

static void test_kept_in_the_kernel(void)
{
    g_autoptr(AiotopSample) disk = kept('D', SYS_io_uring_enter, DUE);
    g_autoptr(AiotopSample) unknown = kept('D', 0, "");
    g_autoptr(AiotopSample) sleeps = kept('S', SYS_openat, DUE);
    g_autoptr(AiotopSample) ring = kept('S', SYS_io_uring_enter, "");
    g_autoptr(AiotopSample) waits = kept('S', SYS_ppoll, "");
    g_autoptr(AiotopSample) moves = kept('D', SYS_io_uring_enter, "");
    g_autoptr(AiotopSample) slept = kept('D', SYS_io_uring_enter, "");
    g_autoptr(GPtrArray) findings = diagnose(disk, 0);

    expect(disk, AIOTOP_CLASS_LOOP_STUCK,
           "blocked in the kernel for 2.00s|nothing can wake it|"
           "io_uring_enter(fd 1)|state D|requests go to");
    /* That nobody woke it is not the fault */
    g_assert_cmpuint(findings->len, ==, 1);
    expect(unknown, AIOTOP_CLASS_LOOP_STUCK, "state D");
    expect(sleeps, AIOTOP_CLASS_LOOP_STUCK, "openat");
    expect_healthy(ring);
    expect_healthy(waits);
    moves->now->loops[0].thread.voluntary_switches = 6;
    expect_healthy(moves);
    slept->before->loops[0].thread.state = 'S';
    expect_healthy(slept);
}

/* One that is not there to be woken lost no wake-up */
static void test_not_woken(void)
{
    static const struct {
        char state;
        long number;
        bool lost;
    } cases[] = {
        { 'D', SYS_io_uring_enter, false }, { 'D', 0, false },
        { 'S', SYS_openat, false },         { 'S', SYS_io_uring_enter, true },
        { 'S', SYS_ppoll, true },           { 'S', 0, true },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(AiotopSample) sample =
            kept(cases[i].state, cases[i].number, DUE);

        g_test_message("%u", i);
        sample->now->loops[0].thread.voluntary_switches = 6;
        if (cases[i].lost) {
            expect(sample, AIOTOP_CLASS_LOST_WAKEUP, "queued for 500ms");
        } else {
            expect_healthy(sample);
        }
    }
}

/* As in a reset, which waits for who does a device's work */
static AiotopSample *between(const char *state, const char *more)
{
    g_autofree char *loop =
        g_strdup_printf(MAIN("'iterations':9,'wait-ns':1,'state':'%s',"
                             "'state-since-ns':8000000000,'sources':[]"),
                        state);
    g_autofree char *before = g_strconcat(HEAD(10, "running"), loop, "}", NULL);
    g_autofree char *now =
        g_strconcat(HEAD(11, "running"), loop, more, "}", NULL);
    AiotopSample *sample = sample_of(before, now);

    sample->now->loops[0].thread.state = 'S';
    return sample;
}

static void test_between_callbacks(void)
{
    g_autoptr(AiotopSample) reset =
        between("running",
                ",'commands':[{'name':'system_reset','since-ns':5000000000}]");
    g_autoptr(AiotopSample) waits = between("waiting", "");
    g_autoptr(GString) why = g_string_new(NULL);

    expect(reset, AIOTOP_CLASS_LOOP_STUCK,
           "between two callbacks|for 3.00s|system_reset has had no answer");
    aiotop_marks_explain(why, AIOTOP_MARK_STUCK, reset, &reset->loops[0], NULL,
                         0);
    g_assert_nonnull(strstr(why->str, "between two callbacks for 3.00s"));
    expect_healthy(waits);
    /* One that goes round has been there at both ends, but not in between */
    reset->loops[0].iterations = 1;
    expect_healthy(reset);
    reset->loops[0].iterations = 0;
    reset->loops[0].state_age_ns = 999 * MS;
    expect_healthy(reset);
    reset->loops[0].state_age_ns = 3000 * MS;
    /* It would go on if there were a CPU for it */
    reset->now->loops[0].thread.state = 'R';
    reset->loops[0].cpu_ns = 0;
    expect_healthy(reset);
    /* It spins, whatever the threshold */
    reset->now->stall_threshold_ns = 1000 * MS;
    reset->loops[0].cpu_ns = 500 * MS;
    expect(reset, AIOTOP_CLASS_LOOP_STUCK, "It is not blocked");
    reset->loops[0].cpu_ns = 500 * MS - 1;
    expect_healthy(reset);
    /* It polls: now and then it runs */
    reset->before->loops[0].thread.voluntary_switches = 5;
    reset->now->loops[0].thread.voluntary_switches = 6;
    expect(reset, AIOTOP_CLASS_LOOP_STUCK, "between two callbacks");
    reset->loops[0].run_queue_ns = 501 * MS;
    expect(reset, AIOTOP_CLASS_NOT_SCHEDULED, "50.1 %");
    reset->before->loops[0].thread.state = 'R';
    reset->loops[0].run_queue_ns = 0;
    reset->loops[0].cpu_ns = 0;
    expect(reset, AIOTOP_CLASS_NOT_SCHEDULED, "had no CPU; it ran for 0.0 %");
}

/* It is not the main loop that resets the VM, and no request is waited for */
static void test_between_callbacks_of_an_iothread(void)
{
    g_autofree char *loop = g_strdup(
        "'loops':[{'name':'iothread0','thread-id':8,'since-ns':1000000000,"
        "'iterations':9,'dispatches':0,'wait-ns':1,'state':'running',"
        "'state-since-ns':8000000000,'sources':[]}],'commands':[{'name':'stop',"
        "'since-ns':5000000000}]}");
    g_autofree char *before = g_strconcat(HEAD(10, "running"), loop, NULL);
    g_autofree char *now = g_strconcat(HEAD(11, "running"), loop, NULL);
    g_autoptr(AiotopSample) sample = sample_of(before, now);
    g_autoptr(GPtrArray) findings = NULL;
    const AiotopFinding *first;

    sample->now->loops[0].thread.state = 'D';
    expect(sample, AIOTOP_CLASS_LOOP_STUCK,
           "look at what QEMU waits for there");
    findings = diagnose(sample, 0);
    first = findings->pdata[0];
    g_assert_null(strstr(first->evidence, "reset"));
    g_assert_null(strstr(first->evidence, "no answer"));
}

/* The mark says of it what the finding does */
static void test_look_from_between(void)
{
    g_autoptr(AiotopSample) sample = looking("wait", "1000000000");
    g_autoptr(GString) why = g_string_new(NULL);

    sample->loops[0].state = AIOTOP_LOOP_RUNNING;
    sample->before->loops[0].state = AIOTOP_LOOP_RUNNING;
    sample->loops[0].state_age_ns = 3000 * MS;
    sample->now->loops[0].iterations = 9;
    sample->loops[0].iterations = 0;
    sample->loops[0].dispatches = 0;
    expect(sample, AIOTOP_CLASS_LOOP_STUCK, "a look for events, or a wait");
    aiotop_marks_explain(why, AIOTOP_MARK_STUCK, sample, &sample->loops[0],
                         NULL, 0);
    g_assert_nonnull(strstr(why->str, "where it looks for events for 1.00s"));
}

static void test_kept_by_a_debugger(void)
{
    g_autoptr(AiotopSample) sample = looking("wait", "1000000000");
    AiotopQemuThread thread = { .name = g_ref_string_new("main"),
                                .thread_id = 7,
                                .state = 't' };
    AiotopThreadSample stopped = { .now = &thread, .stopped = true };
    g_autoptr(GPtrArray) findings = NULL;

    g_assert_cmpuint(sample->n_threads, ==, 0);
    g_free(sample->threads);
    sample->threads = &stopped;
    sample->n_threads = 1;
    findings = diagnose(sample, 0);
    g_assert_cmpuint(findings->len, ==, 1);
    expect(sample, AIOTOP_CLASS_STOPPED, "stopped (state t)");
    sample->threads = NULL;
    sample->n_threads = 0;
    g_ref_string_release(thread.name);
}

/* What it waits for is its memory, most likely */
static AiotopSample *in_page_fault(const char *name, char before, char now,
                                   const char *more)
{
    g_autofree char *first = g_strdup_printf(
        HEAD(10, "running") MAIN(IDLE) ",'threads':[{'thread-id':9,"
                                       "'name':'%s','cpu-ns':5}]}",
        name);
    g_autofree char *second = g_strdup_printf(
        HEAD(11, "running") MAIN(IDLE) ",'threads':[{'thread-id':9,"
                                       "'name':'%s','cpu-ns':5}]%s}",
        name, more);
    g_autoptr(AiotopSnapshot) one = parse(first);
    g_autoptr(AiotopSnapshot) two = parse_after(one, second);

    one->threads[0].state = before;
    two->threads[0].state = now;
    return aiotop_sample_new(one, two);
}

static void test_vcpu_in_the_kernel(void)
{
    g_autoptr(AiotopSample) vcpu = in_page_fault("CPU 0/TCG", 'D', 'D', "");
    g_autoptr(AiotopSample) lock = in_page_fault(
        "CPU 0/TCG", 'D', 'D',
        ",'bql':{'holder-thread-id':9,'held-since-ns':9000000000,'threads':["
        "{'name':'main-loop','thread-id':7,'waiting-since-ns':10900000000}]}");
    g_autoptr(AiotopSample) came = in_page_fault("CPU 0/TCG", 'S', 'D', "");
    g_autoptr(AiotopSample) halted = in_page_fault("CPU 0/TCG", 'S', 'S', "");
    g_autoptr(AiotopSample) worker = in_page_fault("worker", 'D', 'D', "");
    g_autoptr(AiotopSample) all = in_page_fault("ALL CPUs/TCG", 'D', 'D', "");
    g_autoptr(GPtrArray) findings = NULL;
    const AiotopFinding *first;

    expect(vcpu, AIOTOP_CLASS_STOPPED,
           "CPU 0/TCG (thread 9) is blocked in the kernel|guest's memory|"
           "/proc/7/task/9/stack");
    expect(all, AIOTOP_CLASS_STOPPED, "ALL CPUs/TCG (thread 9) is blocked");
    expect_healthy(came);
    expect_healthy(halted);
    expect_healthy(worker);
    /* It may be that a page is read */
    vcpu->interval_ns = 899 * MS;
    expect_healthy(vcpu);
    vcpu->interval_ns = 900 * MS;
    /* Whatever the user calls a stall of a loop's */
    findings = diagnose(vcpu, 2000 * MS);
    first = findings->pdata[0];
    g_assert_cmpint(first->id, ==, AIOTOP_CLASS_STOPPED);
    /* Those that wait for its lock say so, if there are any */
    vcpu->now->bql.holder_thread_id = 9;
    expect(vcpu, AIOTOP_CLASS_STOPPED, "CPU 0/TCG (thread 9)");
    expect(lock, AIOTOP_CLASS_BQL_WAIT, "CPU 0/TCG");
    g_clear_pointer(&findings, g_ptr_array_unref);
    findings = diagnose(lock, 0);
    g_assert_cmpuint(findings->len, ==, 1);
    lock->now->bql.holder_thread_id = 7;
    expect(lock, AIOTOP_CLASS_STOPPED, "CPU 0/TCG (thread 9)");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diagnose/look-that-goes-on", test_look_that_goes_on);
    g_test_add_func("/diagnose/look-of-another", test_look_of_another);
    g_test_add_func("/diagnose/thread-of-look", test_thread_of_look);
    g_test_add_func("/diagnose/long-look-beside-others",
                    test_long_look_beside_others);
    g_test_add_func("/diagnose/kept-in-the-kernel", test_kept_in_the_kernel);
    g_test_add_func("/diagnose/between-callbacks", test_between_callbacks);
    g_test_add_func("/diagnose/between-callbacks-of-an-iothread",
                    test_between_callbacks_of_an_iothread);
    g_test_add_func("/diagnose/look-from-between", test_look_from_between);
    g_test_add_func("/diagnose/not-woken", test_not_woken);
    g_test_add_func("/diagnose/kept-by-a-debugger", test_kept_by_a_debugger);
    g_test_add_func("/diagnose/vcpu-in-the-kernel", test_vcpu_in_the_kernel);
    return g_test_run();
}
