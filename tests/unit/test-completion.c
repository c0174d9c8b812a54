/*
 * What the kernel knows is added to snapshots, from a made-up /proc
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <unistd.h>

#include <qemu-aiotop/host/completion.h>
#include <qemu-aiotop/host/procfs.h>

#include "made-host.h"

/* What is on the wire is as it was; what is not comes from the host */
static void test_complete(void)
{
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) snapshot = aiotop_snapshot_new();

    snapshot->pid = PID;
    snapshot->n_loops = 2;
    snapshot->loops = g_new(AiotopLoop, 2);
    for (unsigned i = 0; i < 2; i++) {
        snapshot->loops[i] = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
        snapshot->loops[i].name = g_ref_string_new("loop");
        snapshot->loops[i].cpu_ns = 42;
    }
    snapshot->loops[0].thread_id = PID;
    snapshot->loops[1].thread_id = 1;
    snapshot->n_threads = 1;
    snapshot->threads = g_new0(AiotopQemuThread, 1);
    snapshot->threads->thread_id = PID;
    snapshot->threads->name = g_ref_string_new("loop");
    proc_tree_write(root, "stat", "cpu  1 2 3 4 5 6 7 0 9 10\n");
    aiotop_host_complete(root, snapshot, NULL);
    g_assert_cmpuint(snapshot->cpu_ns, ==,
                     42 * (SECOND / sysconf(_SC_CLK_TCK)));
    g_assert_cmpuint(snapshot->loops[0].cpu_ns, ==, 42);
    g_assert_cmpuint(snapshot->loops[0].run_queue_ns, ==, SECOND);
    g_assert_cmpstr(snapshot->loops[0].thread.wchan, ==, "do_sys_poll");
    g_assert_cmpuint(snapshot->loops[1].run_queue_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(snapshot->threads->run_queue_ns, ==, SECOND);
    g_assert_cmpuint(snapshot->start_ns, ==,
                     aiotop_procfs_start_ticks(root, PID) *
                         (SECOND / sysconf(_SC_CLK_TCK)));
    g_assert_cmpuint(snapshot->suspended_ns, !=, AIOTOP_UNKNOWN);
    proc_tree_free(root);
}

/* The main loop after so many rounds, waiting; at 7 s */
static AiotopSnapshot *snapshot_after(uint64_t iterations)
{
    AiotopSnapshot *snapshot = aiotop_snapshot_new();

    snapshot->pid = PID;
    snapshot->time_ns = 7 * SECOND;
    snapshot->loops = g_new(AiotopLoop, 1);
    snapshot->n_loops = 1;
    *snapshot->loops = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
    snapshot->loops->name = g_ref_string_new("main-loop");
    snapshot->loops->thread_id = PID;
    snapshot->loops->state = AIOTOP_LOOP_WAITING;
    snapshot->loops->iterations = iterations;
    return snapshot;
}

/* With one member changed, whether its thread was looked at */
static bool looks_at(const char *root, const AiotopSnapshot *before,
                     void (*change)(AiotopLoop *loop))
{
    g_autoptr(AiotopSnapshot) snapshot = snapshot_after(9);

    change(snapshot->loops);
    aiotop_host_complete_briefly(root, snapshot, before);
    g_assert_cmpuint(snapshot->loops->run_queue_ns, ==, SECOND);
    return *snapshot->loops->thread.wchan;
}

static void waits(AiotopLoop *loop)
{
    loop->iterations = 8;
}

static void goes_round(AiotopLoop *loop)
{
    loop->state = AIOTOP_LOOP_RUNNING;
}

static void stands(AiotopLoop *loop)
{
    loop->state = AIOTOP_LOOP_RUNNING;
    loop->iterations = 8;
}

static void is_in_a_callback(AiotopLoop *loop)
{
    loop->stack_depth = 1;
    loop->stack = g_new0(AiotopDispatch, 1);
    loop->stack[0].since_ns = SECOND;
}

static void has_a_backlog(AiotopLoop *loop)
{
    loop->bh_pending_since_ns = SECOND;
}

static void has_a_timer_overdue(AiotopLoop *loop)
{
    loop->timer_deadline_ns = SECOND;
}

static void has_a_timer(AiotopLoop *loop)
{
    loop->timer_deadline_ns = 8 * SECOND;
}

static void is_of_unknown_rounds(AiotopLoop *loop)
{
    loop->iterations = AIOTOP_UNKNOWN;
}

