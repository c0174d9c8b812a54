/*
 * Which process is meant, once its number may be another one's
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/host/process.h>
#include <qemu-aiotop/host/target.h>

#include "screen/meant.h"

static void free_process(gpointer process)
{
    aiotop_process_free(process);
}

/* One QEMU that is profiled, and one that is not */
static GPtrArray *two_processes(void)
{
    static const char *const profiled[] = {
        "/usr/bin/qemu-system-x86_64",
        "-name",
        "web1",
        "-object",
        "event-loop-profiler,id=p,socket.type=unix,socket.path=/run/web1.prof",
        NULL,
    };
    static const char *const plain[] = { "/usr/bin/qemu-system-x86_64", NULL };
    GPtrArray *processes = g_ptr_array_new();

    g_ptr_array_add(processes, aiotop_process_parse(1001, profiled, "/"));
    g_ptr_array_add(processes, aiotop_process_parse(1002, plain, "/"));
    for (unsigned i = 0; i < processes->len; i++) {
        ((AiotopProcess *)processes->pdata[i])->start_ticks = 2001 + i;
    }
    g_ptr_array_set_free_func(processes, free_process);
    return processes;
}

/* What @text stands for among them, if it is accepted */
static bool accept(GPtrArray *processes, AiotopIdentity *meant,
                   const char *text, GError **error)
{
    AiotopTarget target;
    bool accepted;

    g_assert_true(aiotop_target_resolve(text, false, processes, &target, NULL));
    accepted = meant_accept(meant, text, &target.process, error);
    aiotop_target_clear(&target);
    return accepted;
}

/* By its number, and then another one has it */
static void test_picked(void)
{
    g_autoptr(GPtrArray) processes = two_processes();
    g_autoptr(GError) error = NULL;
    AiotopIdentity meant = { 1002, 2002 };

    g_assert_true(accept(processes, &meant, "1002", NULL));
    ((AiotopProcess *)processes->pdata[1])->start_ticks++;
    g_assert_false(accept(processes, &meant, "1002", &error));
    g_assert_error(error, AIOTOP_DISCOVER_ERROR,
                   AIOTOP_DISCOVER_ERROR_NOT_FOUND);
    g_assert_cmpstr(error->message, ==,
                    "process 1002 has ended, and another QEMU has its number:"
                    " V shows all there are");
}

static void test_given_by_number(void)
{
    g_autoptr(GPtrArray) processes = two_processes();
    AiotopIdentity meant = { 0 };

    g_assert_true(accept(processes, &meant, "1001", NULL));
    g_assert_cmpint(meant.pid, ==, 1001);
    ((AiotopProcess *)processes->pdata[0])->start_ticks--;
    g_assert_false(accept(processes, &meant, "1001", NULL));
}

/* A VM's name is a new process's as well */
static void test_given_by_name(void)
{
    g_autoptr(GPtrArray) processes = two_processes();
    AiotopIdentity meant = { 0 };

    g_assert_true(accept(processes, &meant, "web1", NULL));
    g_assert_cmpint(meant.pid, ==, 0);
    ((AiotopProcess *)processes->pdata[0])->start_ticks++;
    g_assert_true(accept(processes, &meant, "web1", NULL));
}

/* A socket named as a number is not the process that was picked */
static void test_nobody_known(void)
{
    AiotopIdentity picked = { 1001, 5 }, none = { 0 }, unknown = { 0 };

    g_assert_false(meant_accept(&picked, "1001", &none, NULL));
    g_assert_true(meant_accept(&unknown, "1001", &none, NULL));
    g_assert_true(meant_accept(&unknown, NULL, &picked, NULL));
    g_assert_cmpint(unknown.pid, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/meant/picked", test_picked);
    g_test_add_func("/meant/given-by-number", test_given_by_number);
    g_test_add_func("/meant/given-by-name", test_given_by_name);
    g_test_add_func("/meant/nobody-known", test_nobody_known);
    return g_test_run();
}
