/*
 * Which process is meant, once its number may be another one's
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/host/target.h>

#include "screen/meant.h"
#include "session.h"

/* What @text stands for among the session's processes, if it is accepted */
static bool accept(Session *session, AiotopIdentity *meant, const char *text,
                   GError **error)
{
    AiotopTarget target;
    bool accepted;

    g_assert_true(aiotop_target_resolve(text, false, session->ui->processes,
                                        &target, NULL));
    accepted = meant_accept(meant, text, &target.process, error);
    aiotop_target_clear(&target);
    return accepted;
}

/* The second of the list, by its number, and a list that has another one */
static void test_picked(void)
{
    g_autoptr(Session) session = session_new();
    g_autoptr(GError) error = NULL;
    AiotopIdentity meant;

    session_processes(session);
    session_type(session, "{Down}{Enter}");
    meant = session->ui->picked;
    g_assert_cmpint(meant.pid, ==, 1002);
    g_assert_true(accept(session, &meant, "1002", NULL));

    ((AiotopProcess *)session->ui->processes->pdata[1])->start_ticks++;
    g_assert_false(accept(session, &meant, "1002", &error));
    g_assert_error(error, AIOTOP_DISCOVER_ERROR,
                   AIOTOP_DISCOVER_ERROR_NOT_FOUND);
    g_assert_cmpstr(error->message, ==,
                    "process 1002 has ended, and another QEMU has its number:"
                    " V chooses that one");
}

static void test_given_by_number(void)
{
    g_autoptr(Session) session = session_new();
    AiotopIdentity meant = { 0 };

    session_processes(session);
    g_assert_true(accept(session, &meant, "1001", NULL));
    g_assert_cmpint(meant.pid, ==, 1001);
    ((AiotopProcess *)session->ui->processes->pdata[0])->start_ticks--;
    g_assert_false(accept(session, &meant, "1001", NULL));
}

/* A VM's name is a new process's as well */
static void test_given_by_name(void)
{
    g_autoptr(Session) session = session_new();
    AiotopIdentity meant = { 0 };

    session_processes(session);
    g_assert_true(accept(session, &meant, "web1", NULL));
    g_assert_cmpint(meant.pid, ==, 0);
    ((AiotopProcess *)session->ui->processes->pdata[0])->start_ticks++;
    g_assert_true(accept(session, &meant, "web1", NULL));
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
