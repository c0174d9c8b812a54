/*
 * Diagnosis: nested waits, and what a callback waits for
 *
 * Each class with its twin that is just under the threshold.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/syscall.h>

#include "awaited-sample.h"

static AiotopSample *in_wait(const char *source, const char *since,
                             const char *more)
{
    g_autofree char *members = g_strdup_printf(
        "'iterations':5,'state':'waiting','state-since-ns':10990000000,"
        "'stack':[{'source-id':1,'since-ns':%s}],'sources':[%s]",
        since, source);
    g_autofree char *now =
        g_strdup_printf(HEAD(11, "running") MAIN("%s") "%s}", members, more);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

static void test_nested_wait(void)
{
    static const char drain[] =
        WAIT("bdrv_drain_all_begin", "bdrv_drain_all_poll()");
    g_autoptr(AiotopSample) over = in_wait(drain, "10900000000", "");
    g_autoptr(AiotopSample) under = in_wait(drain, "10900000001", "");
    g_autoptr(GPtrArray) findings = NULL;

    expect(over, AIOTOP_CLASS_NESTED_WAIT,
           "for 100ms|bdrv_drain_all_begin|bdrv_drain_all_poll()|drain");
    expect_healthy(under);
    /* A wait counts as a dispatch, but not as too much to do */
    over->loops[0].dispatch_ns = over->loops[0].wall_ns;
    findings = diagnose(over, 0);
    g_assert_cmpuint(findings->len, ==, 1);
}

/* What the loop waits for is told of with that, and nowhere else */
static void test_nested_wait_for_requests(void)
{
    g_autoptr(AiotopSample) sample = in_wait(
        WAIT("bdrv_drain_all_begin", "bdrv_drain_all_poll()"), "6000000000",
        ",'requests':[" REQUEST(
            1, "n", "network", OLD,
            ",'device':'vd0'") "],"
                               "'nodes':[{'node':'n','in-flight':1,'completed':"
                               "0,'stages':[]}]");
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(sample, AIOTOP_CLASS_NESTED_WAIT,
           "1 request of node n (device vd0), sent to a server|for 5.00s|"
           "storage behind");
    g_assert_cmpuint(findings->len, ==, 1);
    g_assert_cmpstr(first->awaited, ==, "requests");
}

static void check_awaited(const char *wait_since, const char *requests,
                          const char *awaited, bool both)
{
    g_autofree char *more = g_strdup_printf(",'requests':[%s]", requests);
    g_autoptr(AiotopSample) sample =
        in_wait(WAIT("bdrv_drain_all_begin", "bdrv_drain_all_poll()"),
                wait_since, more);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *wait =
        find_class(findings, AIOTOP_CLASS_NESTED_WAIT, NULL);

    g_assert_cmpstr(wait->awaited, ==, awaited);
    g_assert_true(!strstr(wait->evidence, "In flight") ==
                  (strcmp(awaited, "requests") != 0));
    g_assert_true(!find_class(findings, AIOTOP_CLASS_IO_STUCK, "n") == !both);
}

/* A wait is for what was in flight when it began */
static void test_wait_for_older_requests(void)
{
    check_awaited("6000000000", REQUEST(1, "n", "driver", OLD, ""), "requests",
                  false);
    check_awaited("5900000000", REQUEST(1, "n", "driver", OLD, ""), "requests",
                  false);
    check_awaited("5899999999", REQUEST(1, "n", "driver", OLD, ""), "condition",
                  true);
    check_awaited("10000000000", REQUEST(1, "n", "driver", "10100000001", ""),
                  "condition", false);
    /* What is queued until it ends is no reason */
    check_awaited("6000000000", REQUEST(1, "n", "drained", OLD, ""),
                  "condition", true);
    /* The wait is too short yet to be for what has hung for longer */
    check_awaited("6000000001", REQUEST(1, "n", "driver", OLD, ""), "requests",
                  true);
}

