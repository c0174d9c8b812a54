/*
 * The screen with what a peer sends that means no good
 *
 * Whatever it is, each view draws within its frame.  A sanitizer sees more of
 * that than the test itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "session.h"

/* Dispatches in the stack of a loop: as many as a reply may have */
#define DEEP 256

static AiotopSnapshot *parse(const char *text, const AiotopSnapshot *previous)
{
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *snapshot =
        aiotop_snapshot_parse(text, strlen(text), previous, &error);

    g_assert_no_error(error);
    return snapshot;
}

static char *deep_stack(void)
{
    GString *text = g_string_new("{\"time-ns\":2000000000,\"loops\":[{"
                                 "\"name\":\"main-loop\",\"thread-id\":1,"
                                 "\"state\":\"dispatching\","
                                 "\"state-since-ns\":1,\"stack\":[");

    for (unsigned i = 0; i < DEEP; i++) {
        g_string_append(text, i ? ",1" : "1");
    }
    g_string_append(text, "],\"sources\":[{\"id\":1,\"kind\":\"bh\","
                          "\"name\":\"recursive\",\"calls\":1}]}]}");
    return g_string_free(text, FALSE);
}

static void test_deep_stack(void)
{
    g_autoptr(Session) session = session_new();
    g_autofree char *text = deep_stack();

    session_take(session, parse(text, NULL));
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    session_open(session, UI_LOOP);
    session_type(session, "{End}");
    g_assert_cmpint(session->ui->page_lines, >, DEEP);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/screen/hostile/deep-stack", test_deep_stack);
    return g_test_run();
}
