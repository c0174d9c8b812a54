/*
 * Snapshots of a QEMU that is not profiled, from a made-up /proc
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <math.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <qemu-aiotop/host/choice.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/diagnose/missing.h>
#include <qemu-aiotop/table/columns.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/host/host-snapshot.h>

#include "proc-tree.h"

#define PID 4711
#define SECOND INT64_C(1000000000)

/* As in /proc/PID/cmdline, but for the NULs */
#define COMMAND_LINE "/usr/bin/qemu-system-x86_64|-name|"

static void write_cmdline(const char *root, const char *name)
{
    g_autofree char *text = g_strconcat(COMMAND_LINE, name, "|", NULL);
    g_autofree char *path = g_strdup_printf("%s/%d/cmdline", root, PID);
    gsize len = strlen(text);

    g_strdelimit(text, "|", '\0');
    g_assert_true(g_file_set_contents(path, text, len, NULL));
}

/* A process with threads out of order, and its end at @name */
static char *make_root(const char *name)
{
    static const ProcThread threads[] = {
        { PID, "qemu-system-x86", 'S', 5 * SECOND, SECOND, 100, 10, 1,
          "do_sys_poll", NULL },
        { 4712, "qemu-system-x86", 'S', 0, 0, 1, 0, 0, "futex_wait", NULL },
        { 4713, "worker", 'S', 0, 0, 1, 0, 0, "futex_wait", NULL },
        { 4715, "CPU 0/KVM", 'R', 9 * SECOND, 0, 3, 900, 1, "0", "running\n" },
        { 4714, "IO iothread0", 'D', 0, 0, 1, 0, 0, "folio_wait_bit", NULL },
        { 4716, "IO mon_iothread", 'S', 0, 0, 1, 0, 0, "ep_poll", NULL },
        { 4717, "\xff\x1b[1m", 'S', 0, 0, 1, 0, 0, "0", NULL },
    };
    g_autofree char *ppoll = g_strdup_printf(
        "%d 0x55d0 0x1b 0x7ffc 0x0 0x0 0x0 0x1 0x2\n", SYS_ppoll);
    char *root = proc_tree_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
        proc_tree_thread(root, PID, &threads[i]);
    }
    proc_tree_write(root, "4711/task/4711/syscall", ppoll);
    write_cmdline(root, name);
    return root;
}

static AiotopSnapshot *take(const char *root, uint64_t time_ns)
{
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, PID);
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *snapshot =
        aiotop_host_snapshot(root, process, NULL, time_ns, &error);

    g_assert_no_error(error);
    return snapshot;
}

static void test_threads_by_their_role(void)
{
    static const char *const names[] = {
        "main-loop",       "iothread0", "mon_iothread",        "CPU 0/KVM",
        "qemu-system-x86", "worker",    "\xef\xbf\xbd\x1b[1m",
    };
    char *root = make_root("vm1,debug-threads=on");
    g_autoptr(AiotopSnapshot) snapshot = take(root, 7 * SECOND);
    const AiotopLoop *loop = snapshot->loops;

    g_assert_true(snapshot->host_only);
    g_assert_cmpint(snapshot->pid, ==, PID);
    g_assert_cmpuint(snapshot->time_ns, ==, 7 * SECOND);
    g_assert_cmpstr(snapshot->vm_name, ==, "vm1");
    g_assert_cmpuint(snapshot->n_loops, ==, G_N_ELEMENTS(names));
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_cmpstr(loop[i].name, ==, names[i]);
        g_assert_cmpuint(loop[i].n_sources, ==, 0);
        g_assert_cmpint(loop[i].state, ==, AIOTOP_LOOP_UNKNOWN);
    }
    g_assert_cmpint(loop->thread_id, ==, PID);
    g_assert_cmpint(loop->thread.state, ==, 'S');
    g_assert_cmpuint(loop->cpu_ns, ==, 5 * SECOND);
    g_assert_cmpuint(loop->run_queue_ns, ==, SECOND);
    g_assert_cmpstr(loop->thread.wchan, ==, "do_sys_poll");
    g_assert_cmpint(loop->thread.syscall.number, ==, SYS_ppoll);
    g_assert_cmpuint(loop->thread.syscall.args[1], ==, 27);
    g_assert_cmpuint(loop->dispatch_ns, ==, AIOTOP_UNKNOWN);
    proc_tree_free(root);
}

