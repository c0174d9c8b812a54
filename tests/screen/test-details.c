/*
 * What the details are about: stacks, code, and what is not there any more
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "session.h"
#include "reply-text.h"

static void test_details_of_what_is_beside(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;
    const Track *first, *last;

    session_type(session, "t{Home}{Enter}");
    first = ui->opened;
    session_type(session, "{Left}");
    g_assert_true(ui->opened == first);
    g_assert_true(session_shows(session, "first source in the table"));
    session_type(session, "{Right}");
    g_assert_true(ui->opened != first);
    g_assert_true(ui->opened == ui->sources.selected);
    session_type(session, "p");
    g_assert_true(ui->opened == first);
    /* Over headings, to the end */
    for (unsigned i = 0; i < 100; i++) {
        session_type(session, "n");
        g_assert_nonnull(ui->opened);
    }
    g_assert_true(session_shows(session, "last source in the table"));
    last = ui->opened;
    session_type(session, "{Esc}{End}");
    g_assert_true(ui->sources.selected == last);
    session_type(session, "{Tab}{Home}{Enter}{Right}");
    g_assert_cmpint(ui->view, ==, UI_LOOP);
    g_assert_cmpuint(ui->loops.cursor, ==, 1);
}

static void test_stack(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "{Tab}N{Home}{Enter}s");
    g_assert_cmpint(ui->view, ==, UI_STACK);
    g_assert_cmpuint(ui->wants, ==, UI_WANT_STACK);
    g_assert_cmpint(ui->stack.process.pid, ==, ui->local.pid);
    g_assert_cmpuint(ui->stack.process.start_ticks, ==, ui->local.start_ticks);
    g_assert_cmpint(ui->stack.tid, ==, opened_loop(ui)->now->thread_id);
    g_assert_true(session_shows(session, "reading the stack of thread"));
    ui->wants = 0;
    session_type(session, "ss");
    g_assert_cmpuint(ui->wants, ==, 0);
    session_stack(session, 2);
    g_assert_true(session_shows(session, "fdmon_poll_wait+0x109 at"));
    g_assert_false(session_shows(session, "reading"));
    session_type(session, "?{Esc}");
    g_assert_cmpint(ui->view, ==, UI_STACK);
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_LOOP);
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_MAIN);
}

static void test_stack_of_a_source(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;
    const AiotopSourceSample *source;

    session_type(session, "/vd0{Enter}{Enter}");
    source = opened_source(ui);
    session_type(session, "s");
    g_assert_cmpint(ui->stack.tid, ==,
                    feed_shown(&ui->feed)->loops[source->loop].now->thread_id);
    session_type(session, "{Esc}");
    g_assert_cmpint(ui->view, ==, UI_SOURCE);
}

static void test_stack_too_late(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;
    GPtrArray *old = g_ptr_array_new();
    unsigned number;

    session_type(session, "{Enter}s");
    number = ui->stack.number;
    ui->wants = 0;
    session_type(session, "{Esc}{Esc}{Tab}{End}{Enter}s");
    g_assert_cmpuint(ui->wants, ==, UI_WANT_STACK);
    g_ptr_array_add(old, (gpointer) "of_another_thread");
    ui_take_stack(ui, number, old, NULL);
    ui_take_stack(ui, number, NULL, "of another thread");
    g_assert_true(session_shows(session, "reading the stack"));
    session_stack(session, 1);
    g_assert_true(session_shows(session, "ppoll+0xa6"));
    /* And once more */
    session_type(session, "s");
    g_assert_true(session_shows(session, "reading the stack"));
    ui_take_stack(ui, ui->stack.number, NULL, "why \n not");
    g_assert_true(session_shows(session, "why \\n not"));
}

static void test_no_stack(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "{Enter}");
    ui->local = (AiotopIdentity){ 0 };
    session_type(session, "s");
    g_assert_cmpint(ui->view, ==, UI_SOURCE);
    g_assert_true(session_shows(session, "not known to be a process of this"));
    session_link(session, AIOTOP_SAMPLER_LOST, "QEMU has ended");
    session_type(session, "s");
    g_assert_true(session_shows(session, "not connected to QEMU"));
    g_assert_cmpuint(ui->wants, ==, 0);
}

/* Where QEMU has no name, or only that of a variable */
static void test_code_of_a_nameless_source(void)
{
    static const char json[] =
        "{\"sequence\":1,\"time-ns\":1000000000,\"pid\":1,\"loops\":[{"
        "\"name\":\"main-loop\",\"thread-id\":1,\"sources\":[{\"id\":1,"
        "\"kind\":\"bh\",\"name\":\"(unnamed)\",\"callback\":16,"
        "\"calls\":1,\"busy-ns\":1,\"total-ns\":1}]}]}";
    g_autoptr(Session) session = session_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(AiotopSnapshot) snapshot =
        read_reply(json, strlen(json), NULL, &error);

    g_assert_no_error(error);
    session->ui->local = (AiotopIdentity){ snapshot->pid, 1 };
    ui_take_sample(session->ui, aiotop_sample_new(NULL, snapshot));
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    session_type(session, "{Enter}");
    g_assert_true(session_shows(session, "bh (unnamed)"));
    g_assert_true(session_shows(session, "callback at dir/file.c:123"));
}