/* The main loop of an older QEMU, which does not tell of waits */
static void test_nested_wait_that_is_not_told(void)
{
    static const char bql[] =
        "'bql':{'holder-thread-id':%s,'held-since-ns':%s,'threads':[]}";
    g_autofree char *held = g_strdup_printf(bql, "7", "10900000000");
    g_autofree char *young = g_strdup_printf(bql, "7", "10900000001");
    g_autofree char *other = g_strdup_printf(bql, "8", "10000000000");
    g_autoptr(AiotopSample) over = idle_sample(held);
    g_autoptr(AiotopSample) under = idle_sample(young);
    g_autoptr(AiotopSample) elsewhere = idle_sample(other);

    over->loops[0].is_thread = false;
    under->loops[0].is_thread = false;
    elsewhere->loops[0].is_thread = false;
    expect(over, AIOTOP_CLASS_NESTED_WAIT, "for 100ms|big QEMU lock");
    expect_healthy(under);
    expect_healthy(elsewhere);
}

static void check_wait(AiotopSample *owned, const char *awaited,
                       const char *words)
{
    g_autoptr(AiotopSample) sample = owned;
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    expect(sample, AIOTOP_CLASS_CALLBACK_STUCK, words);
    g_assert_cmpstr(first->awaited, ==, awaited);
    if (strcmp(awaited, "file") != 0) {
        g_assert_null(strstr(first->next_step, "a server or a peer"));
    }
}

static AiotopSample *waits_for_rcu(char state, uint64_t cpu_ns)
{
    AiotopSample *sample = stuck_in(WAIT("drain_call_rcu", "RCU readers"), "");

    add_tasks(sample, state, cpu_ns);
    return sample;
}

/* @stack: the thread whose stack is to be looked at */
static void check_suspect(AiotopSample *owned, bool is_one, int64_t stack)
{
    g_autoptr(AiotopSample) sample = owned;
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    g_assert_cmpint(first->id, ==, AIOTOP_CLASS_CALLBACK_STUCK);
    g_assert_cmpint(!!strstr(first->evidence, "(thread 9)"), ==, is_one);
    g_assert_cmpint(!!strstr(first->next_step, "(thread 9)"), ==, stack == 9);
    g_assert_cmpint(first->stack_thread_id, ==, stack);
}

/* One glance at a thread that works, or at a guest, proves nothing */
static void test_suspects(void)
{
    AiotopSample *reads = waits_for_rcu('D', 0);
    AiotopSample *is_new = waits_for_rcu('D', 0);
    AiotopSample *first = waits_for_rcu('D', 0);
    AiotopSample *guest = waits_for_rcu('R', 999 * MS);
    AiotopSample *sampled = waits_for_rcu('t', 0);

    check_suspect(waits_for_rcu('t', 0), true, 9);
    check_suspect(waits_for_rcu('T', 0), true, 9);
    check_suspect(waits_for_rcu('D', 0), true, 7);
    check_suspect(waits_for_rcu('D', 10 * MS), false, 7);
    check_suspect(waits_for_rcu('R', 999 * MS), true, 7);
    reads->before->tasks[1].state = 'S';
    check_suspect(reads, false, 7);
    sampled->before->tasks[1].state = 'S';
    check_suspect(sampled, false, 7);
    check_suspect(waits_for_rcu('t', 1), false, 7);
    is_new->before->n_tasks = 1;
    check_suspect(is_new, false, 7);
    first->before->n_tasks = 0;
    check_suspect(first, false, 7);
    g_strlcpy(guest->now->tasks[1].comm, "CPU 0/KVM",
              sizeof(guest->now->tasks[1].comm));
    check_suspect(guest, false, 7);
}

static void test_kinds_of_waits(void)
{
    AiotopSample *vcpu = stuck_in(WAIT("pause_all_vcpus", "vCPUs"), "");

    add_tasks(vcpu, 't', 0);
    check_wait(waits_for_rcu('t', 0), "rcu",
               "drain_call_rcu|RCU|CPU 0/TCG (thread 9) is stopped (state t)|"
               "Look at CPU 0/TCG (thread 9)");
    check_wait(waits_for_rcu('D', 0), "rcu",
               "(thread 9) may be why: it is blocked in the kernel|"
               "look for one that is");
    check_wait(waits_for_rcu('R', 901 * MS), "rcu",
               "(thread 9) may be why: it takes a whole CPU");
    check_wait(waits_for_rcu('R', 900 * MS), "rcu", "look for one that is");
    check_wait(vcpu, "vcpus", "a vCPU to stop|CPU 0/TCG (thread 9) is stopped");
    check_wait(stuck_in(WAIT("multifd_send_terminate", "a thread"), ""),
               "thread", "the end of another thread");
    check_wait(stuck_in(WAIT("qio_channel_wait", "a channel"), ""), "channel",
               "other end of a channel|the program at the other end");
    check_wait(
        stuck_in(WAIT("nbd_do_establish_connection", "s->in_progress"), ""),
        "channel", "other end of a channel|the program at the other end");
    check_wait(stuck_in(WAIT("bdrv_graph_wrlock", "reader_count()"), ""),
               "graph-lock", "read the graph");
    check_wait(stuck_in(WAIT("bdrv_drain", "bdrv_drain_poll()"), ""),
               "condition", "while bdrv_drain_poll(),|drain");
}

