/*
 * Files that may not answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include "host/patience.h"

static gint may_end;

static char *read_busily(const char *path G_GNUC_UNUSED, gsize *len)
{
    while (!g_atomic_int_get(&may_end)) {
        continue;
    }
    *len = 4;
    return g_strdup("text");
}

static gpointer let_it_end(gpointer opaque G_GNUC_UNUSED)
{
    g_usleep(200000);
    g_atomic_int_set(&may_end, 1);
    return NULL;
}

/* That the host has no CPU for it says nothing of the file */
static void test_a_reader_that_can_run_is_waited_for(void)
{
    AiotopReading *reading = aiotop_patience_begin("busy", read_busily);
    GThread *thread = g_thread_new("end", let_it_end, NULL);
    bool late = false;
    gsize len = 0;
    g_autofree char *text = aiotop_patience_end(reading, 0, &len, &late);

    g_thread_join(thread);
    g_assert_cmpstr(text, ==, "text");
    g_assert_cmpuint(len, ==, 4);
    g_assert_false(late);
}

static char *sleep_on(const char *path G_GNUC_UNUSED, gsize *len)
{
    while (!g_atomic_int_get(&may_end)) {
        g_usleep(1000);
    }
    *len = 0;
    return g_strdup("");
}

static void test_one_that_sleeps_is_not(void)
{
    bool late = false;
    gsize len;

    g_atomic_int_set(&may_end, 0);
    for (unsigned i = 0; i < 2; i++) {
        AiotopReading *reading = aiotop_patience_begin("sleeps", sleep_on);
        int64_t soon = g_get_monotonic_time() + 50000;

        late = false;
        g_assert_null(aiotop_patience_end(reading, soon, &len, &late));
        g_assert_true(late);
    }
    g_atomic_int_set(&may_end, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/patience/a-reader-that-can-run-is-waited-for",
                    test_a_reader_that_can_run_is_waited_for);
    g_test_add_func("/patience/one-that-sleeps-is-not",
                    test_one_that_sleeps_is_not);
    return g_test_run();
}