/* Of many, only of those is more looked up with which something may be wrong */
static void test_briefly(void)
{
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) before = snapshot_after(8);

    aiotop_host_complete_briefly(root, before, NULL);
    g_assert_cmpstr(before->loops->thread.wchan, ==, "do_sys_poll");
    g_assert_false(looks_at(root, before, waits));
    g_assert_false(looks_at(root, before, goes_round));
    g_assert_false(looks_at(root, before, has_a_timer));
    g_assert_true(looks_at(root, NULL, goes_round));
    g_assert_true(looks_at(root, before, stands));
    g_assert_true(looks_at(root, before, is_in_a_callback));
    g_assert_true(looks_at(root, before, has_a_backlog));
    g_assert_true(looks_at(root, before, has_a_timer_overdue));
    g_assert_true(looks_at(root, before, is_of_unknown_rounds));
    proc_tree_free(root);
}

/* QEMU says that it waits, but not whether for events */
static void test_briefly_blocked(void)
{
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) before = snapshot_after(8);
    g_autoptr(AiotopSnapshot) stalled = snapshot_after(8);
    g_autoptr(AiotopSnapshot) blocked = snapshot_after(8);

    stalled->stalls = g_new0(AiotopStall, 1);
    stalled->n_stalls = 1;
    stalled->stalls->thread_id = PID;
    aiotop_host_complete_briefly(root, stalled, before);
    g_assert_cmpstr(stalled->loops->thread.wchan, ==, "");
    stalled->stalls->ongoing = true;
    aiotop_host_complete_briefly(root, stalled, before);
    g_assert_cmpstr(stalled->loops->thread.wchan, ==, "do_sys_poll");

    before->loops->thread_id = blocked->loops->thread_id = 4714;
    aiotop_host_complete_briefly(root, blocked, before);
    g_assert_cmpint(blocked->loops->thread.state, ==, 'D');
    proc_tree_free(root);
}

/* Its thread has used so much CPU time, as both lists say */
static AiotopSnapshot *snapshot_used(uint64_t cpu_ns)
{
    AiotopSnapshot *snapshot = snapshot_after(8);

    snapshot->loops->cpu_ns = cpu_ns;
    snapshot->threads = g_new0(AiotopQemuThread, 1);
    snapshot->n_threads = 1;
    snapshot->threads->thread_id = PID;
    snapshot->threads->name = g_ref_string_new("main-loop");
    snapshot->threads->cpu_ns = cpu_ns;
    snapshot->threads->run_queue_ns = AIOTOP_UNKNOWN;
    return snapshot;
}