static AiotopSample *in_call(AiotopThread thread)
{
    AiotopSample *sample = stuck_in(NULL, "");

    thread.state = 'S';
    sample->now->loops[0].thread = thread;
    add_tasks(sample, 'S', 0);
    return sample;
}

/* In these states at both ends of the interval, and its CPU time at the end */
static AiotopSample *stopped(char before, char now, uint64_t cpu_ns)
{
    AiotopSample *sample = stuck_in(NULL, "");

    sample->before->loops[0].thread.state = before;
    sample->now->loops[0].thread.state = now;
    sample->now->loops[0].thread.cpu_ns =
        sample->before->loops[0].thread.cpu_ns + cpu_ns;
    return sample;
}

static void check_stopped(AiotopSample *owned, bool is_said)
{
    g_autoptr(AiotopSample) sample = owned;
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    g_assert_cmpint(g_strcmp0(first->awaited, "stopped") == 0, ==, is_said);
    g_assert_cmpint(strstr(first->next_step, "TracerPid in /proc/7/status") !=
                        NULL,
                    ==, is_said);
}

static void test_stopped_thread(void)
{
    check_stopped(stopped('t', 't', 0), true);
    check_stopped(stopped('T', 'T', 0), true);
    check_stopped(stopped('S', 't', 0), false);
    check_stopped(stopped('t', 't', 1), false);
}

static void check_starved(char before, uint64_t cpu_ns, uint64_t queue_ns,
                          bool is_said)
{
    g_autoptr(AiotopSample) sample = stopped(before, 'R', 0);
    g_autoptr(GPtrArray) findings = NULL;
    const AiotopFinding *first;

    sample->loops[0].cpu_ns = cpu_ns;
    sample->loops[0].run_queue_ns = queue_ns;
    findings = diagnose(sample, 0);
    first = findings->pdata[0];
    g_assert_cmpint(first->id, ==, AIOTOP_CLASS_CALLBACK_STUCK);
    g_assert_cmpstr(first->awaited, ==, is_said ? "host-cpu" : "cpu");
    /* One cause is one finding */
    g_assert_cmpuint(findings->len, ==,
                     is_said || queue_ns <= 200 * MS ? 1 : 2);
}

static void test_starved(void)
{
    check_starved('S', 20 * MS, 501 * MS, true);
    check_starved('S', 20 * MS, 500 * MS, false);
    check_starved('S', 20 * MS, 200 * MS, false);
    check_starved('R', 0, 0, true);
    check_starved('R', 1, 0, false);
    check_starved('S', 0, 0, false);
}

/* The main loop and a vCPU, which is in these states, and takes this time */
static AiotopSample *threads(char before, char now, uint64_t cpu_ns)
{
    static const char members[] =
        ",'threads':[{'thread-id':7,'name':'main-loop'},"
        "{'thread-id':9,'name':'CPU 0/KVM','cpu-ns':%u}]}";
    g_autofree char *end = g_strdup_printf(members, 5 + (unsigned)cpu_ns);
    g_autofree char *begin = g_strdup_printf(members, 5);
    g_autofree char *first =
        g_strconcat(HEAD(10, "running") MAIN(IDLE), begin, NULL);
    g_autofree char *second =
        g_strconcat(HEAD(11, "running") MAIN(IDLE), end, NULL);
    g_autoptr(AiotopSnapshot) older = parse(first);
    g_autoptr(AiotopSnapshot) newer = parse_after(older, second);

    older->threads[1].state = before;
    newer->threads[1].state = now;
    return aiotop_sample_new(older, newer);
}