static double column(const AiotopSample *sample, const char *name)
{
    AiotopRow row = { sample, &sample->loops[0], NULL };
    char buffer[AIOTOP_VALUE_BUFFER];
    AiotopValue value =
        aiotop_table_find(&aiotop_loop_table, name)->get(&row, buffer);

    return value.type == AIOTOP_VALUE_REAL ? value.real : NAN;
}

static void test_interval(void)
{
    static const ProcThread later = {
        PID,
        "qemu-system-x86",
        'R',
        6 * SECOND,
        SECOND + SECOND / 5,
        140,
        20,
        1,
        "0",
        NULL,
    };
    char *root = make_root("vm1");
    g_autoptr(AiotopSnapshot) before = take(root, 7 * SECOND);
    g_autoptr(AiotopSnapshot) now = NULL;
    g_autoptr(AiotopSample) first = aiotop_sample_new(NULL, before);
    g_autoptr(AiotopSample) sample = NULL;

    proc_tree_thread(root, PID, &later);
    now = take(root, 9 * SECOND);
    sample = aiotop_sample_new(before, now);
    g_assert_false(sample->cumulative);
    g_assert_cmpuint(sample->interval_ns, ==, 2 * SECOND);
    g_assert_cmpfloat(column(sample, "cpu"), ==, 50);
    g_assert_cmpfloat(column(sample, "run-queue"), ==, 10);
    g_assert_cmpfloat(column(sample, "vol-switches"), ==, 20);
    g_assert_cmpfloat(column(sample, "invol-switches"), ==, 5);
    g_assert_true(isnan(column(sample, "dispatch")));
    g_assert_true(isnan(column(first, "cpu")));
    proc_tree_free(root);
}

/* Whether one of the notes has the text in it */
static bool notes_say(const AiotopSnapshot *snapshot, const char *text)
{
    g_autoptr(GPtrArray) notes = aiotop_missing_notes(snapshot);

    for (unsigned i = 0; i < notes->len; i++) {
        if (strstr(notes->pdata[i], text)) {
            return true;
        }
    }
    return false;
}

static void test_notes_tell_what_is_missing(void)
{
    char *root = make_root("vm1");
    g_autoptr(AiotopSnapshot) snapshot = take(root, 1);
    g_autoptr(AiotopSnapshot) profiled = aiotop_snapshot_new();
    g_autoptr(GPtrArray) none = aiotop_missing_notes(profiled);

    g_assert_true(notes_say(snapshot, "no event-loop-profiler object"));
    g_assert_false(notes_say(snapshot, "CAP_SYS_PTRACE"));
    snapshot->denied = true;
    g_assert_true(notes_say(snapshot, "CAP_SYS_PTRACE"));
    g_assert_cmpuint(none->len, ==, 0);
    proc_tree_free(root);
}

/* If all have the program's, or if QEMU was not told to name them */
static void test_threads_without_names(void)
{
    static const char *const named[] = { "4714", "4715", "4716" };
    char *root = make_root("vm1");
    g_autoptr(AiotopSnapshot) some = take(root, 1);
    g_autoptr(AiotopSnapshot) without = NULL;
    g_autoptr(AiotopSnapshot) told = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(named); i++) {
        g_autofree char *dir = g_strconcat("4711/task/", named[i], NULL);

        proc_tree_remove(root, dir);
    }
    without = take(root, 1);
    write_cmdline(root, "vm1,debug-threads=on");
    told = take(root, 1);
    g_assert_false(notes_say(some, "debug-threads=on"));
    g_assert_true(notes_say(without, "debug-threads=on"));
    g_assert_cmpstr(without->loops[1].name, ==, "qemu-system-x86");
    g_assert_false(notes_say(told, "debug-threads=on"));
    proc_tree_free(root);
}