/* Of what sleeps on nothing is read: it would be missed where there is none */
static void test_briefly_asleep(void)
{
    char *root = host_root("vm1");
    char *empty = proc_tree_new();
    g_autoptr(AiotopSnapshot) before = snapshot_used(5);
    g_autoptr(AiotopSnapshot) asleep = snapshot_used(5);
    g_autoptr(AiotopSnapshot) awake = snapshot_used(6);

    aiotop_host_complete_briefly(root, before, NULL);
    aiotop_host_complete_briefly(empty, asleep, before);
    g_assert_cmpuint(asleep->loops->run_queue_ns, ==, SECOND);
    g_assert_cmpuint(asleep->threads->run_queue_ns, ==, SECOND);
    g_assert_cmpint(asleep->threads->state, ==, 'S');
    aiotop_host_complete_briefly(empty, awake, before);
    g_assert_cmpuint(awake->loops->run_queue_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpint(awake->threads->state, ==, 0);
    /* One that was blocked is looked at if it is so still */
    before->threads->state = 'D';
    asleep->threads->state = 0;
    aiotop_host_complete_briefly(root, asleep, before);
    g_assert_cmpstr(asleep->loops->thread.wchan, ==, "");
    proc_tree_write(root, "4711/task/4711/stat", "4711 (qemu) D 0");
    aiotop_host_complete_briefly(root, asleep, before);
    g_assert_cmpstr(asleep->loops->thread.wchan, ==, "do_sys_poll");
    proc_tree_free(empty);
    proc_tree_free(root);
}

/* Woken, it uses no CPU time either as long as there is no CPU for it */
static void test_briefly_woken(void)
{
    char *root = host_root("vm1");
    AiotopSnapshot *before = snapshot_used(5);
    unsigned n = 0;

    aiotop_host_complete_briefly(root, before, NULL);
    g_assert_cmpint(before->threads->state, ==, 'S');
    proc_tree_write(root, "4711/task/4711/stat", "4711 (qemu) R 0");
    do {
        AiotopSnapshot *snapshot = snapshot_used(5);

        aiotop_host_complete_briefly(root, snapshot, before);
        aiotop_snapshot_unref(before);
        before = snapshot;
        g_assert_cmpuint(++n, <=, 10);
    } while (before->loops->thread.state != 'R' ||
             before->threads->state != 'R');
    aiotop_snapshot_unref(before);
    proc_tree_free(root);
}

/* It is not looked up again of one that has run since */
static void test_states_of_threads(void)
{
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) before = NULL;
    g_autoptr(AiotopSnapshot) after = aiotop_snapshot_new();
    AiotopSnapshot *const snapshots[] = { aiotop_snapshot_new(), after };

    before = snapshots[0];
    for (unsigned i = 0; i < 2; i++) {
        static const int tids[] = { 4714, 4712, 4799 };

        snapshots[i]->pid = PID;
        snapshots[i]->n_threads = G_N_ELEMENTS(tids);
        snapshots[i]->threads = g_new0(AiotopQemuThread, G_N_ELEMENTS(tids));
        for (unsigned j = 0; j < G_N_ELEMENTS(tids); j++) {
            snapshots[i]->threads[j].cpu_ns = 7;
            snapshots[i]->threads[j].thread_id = tids[j];
            snapshots[i]->threads[j].name = g_ref_string_new("thread");
        }
    }
    after->threads[1].cpu_ns = 8;
    aiotop_host_complete(root, before, NULL);
    /* It was woken, and has no CPU yet */
    proc_tree_write(root, "4711/task/4714/stat", "4714 (IO iothread0) R 0");
    aiotop_host_complete(root, after, before);
    g_assert_cmpint(before->threads[0].state, ==, 'D');
    g_assert_cmpint(before->threads[1].state, ==, 'S');
    g_assert_cmpint(before->threads[2].state, ==, 0);
    g_assert_cmpint(after->threads[0].state, ==, 'R');
    g_assert_cmpint(after->threads[1].state, ==, 0);
    proc_tree_free(root);
}

/* Of devices that are there from the start, of which four are named */
static void test_offloaded(void)
{
    static const char device[] = "|-device|vhost-user-blk-pci,id=";
    g_autofree char *long_id = g_strnfill(100, 'x');
    g_autofree char *none = g_strconcat("vm1", "|-device|virtio-blk-pci", NULL);
    g_autofree char *four = g_strconcat("vm1", device, "a", device, long_id,
                                        device, "c\xff", device, "d", NULL);
    g_autofree char *five = g_strconcat(four, device, "e", NULL);
    g_autofree char *shown = g_strdup_printf(
        "a (vhost-user-blk-pci), %.64s, c\xef\xbf\xbd (vhost-user-blk-pci), d"
        " (vhost-user-blk-pci)",
        long_id);
    g_autofree char *more = g_strconcat(shown, " and 1 more", NULL);
    char *root = host_root(none);
    g_autoptr(AiotopSnapshot) without = host_take(root, 1);
    g_autoptr(AiotopSnapshot) with_four = NULL;
    g_autoptr(AiotopSnapshot) with_five = NULL;
    g_autoptr(AiotopSnapshot) later = NULL;

    g_assert_null(without->offloaded);
    host_write_cmdline(root, four);
    with_four = host_take(root, 2);
    g_assert_cmpstr(with_four->offloaded, ==, shown);
    host_write_cmdline(root, five);
    with_five = host_take(root, 2);
    g_assert_cmpstr(with_five->offloaded, ==, more);
    host_write_cmdline(root, none);
    later = snapshot_after(8);
    aiotop_host_complete(root, later, with_five);
    g_assert_cmpstr(later->offloaded, ==, more);
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/completion/complete", test_complete);
    g_test_add_func("/completion/offloaded", test_offloaded);
    g_test_add_func("/completion/states-of-threads", test_states_of_threads);
    g_test_add_func("/completion/briefly", test_briefly);
    g_test_add_func("/completion/briefly-blocked", test_briefly_blocked);
    g_test_add_func("/completion/briefly-asleep", test_briefly_asleep);
    g_test_add_func("/completion/briefly-woken", test_briefly_woken);
    return g_test_run();
}