/* By samples from outside, below what QEMU has counted */
static void test_functions(void)
{
    static const char json[] =
        "{\"time-ns\":1000000000,\"pid\":1,\"loops\":[{"
        "\"name\":\"main-loop\",\"thread-id\":1,\"sources\":[{\"id\":1,"
        "\"kind\":\"bh\",\"name\":\"one_bh\",\"calls\":1,"
        "\"busy-ns\":1,\"total-ns\":1}]}]}";
    g_autoptr(Session) session = session_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(AiotopSnapshot) snapshot =
        read_reply(json, strlen(json), NULL, &error);

    g_assert_no_error(error);
    snapshot->sampled.hz = 49;
    snapshot->sampled.samples = 8;
    snapshot->n_sampled_stacks = 2;
    snapshot->sampled_stacks = g_new(AiotopSampledStack, 2);
    snapshot->sampled_stacks[0] =
        (AiotopSampledStack){ 1, 1, g_ref_string_new("bh;one_bh;reads;pread"),
                              6, 0, strlen("bh;") };
    snapshot->sampled_stacks[1] =
        (AiotopSampledStack){ 1, 1, g_ref_string_new("bh;one_bh;a\\nb"),
                              2, 2, strlen("bh;") };
    ui_take_sample(session->ui, aiotop_sample_new(NULL, snapshot));
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    g_assert_true(session_shows(session, "SAMPLED at 49 Hz: 8 samples"));
    session_type(session, "{Enter}");
    g_assert_true(session_shows(session, "  SELF%    CPU%  SLEEP%  FUNCTION"));
    g_assert_true(session_shows(session, "    0.0    25.0    75.0  one_bh"));
    g_assert_true(session_shows(session, "    0.0     0.0    75.0  pread"));
    g_assert_true(session_shows(session, "   25.0    25.0     0.0  a\\nb"));
}

/* Nothing was seen of it, or nothing could be */
static void test_no_functions(void)
{
    g_autoptr(Session) session = session_live("odd");
    AiotopSampled *sampled =
        &((AiotopSample *)feed_shown(&session->ui->feed))->now->sampled;

    session_type(session, "{Enter}");
    g_assert_false(session_shows(session, "Functions"));
    sampled->hz = 49;
    g_assert_true(session_shows(session, "no sample in this interval"));
    sampled->refused = g_ref_string_new("why \n not");
    g_assert_true(session_shows(session, "Not sampled: why \\n not"));
}

static char *not_yet(const AiotopIdentity *process G_GNUC_UNUSED,
                     uint64_t callback G_GNUC_UNUSED,
                     void *opaque G_GNUC_UNUSED)
{
    return NULL;
}

/* What was asked for last is shown, and nothing else that comes */
static void test_code_comes_later(void)
{
    g_autoptr(Session) session = session_new();
    Ui *ui = session->ui;
    AiotopIdentity other;

    ui->describe_callback = not_yet;
    session_feed(session, "odd", 0, 1);
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    session_type(session, "/vd0{Enter}{Enter}");
    g_assert_false(session_shows(session, "at dir/file.c"));
    other = ui->local;
    other.start_ticks++;
    ui_take_code(ui, &other, ui->opened->callback, "a at dir/file.c:1");
    ui_take_code(ui, &ui->local, 1, "b at dir/file.c:2");
    g_assert_false(session_shows(session, "at dir/file.c"));
    ui_take_code(ui, &ui->local, ui->opened->callback, "c at dir/file.c:3");
    g_assert_true(session_shows(session, "c at dir/file.c:3"));
}

static void test_loop_ends_in_its_details(void)
{
    g_autoptr(Session) session = session_live("odd");

    session_type(session, "{Tab}{End}{Enter}");
    g_assert_cmpstr(session->ui->opened->loop, ==, "iothread4");
    session_feed(session, "odd", 2, 2);
    g_assert_true(session_shows(session, "This loop is not there any more"));
}

static void test_no_stack_of_an_ended_loop(void)
{
    g_autoptr(Session) session = session_live("odd");
    Ui *ui = session->ui;

    session_type(session, "{Tab}{End}{Enter}");
    g_assert_cmpstr(ui->opened->loop, ==, "iothread4");
    session_feed(session, "odd", 2, 2);
    session_type(session, "s");
    g_assert_cmpint(ui->view, ==, UI_LOOP);
    g_assert_true(
        session_shows(session, "No stack: the loop is not there any more"));
    g_assert_cmpuint(ui->wants, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/details/functions", test_functions);
    g_test_add_func("/details/no-functions", test_no_functions);
    g_test_add_func("/details/details-of-what-is-beside",
                    test_details_of_what_is_beside);
    g_test_add_func("/details/code-of-a-nameless-source",
                    test_code_of_a_nameless_source);
    g_test_add_func("/details/loop-ends-in-its-details",
                    test_loop_ends_in_its_details);
    g_test_add_func("/details/code-comes-later", test_code_comes_later);
    g_test_add_func("/details/stack", test_stack);
    g_test_add_func("/details/stack-of-a-source", test_stack_of_a_source);
    g_test_add_func("/details/stack-too-late", test_stack_too_late);
    g_test_add_func("/details/no-stack", test_no_stack);
    g_test_add_func("/details/no-stack-of-an-ended-loop",
                    test_no_stack_of_an_ended_loop);
    return g_test_run();
}
