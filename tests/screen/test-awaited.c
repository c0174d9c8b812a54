/*
 * Requests, block nodes and threads: from one to the other, and back
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "session.h"
#include "state/item.h"

static void expect(Session *session, UiView view, const char *text)
{
    g_assert_cmpint(session->ui->view, ==, view);
    if (!session_shows(session, text)) {
        g_error("nowhere: %s", text);
    }
}

static void expect_selected(Session *session, const char *identity)
{
    g_assert_cmpstr(items_selected(session->ui)->identity, ==, identity);
}

/* Of requests that are all so old */
static void make_old(const Session *session, uint64_t age_ns)
{
    const AiotopSnapshot *now = feed_shown(&session->ui->feed)->now;

    for (unsigned i = 0; i < now->awaited.n_requests; i++) {
        now->awaited.requests[i].since_ns = now->time_ns - age_ns;
    }
}

/* Whatever is looked at: idle loops do not tell */
static void test_header(void)
{
    g_autoptr(Session) session = session_live("awaited");
    g_autoptr(Session) without = session_live("screen");

    expect(session, UI_MAIN, "7 sources, 1 active  oldest request 21.0s");
    g_assert_false(session_shows(without, "oldest request"));
    /* A disk that is well is no news */
    make_old(session, UINT64_C(999999999));
    g_assert_false(session_shows(session, "oldest request"));
    make_old(session, UINT64_C(1000000000));
    expect(session, UI_MAIN, "oldest request 1.00s");
}

/* By a node to the source in front of it, and all the way back */
static void test_node_opens(void)
{
    g_autoptr(Session) session = session_live("awaited");

    session_type(session, "r{Down}{Enter}");
    expect(session, UI_NODE, "iothread0: fd-read virtio_queue_host_notifier");
    expect(session, UI_NODE, "fmt1");
    /* The request below is a part of its own */
    expect(session, UI_NODE, "read worker file1");
    session_type(session, "{Enter}");
    expect(session, UI_SOURCE, "vd1/vq0");
    expect(session, UI_SOURCE,
           "node file1: 1 in flight, the oldest for 12.0s"
           " (worker), 0/s done");
    session_type(session, "{Esc}");
    expect(session, UI_NODE, "node fmt1");
    session_type(session, "{Esc}");
    g_assert_cmpint(session->ui->view, ==, UI_REQUESTS);
    expect_selected(session, "node fmt1");
    session_type(session, "{Esc}");
    g_assert_cmpint(session->ui->view, ==, UI_MAIN);
}

/* Its node, and the stack of the thread that works on it */
static void test_request_opens(void)
{
    g_autoptr(Session) session = session_live("awaited");
    Ui *ui = session->ui;

    session_type(session, "r{End}{Up}{Up}");
    expect_selected(session, "request 21");
    session_type(session, "{Enter}");
    expect(session, UI_NODE, "node file1");
    session_type(session, "{Esc}s");
    g_assert_cmpint(ui->view, ==, UI_STACK);
    g_assert_cmpint(ui->stack.tid, ==, 4731);
    g_assert_cmpstr(ui->stack.name, ==, "worker");
    session_type(session, "{Esc}{Up}s");
    expect(session, UI_REQUESTS, "No stack: this is about no thread");
}

/* A loop or a source leads to the first node behind it */
static void test_to_requests_and_back(void)
{
    g_autoptr(Session) session = session_live("awaited");
    Ui *ui = session->ui;

    session_type(session, "a/vd1{Enter}{Enter}r");
    g_assert_cmpint(ui->view, ==, UI_REQUESTS);
    expect_selected(session, "node fmt1");
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_SOURCE);
    session_type(session, "{Esc}{Esc}{Tab}N{Home}{Down}{Enter}r");
    expect_selected(session, "node disk0");
    /* What comes from there goes back, and not round */
    session_type(session, "{Enter}r");
    g_assert_cmpint(ui->view, ==, UI_REQUESTS);
    session_type(session, "{Esc}");
    expect(session, UI_LOOP,
           "node disk0: 20 in flight, the oldest for 21.0s"
           " (throttled), 1.00/s done");
    g_assert_cmpstr(ui->opened->loop, ==, "iothread0");
}

/* What nothing is in front of, and what nothing is behind */
static void test_nothing_behind(void)
{
    g_autoptr(Session) session = session_live("awaited");
    Ui *ui = session->ui;

    session_type(session, "r{Down}{Down}{Down}{Down}{Enter}");
    expect(session, UI_NODE, "No source of a loop has a label");
    session_type(session, "{Enter}");
    expect(session, UI_NODE, "No details: nothing is selected");
    session_type(session, "{Esc}{Down}{Enter}");
    expect(session, UI_NODE, "None of the requests that QEMU lists");
    session_type(session, "{Esc}{Esc}a/quit{Enter}{Enter}r");
    g_assert_cmpint(ui->view, ==, UI_REQUESTS);
    g_assert_null(ui->item_identity);
}

/* The node may not be there any more */
static void test_node_is_gone(void)
{
    g_autoptr(Session) session = session_live("awaited");

    session_type(session, "r{Enter}");
    session_feed(session, "screen", 0, 1);
    expect(session, UI_NODE, "This node is not there any more");
    session_type(session, "{Esc}");
    expect(session, UI_REQUESTS, "This QEMU does not tell of block requests");
    session_type(session, "{Enter}");
    expect(session, UI_REQUESTS, "No details: nothing is selected");
}

static void test_threads(void)
{
    g_autoptr(Session) session = session_live("awaited");
    Ui *ui = session->ui;

    session_type(session, "T");
    expect(session, UI_THREADS, "CPU 0/TCG");
    expect_selected(session, "thread 4720");
    session_type(session, "{Enter}");
    expect(session, UI_THREADS,
           "No details: this thread is no loop; s shows its stack");
    session_type(session, "s");
    g_assert_cmpint(ui->view, ==, UI_STACK);
    g_assert_cmpint(ui->stack.tid, ==, 4720);
    g_assert_cmpstr(ui->stack.name, ==, "CPU 0/TCG");
    session_type(session, "{Esc}{Down}{Down}{Enter}");
    g_assert_cmpint(ui->view, ==, UI_LOOP);
    g_assert_cmpstr(ui->opened->loop, ==, "iothread0");
    session_type(session, "{Esc}{End}{Enter}");
    expect(session, UI_THREADS, "No details: this is about no thread");
    session_type(session, "s");
    expect(session, UI_THREADS, "No stack: this is about no thread");
    session_type(session, "{Up}");
    expect_selected(session, "rest");
}

/* Findings keep their selection too, when one comes back to them */
static void test_selection_survives_a_detour(void)
{
    g_autoptr(Session) session = session_live("stuck");

    session_type(session, "S{Down}{Down}");
    expect_selected(session, "138");
    session_type(session, "Dr{Esc}{Esc}");
    g_assert_cmpint(session->ui->view, ==, UI_STALLS);
    expect_selected(session, "138");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/awaited/header", test_header);
    g_test_add_func("/awaited/node-opens", test_node_opens);
    g_test_add_func("/awaited/request-opens", test_request_opens);
    g_test_add_func("/awaited/to-requests-and-back", test_to_requests_and_back);
    g_test_add_func("/awaited/nothing-behind", test_nothing_behind);
    g_test_add_func("/awaited/node-is-gone", test_node_is_gone);
    g_test_add_func("/awaited/threads", test_threads);
    g_test_add_func("/awaited/selection-survives-a-detour",
                    test_selection_survives_a_detour);
    return g_test_run();
}
