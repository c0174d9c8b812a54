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

#include <qemu-aiotop/diagnose/missing.h>
#include <qemu-aiotop/host/choice.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/table/columns.h>

#include "made-host.h"

static void test_threads_by_their_role(void)
{
    static const char *const names[] = {
        "main-loop",       "iothread0", "mon_iothread",        "CPU 0/KVM",
        "qemu-system-x86", "worker",    "\xef\xbf\xbd\x1b[1m",
    };
    char *root = host_root("vm1,debug-threads=on");
    g_autoptr(AiotopSnapshot) snapshot = host_take(root, 7 * SECOND);
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
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) before = host_take(root, 7 * SECOND);
    g_autoptr(AiotopSnapshot) now = NULL;
    g_autoptr(AiotopSample) first = aiotop_sample_new(NULL, before);
    g_autoptr(AiotopSample) sample = NULL;

    proc_tree_thread(root, PID, &later);
    now = host_take(root, 9 * SECOND);
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
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) snapshot = host_take(root, 1);
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
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) some = host_take(root, 1);
    g_autoptr(AiotopSnapshot) without = NULL;
    g_autoptr(AiotopSnapshot) told = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(named); i++) {
        g_autofree char *dir = g_strconcat("4711/task/", named[i], NULL);

        proc_tree_remove(root, dir);
    }
    without = host_take(root, 1);
    host_write_cmdline(root, "vm1,debug-threads=on");
    told = host_take(root, 1);
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
    char *root = host_root("vm1");
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, PID);

    proc_tree_remove(root, "4711");
    check_ended(root, process);
    g_assert_null(aiotop_discover_process(root, PID));
    proc_tree_free(root);
}

static void test_a_zombie_has_ended(void)
{
    static const ProcThread zombie = { PID, "qemu-system-x86", 'Z' };
    char *root = host_root("vm1");
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, PID);

    proc_tree_thread(root, PID, &zombie);
    check_ended(root, process);
    proc_tree_free(root);
}

static void test_another_process_has_its_pid(void)
{
    char *root = host_root("vm1");
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, PID);

    process->start_ticks--;
    check_ended(root, process);
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

/* Anybody's process may have as many as it likes */
static void test_more_threads_than_are_shown(void)
{
    char *root = host_root("vm1,debug-threads=on");
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
    snapshot = host_take(root, 7 * SECOND);
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
    g_test_add_func("/host/more-threads-than-are-shown",
                    test_more_threads_than_are_shown);
    g_test_add_func("/host/choice-of-threads", test_choice_of_threads);
    return g_test_run();
}