static void check_thread(AiotopSample *owned, bool is_said)
{
    g_autoptr(AiotopSample) sample = owned;
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];

    g_assert_cmpint(first->id == AIOTOP_CLASS_STOPPED, ==, is_said);
    if (is_said) {
        g_assert_cmpint(first->thread_id, ==, 9);
        g_assert_nonnull(strstr(first->evidence, "CPU 0/KVM (thread 9) is"));
        g_assert_nonnull(strstr(first->next_step, "/proc/7/task/9/status"));
    }
}

/* One look is not enough, and a thread that has run was let go between */
static void test_stopped_outside_of_callbacks(void)
{
    check_thread(threads('t', 't', 0), true);
    check_thread(threads('T', 't', 0), true);
    check_thread(threads('S', 't', 0), false);
    check_thread(threads('t', 'S', 0), false);
    check_thread(threads('t', 't', 1), false);
}

/* What the kernel and the thread's memory tell, without a word of QEMU's */
static void test_kinds_of_calls(void)
{
    const AiotopSyscall futex = { true, true, SYS_futex, { 1, 0 }, "" };
    const AiotopSyscall read = { true, true, SYS_read, { 3, 0 }, "" };

    check_wait(in_call((AiotopThread){ .syscall = futex,
                                       .awaited = AIOTOP_AWAITED_MUTEX,
                                       .awaited_tid = 9 }),
               "mutex", "held by CPU 0/TCG (thread 9)|Look at CPU 0/TCG");
    check_wait(in_call((AiotopThread){ .syscall = futex,
                                       .awaited = AIOTOP_AWAITED_MUTEX,
                                       .awaited_tid = 7 }),
               "itself", "locked up itself|bug");
    check_wait(in_call((AiotopThread){ .syscall = futex,
                                       .awaited = AIOTOP_AWAITED_END,
                                       .awaited_tid = 9 }),
               "thread", "the end of CPU 0/TCG (thread 9)");
    check_wait(in_call((AiotopThread){ .syscall = futex }), "another-thread",
               "not for a file or a peer");
    check_wait(in_call((AiotopThread){
                   .syscall = read,
                   .descriptor = "a UNIX socket to /nbd, of process 12 (x)" }),
               "peer", "process 12 (x)|the program at the other end");
    check_wait(
        in_call((AiotopThread){ .syscall = read, .descriptor = "/mnt/disk" }),
        "file", "/mnt/disk|a file");
}

#define CHECK WAIT("bdrv_check", "s->in_progress")

/* Its main loop is in such a wait all the time */
static AiotopSample *tool(const char *since, const char *last)
{
    g_autofree char *now = g_strdup_printf(
        "{'time-ns':11000000000,'sequence':11,'pid':7,"
        "'profiling-since-ns':1000000000,'stall-threshold-ns':100000000," MAIN(
            "'iterations':5,'state':'waiting','stack':[{'source-id':1,"
            "'since-ns':%s}],"
            "'sources':[" CHECK "]") ",'nodes':[{'node':'n','in-flight':1,"
                                     "'completed':9%s,'stages':[]}]}",
        since, last);

    return sample_of("{'time-ns':10000000000,'sequence':10,'pid':7,"
                     "'profiling-since-ns':1000000000,"
                     "'stall-threshold-ns':100000000," MAIN(IDLE) "}",
                     now);
}

static void test_nested_wait_of_a_tool(void)
{
    g_autoptr(AiotopSample) works =
        tool("2000000000", ",'last-completed-ns':6000000001");
    g_autoptr(AiotopSample) stuck =
        tool("2000000000", ",'last-completed-ns':6000000000");
    g_autoptr(AiotopSample) begins = tool("6000000001", "");
    g_autoptr(AiotopSample) never = tool("6000000000", "");

    expect_healthy(works);
    expect(stuck, AIOTOP_CLASS_NESTED_WAIT, "bdrv_check");
    expect_healthy(begins);
    expect(never, AIOTOP_CLASS_NESTED_WAIT, "bdrv_check");
    /* A VM has more to do than that */
    works->now->bql.known = true;
    expect(works, AIOTOP_CLASS_NESTED_WAIT, "bdrv_check");
    works->now->bql.known = false;
    works->now->run_state = g_ref_string_new("running");
    expect(works, AIOTOP_CLASS_NESTED_WAIT, "bdrv_check");
}