static void check_ended(const char *root, const AiotopProcess *process)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(aiotop_host_snapshot(root, process, NULL, 1, &error));
    g_assert_error(error, AIOTOP_DISCOVER_ERROR,
                   AIOTOP_DISCOVER_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "4711"));
}

static void test_the_process_has_ended(void)
{
    char *root = make_root("vm1");
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, PID);

    proc_tree_remove(root, "4711");
    check_ended(root, process);
    g_assert_null(aiotop_discover_process(root, PID));
    proc_tree_free(root);
}

static void test_a_zombie_has_ended(void)
{
    static const ProcThread zombie = { PID, "qemu-system-x86", 'Z' };
    char *root = make_root("vm1");
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, PID);

    proc_tree_thread(root, PID, &zombie);
    check_ended(root, process);
    proc_tree_free(root);
}

static void test_another_process_has_its_pid(void)
{
    char *root = make_root("vm1");
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, PID);

    process->start_ticks--;
    check_ended(root, process);
    proc_tree_free(root);
}

/* What is on the wire is as it was; what is not comes from the host */
static void test_complete(void)
{
    char *root = make_root("vm1");
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
    proc_tree_free(root);
}

/* The main loop, in a read that began after @since_ns; at 7 s */
static AiotopSnapshot *take_reading(const char *root, uint64_t since_ns,
                                    const AiotopSnapshot *before)
{
    AiotopSnapshot *snapshot = aiotop_snapshot_new();
    AiotopLoop *loop = g_new(AiotopLoop, 1);

    *loop = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
    loop->name = g_ref_string_new("main-loop");
    loop->thread_id = PID;
    if (since_ns) {
        loop->stack_depth = 1;
        loop->stack = g_new0(AiotopDispatch, 1);
        loop->stack[0].since_ns = since_ns;
    }
    snapshot->pid = PID;
    snapshot->time_ns = 7 * SECOND;
    snapshot->loops = loop;
    snapshot->n_loops = 1;
    aiotop_host_complete(root, snapshot, before);
    return snapshot;
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
    char *root = make_root("vm1");
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
    char *root = make_root("vm1");
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

/* Its first thread, which need not have the lowest number, then its loops' */
static void test_choice_of_threads(void)
{
    char *root = proc_tree_new();
    g_autoptr(GArray) threads = g_array_new(FALSE, FALSE, sizeof(int64_t));

    for (int64_t tid = 100; tid < 100 + AIOTOP_CHOICE_CANDIDATES; tid++) {
        ProcThread thread = { tid, "CPU 0/KVM", 'R', 9 * SECOND, 0,
                              1,   0,           0,   NULL,       NULL };

        if (tid == 777) {
            thread.comm = "IO iothread0";
            thread.cpu_ns = 0;
        }
        proc_tree_thread(root, PID, &thread);
        g_array_append_val(threads, tid);
    }
    {
        ProcThread first = { PID, "qemu-system-x86", 'S', 0, 0, 1, 0, 0, NULL,
                             NULL };
        int64_t tid = PID;

        proc_tree_thread(root, PID, &first);
        g_array_append_val(threads, tid);
    }
    aiotop_choice_make(root, threads, PID, AIOTOP_CHOICE_MOST);
    g_assert_cmpuint(threads->len, ==, AIOTOP_CHOICE_MOST);
    g_assert_cmpint(g_array_index(threads, int64_t, 0), ==, PID);
    g_assert_cmpint(g_array_index(threads, int64_t, 1), ==, 777);
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
    char *root = make_root("vm1");
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
    /* One that was blocked is so still, and is looked at */
    before->threads->state = 'D';
    aiotop_host_complete_briefly(root, asleep, before);
    g_assert_cmpstr(asleep->loops->thread.wchan, ==, "do_sys_poll");
    proc_tree_free(empty);
    proc_tree_free(root);
}

/* It is not looked up again of one that has run since */
static void test_states_of_threads(void)
{
    char *root = make_root("vm1");
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
    /* What has not run is what it was */
    proc_tree_write(root, "4711/task/4714/stat", "4714 (IO iothread0) S 0");
    aiotop_host_complete(root, after, before);
    g_assert_cmpint(before->threads[0].state, ==, 'D');
    g_assert_cmpint(before->threads[1].state, ==, 'S');
    g_assert_cmpint(before->threads[2].state, ==, 0);
    g_assert_cmpint(after->threads[0].state, ==, 'D');
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
    char *root = make_root(none);
    g_autoptr(AiotopSnapshot) without = take(root, 1);
    g_autoptr(AiotopSnapshot) with_four = NULL;
    g_autoptr(AiotopSnapshot) with_five = NULL;
    g_autoptr(AiotopSnapshot) later = NULL;

    g_assert_null(without->offloaded);
    write_cmdline(root, four);
    with_four = take(root, 2);
    g_assert_cmpstr(with_four->offloaded, ==, shown);
    write_cmdline(root, five);
    with_five = take(root, 2);
    g_assert_cmpstr(with_five->offloaded, ==, more);
    write_cmdline(root, none);
    later = take_reading(root, 0, with_five);
    g_assert_cmpstr(later->offloaded, ==, more);
    proc_tree_free(root);
}

static ProcThread reader = {
    PID,         "qemu-system-x86",
    'S',         5 * SECOND,
    SECOND,      100,
    10,          1,
    "pipe_read", "0 0x15 0x7f00 0x1 0x0 0x0 0x0 0x7ffd 0x7f01\n",
};

/* Where one is expected it comes in the end, however busy this host is */
static void check_descriptor(const char *root, uint64_t since_ns,
                             const AiotopSnapshot *before, const char *expected)
{
    g_autoptr(AiotopSnapshot) snapshot = take_reading(root, since_ns, before);

    while (*expected && !*snapshot->loops->thread.descriptor) {
        aiotop_snapshot_unref(snapshot);
        snapshot = take_reading(root, since_ns, before);
    }
    g_assert_cmpstr(snapshot->loops->thread.descriptor, ==, expected);
}

static void test_descriptor_of_a_long_call(void)
{
    char *root = make_root("vm1");
    ProcThread worker = reader;
    g_autoptr(AiotopSnapshot) host = NULL;
    g_autoptr(AiotopSnapshot) holder = NULL;

    proc_tree_thread(root, PID, &reader);
    proc_tree_link(root, "4711/fd/21", "/tmp/\33[1mdisk");
    check_descriptor(root, 0, NULL, "");
    check_descriptor(root, 7 * SECOND - 9999999, NULL, "");
    check_descriptor(root, 8 * SECOND, NULL, "");
    check_descriptor(root, 7 * SECOND - 10000000, NULL, "/tmp/\\x1b[1mdisk");
    worker.tid = PID + 1;
    proc_tree_thread(root, PID, &worker);
    do {
        g_clear_pointer(&host, aiotop_snapshot_unref);
        host = take(root, 7 * SECOND);
    } while (!*host->loops[0].thread.descriptor);
    /* What is not known to be stuck is not looked at */
    for (unsigned i = 1; i < host->n_loops; i++) {
        g_assert_cmpstr(host->loops[i].thread.descriptor, ==, "");
    }
    g_assert_cmpstr(host->loops[0].thread.descriptor, ==, "/tmp/\\x1b[1mdisk");
    reader.state = 'R';
    proc_tree_thread(root, PID, &reader);
    check_descriptor(root, SECOND, NULL, "");
    reader.state = 'D';
    proc_tree_thread(root, PID, &reader);
    check_descriptor(root, SECOND, NULL, "/tmp/\\x1b[1mdisk");
    reader.state = 'S';
    proc_tree_free(root);
}

static AiotopSnapshot *take_writer(const char *root, uint64_t since_ns,
                                   const AiotopSnapshot *before)
{
    AiotopSnapshot *snapshot = aiotop_snapshot_new();

    snapshot->pid = PID;
    snapshot->time_ns = 7 * SECOND;
    snapshot->awaited.n_writers = 1;
    snapshot->awaited.writers = g_new0(AiotopWriter, 1);
    snapshot->awaited.writers->name = g_ref_string_new("writer");
    snapshot->awaited.writers->fd = 21;
    snapshot->awaited.writers->since_ns = since_ns;
    aiotop_host_complete(root, snapshot, before);
    return snapshot;
}

/* Of one that has waited for long, and it is not looked for again */
static void test_descriptor_of_a_writer(void)
{
    char *root = make_root("vm1");
    g_autoptr(AiotopSnapshot) young = NULL;
    g_autoptr(AiotopSnapshot) old = NULL;
    g_autoptr(AiotopSnapshot) again = NULL;
    g_autoptr(AiotopSnapshot) another = NULL;

    proc_tree_link(root, "4711/fd/21", "/tmp/fifo");
    young = take_writer(root, 2 * SECOND + 1, NULL);
    g_assert_null(young->awaited.writers->descriptor);
    do {
        g_clear_pointer(&old, aiotop_snapshot_unref);
        old = take_writer(root, 2 * SECOND, NULL);
    } while (!old->awaited.writers->descriptor);
    g_assert_cmpstr(old->awaited.writers->descriptor, ==, "/tmp/fifo");
    proc_tree_remove(root, "4711/fd/21");
    proc_tree_link(root, "4711/fd/21", "/tmp/other");
    again = take_writer(root, 2 * SECOND, old);
    g_assert_cmpstr(again->awaited.writers->descriptor, ==, "/tmp/fifo");
    do {
        g_clear_pointer(&another, aiotop_snapshot_unref);
        another = take_writer(root, SECOND, old);
    } while (!another->awaited.writers->descriptor);
    g_assert_cmpstr(another->awaited.writers->descriptor, ==, "/tmp/other");
    proc_tree_free(root);
}

/* Its loop does nothing, but all wait for it */
static void test_descriptor_of_the_holder(void)
{
    char *root = make_root("vm1");
    g_autoptr(AiotopSnapshot) snapshot = NULL;

    proc_tree_thread(root, PID, &reader);
    proc_tree_link(root, "4711/fd/21", "/dev/null");
    snapshot = take_reading(root, 0, NULL);
    snapshot->bql.holder_thread_id = PID;
    snapshot->bql.held_since_ns = SECOND;
    do {
        aiotop_host_complete(root, snapshot, NULL);
    } while (!*snapshot->loops->thread.descriptor);
    g_assert_cmpstr(snapshot->loops->thread.descriptor, ==, "/dev/null");
    proc_tree_free(root);
}

/* As long as the thread was not woken, nor is in another call */
static void test_descriptor_is_looked_up_once(void)
{
    char *root = make_root("vm1");
    g_autoptr(AiotopSnapshot) before = NULL;

    proc_tree_thread(root, PID, &reader);
    proc_tree_link(root, "4711/fd/21", "/first");
    do {
        g_clear_pointer(&before, aiotop_snapshot_unref);
        before = take_reading(root, SECOND, NULL);
    } while (!*before->loops->thread.descriptor);
    proc_tree_remove(root, "4711/fd/21");
    proc_tree_link(root, "4711/fd/21", "/second");
    proc_tree_link(root, "4711/fd/22", "/third");
    check_descriptor(root, SECOND, before, "/first");
    check_descriptor(root, SECOND, NULL, "/second");
    before->loops->thread_id = 1;
    check_descriptor(root, SECOND, before, "/second");
    before->loops->thread_id = PID;
    before->loops->thread.voluntary_switches++;
    check_descriptor(root, SECOND, before, "/second");
    before->loops->thread.voluntary_switches--;
    reader.syscall = "0 0x16 0x7f00 0x1 0x0 0x0 0x0 0x7ffd 0x7f01\n";
    proc_tree_thread(root, PID, &reader);
    check_descriptor(root, SECOND, before, "/third");
    proc_tree_free(root);
}

/* Anybody's process may have as many as it likes */
static void test_more_threads_than_are_shown(void)
{
    char *root = make_root("vm1,debug-threads=on");
    g_autoptr(AiotopSnapshot) snapshot = NULL;
    g_autoptr(GPtrArray) notes = NULL;
    bool has_busy = false;

    for (unsigned i = 0; i < 300; i++) {
        g_autofree char *name =
            g_strdup_printf("%d/task/%u/stat", PID, 5000 + i);
        g_autofree char *stat = g_strdup_printf(
            "%u (worker) S 1 7 7 0 -1 4194304 1 0 0 0 %u 0 0 0 20 0 1 0 555 1 2"
            " 3 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0\n",
            5000 + i, i == 299 ? 100 : 0);

        proc_tree_write(root, name, stat);
    }
    snapshot = take(root, 7 * SECOND);
    g_assert_cmpuint(snapshot->n_loops, ==, 256);
    g_assert_cmpuint(snapshot->n_left_out, ==, 300 + 7 - 256);
    g_assert_cmpstr(snapshot->loops[0].name, ==, "main-loop");
    g_assert_cmpstr(snapshot->loops[1].name, ==, "iothread0");
    g_assert_cmpstr(snapshot->loops[3].name, ==, "CPU 0/KVM");
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        has_busy |= snapshot->loops[i].thread_id == 5299;
    }
    g_assert_true(has_busy);
    notes = aiotop_missing_notes(snapshot);
    g_assert_true(
        g_str_has_prefix(notes->pdata[1], "51 threads are not shown: "));
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/threads-by-their-role", test_threads_by_their_role);
    g_test_add_func("/host/interval", test_interval);
    g_test_add_func("/host/notes-tell-what-is-missing",
                    test_notes_tell_what_is_missing);
    g_test_add_func("/host/threads-without-names", test_threads_without_names);
    g_test_add_func("/host/the-process-has-ended", test_the_process_has_ended);
    g_test_add_func("/host/a-zombie-has-ended", test_a_zombie_has_ended);
    g_test_add_func("/host/another-process-has-its-pid",
                    test_another_process_has_its_pid);
    g_test_add_func("/host/complete", test_complete);
    g_test_add_func("/host/more-threads-than-are-shown",
                    test_more_threads_than_are_shown);
    g_test_add_func("/host/offloaded", test_offloaded);
    g_test_add_func("/host/states-of-threads", test_states_of_threads);
    g_test_add_func("/host/choice-of-threads", test_choice_of_threads);
    g_test_add_func("/host/briefly", test_briefly);
    g_test_add_func("/host/briefly-blocked", test_briefly_blocked);
    g_test_add_func("/host/briefly-asleep", test_briefly_asleep);
    g_test_add_func("/host/descriptor-of-a-long-call",
                    test_descriptor_of_a_long_call);
    g_test_add_func("/host/descriptor-of-a-writer",
                    test_descriptor_of_a_writer);
    g_test_add_func("/host/descriptor-of-the-holder",
                    test_descriptor_of_the_holder);
    g_test_add_func("/host/descriptor-is-looked-up-once",
                    test_descriptor_is_looked_up_once);
    return g_test_run();
}