/* A thread that is no loop, and one of a tool that lives in such waits */
static void test_nested_wait_of_a_thread(void)
{
    static const char drain[] = WAIT("blk_pread", "s->in_progress");
    g_autoptr(AiotopSample) sample = in_wait(drain, "10000000000", "");

    sample->loops[0].is_thread = true;
    expect_healthy(sample);
    sample->now->bql.known = true;
    expect(sample, AIOTOP_CLASS_NESTED_WAIT, "blk_pread");
}

/* Which command of the human monitor it is, is in the middle */
static void test_nested(void)
{
    static const char *const says[] = {
        NULL,
        NULL,
        "In it runs glib handle_hmp_command savevm.",
        "In it runs glib handle_hmp_command savevm, in that bh b.",
        "command savevm, in that bh b, in that bh c.",
        "command savevm, in that bh b, in that bh d.",
    };

    for (unsigned depth = 2; depth < G_N_ELEMENTS(says); depth++) {
        g_autoptr(AiotopSample) sample = main_loop_sample(
            "'state':'dispatching','state-since-ns':10000000000,'stack':["
            "{'source-id':1,'since-ns':10000000000},"
            "{'source-id':2,'since-ns':10000000000},"
            "{'source-id':3,'since-ns':10000000000},"
            "{'source-id':4,'since-ns':10000000000},"
            "{'source-id':5,'since-ns':10000000000}],'sources':["
            "{'id':1,'kind':'bh','name':'do_qmp_dispatch_bh'},"
            "{'id':2,'kind':'glib','name':'handle_hmp_command',"
            "'label':'savevm'},"
            "{'id':3,'kind':'bh','name':'b'},{'id':4,'kind':'bh','name':'c'},"
            "{'id':5,'kind':'bh','name':'d'}]");

        sample->now->loops[0].stack_depth = depth;
        expect(sample, AIOTOP_CLASS_CALLBACK_STUCK, says[depth]);
    }
}

/* A vCPU that resets a disk has no loop that waits */
static void test_thread_that_waits(void)
{
    g_autoptr(AiotopSample) sample = main_loop_sample(
        "'state':'waiting','state-since-ns':10000000000,"
        "'stack':[{'source-id':1,'since-ns':10000000000}],"
        "'sources':[" WAIT(
            "bdrv_drained_begin",
            "busy") "]}],"
                    "'bql':{'holder-thread-id':7,'held-since-ns':10000000000,"
                    "'threads':[]},'extra':[{'x':1");

    expect(sample, AIOTOP_CLASS_NESTED_WAIT, "all else in this loop waits");
    sample->loops[0].is_thread = true;
    expect(sample, AIOTOP_CLASS_NESTED_WAIT,
           "This thread, which is no event loop, has been waiting for 1.00s"
           "|such as to run the guest, waits");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/awaited/wait-for-older-requests",
                    test_wait_for_older_requests);
    g_test_add_func("/awaited/nested-wait", test_nested_wait);
    g_test_add_func("/awaited/nested-wait-for-requests",
                    test_nested_wait_for_requests);
    g_test_add_func("/awaited/nested-wait-that-is-not-told",
                    test_nested_wait_that_is_not_told);
    g_test_add_func("/awaited/suspects", test_suspects);
    g_test_add_func("/awaited/kinds-of-waits", test_kinds_of_waits);
    g_test_add_func("/awaited/kinds-of-calls", test_kinds_of_calls);
    g_test_add_func("/awaited/stopped-thread", test_stopped_thread);
    g_test_add_func("/awaited/starved", test_starved);
    g_test_add_func("/awaited/stopped-thread/outside-of-callbacks",
                    test_stopped_outside_of_callbacks);
    g_test_add_func("/awaited/nested-wait-of-a-tool",
                    test_nested_wait_of_a_tool);
    g_test_add_func("/awaited/nested-wait-of-a-thread",
                    test_nested_wait_of_a_thread);
    g_test_add_func("/awaited/nested", test_nested);
    g_test_add_func("/awaited/thread-that-waits", test_thread_that_waits);
    return g_test_run();
}
