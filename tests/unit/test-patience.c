/*
 * Files that may not answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <time.h>

#include <glib.h>

#include "host/patience.h"

/* Whose all are, but for a stranger's */
#define OWNER 1000
#define STRANGER 1001

static gint may_end;
static GMutex held;

static int64_t cpu_us(void)
{
    struct timespec used;

    g_assert_cmpint(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used), ==, 0);
    return used.tv_sec * G_USEC_PER_SEC + used.tv_nsec / 1000;
}

static char *read_busily(const char *path G_GNUC_UNUSED, gsize *len)
{
    while (cpu_us() < 100000) {
        continue;
    }
    *len = 4;
    return g_strdup("text");
}

static char *read_without_end(const char *path G_GNUC_UNUSED, gsize *len)
{
    while (!g_atomic_int_get(&may_end)) {
        continue;
    }
    *len = 0;
    return g_strdup("");
}

/* That the host has no CPU for it says nothing of the file */
static void test_a_reader_that_can_run_is_waited_for(void)
{
    AiotopPatientReading *reading =
        aiotop_patience_begin(OWNER, "busy", read_busily);
    bool late = false;
    gsize len = 0;
    g_autofree char *text = aiotop_patience_end(reading, 0, &len, &late);

    g_assert_cmpstr(text, ==, "text");
    g_assert_cmpuint(len, ==, 4);
    g_assert_false(late);
}

gboolean __real_g_file_get_contents(const char *name, char **text, gsize *len,
                                    GError **error);
gboolean __wrap_g_file_get_contents(const char *name, char **text, gsize *len,
                                    GError **error);

static bool is_about_to_read;
static gint may_read, has_read;

/* Who is looked at has read meanwhile, and sleeps for the lock of who looks */
gboolean __wrap_g_file_get_contents(const char *name, char **text, gsize *len,
                                    GError **error)
{
    gboolean result = __real_g_file_get_contents(name, text, len, error);

    g_atomic_int_set(&may_read, 1);
    while (is_about_to_read && result &&
           !(g_atomic_int_get(&has_read) && strstr(*text, ") S "))) {
        g_free(*text);
        result = __real_g_file_get_contents(name, text, len, error);
    }
    return result;
}

static char *read_when_looked_at(const char *path G_GNUC_UNUSED, gsize *len)
{
    while (!g_atomic_int_get(&may_read)) {
        g_usleep(1000);
    }
    *len = 4;
    g_atomic_int_set(&has_read, 1);
    return g_strdup("text");
}

static void test_one_that_has_just_read_is_not_late(void)
{
    AiotopPatientReading *reading;
    g_autofree char *text = NULL;
    bool late = false;
    gsize len = 0;

    g_atomic_int_set(&may_read, 0);
    is_about_to_read = true;
    reading = aiotop_patience_begin(OWNER, "just", read_when_looked_at);
    text = aiotop_patience_end(reading, 0, &len, &late);
    is_about_to_read = false;
    g_assert_cmpstr(text, ==, "text");
    g_assert_false(late);
}

/* But that it takes a CPU for itself says something of it */
static void test_a_reader_that_runs_on_is_not(void)
{
    bool late = false;
    gsize len;

    g_atomic_int_set(&may_end, 0);
    g_assert_null(aiotop_patience_end(
        aiotop_patience_begin(OWNER, "endless", read_without_end), 0, &len,
        &late));
    g_assert_true(late);
    g_atomic_int_set(&may_end, 1);
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
        AiotopPatientReading *reading =
            aiotop_patience_begin(OWNER, "sleeps", sleep_on);
        int64_t soon = g_get_monotonic_time() + 50000;

        late = false;
        g_assert_null(aiotop_patience_end(reading, soon, &len, &late));
        g_assert_true(late);
    }
    g_atomic_int_set(&may_end, 1);
}

static int64_t slow_us;

static char *read_slowly(const char *path G_GNUC_UNUSED, gsize *len)
{
    int64_t end_us = g_get_monotonic_time() + slow_us;

    while (g_get_monotonic_time() < end_us) {
        g_usleep(1000);
    }
    *len = 4;
    return g_strdup("text");
}

/*
 * It is asleep most of the time, but for each piece that it reads it takes some
 * CPU, if the host lets it: in one of these times it does
 */
static void test_one_that_gets_on_is_waited_for(void)
{
    bool gets_on = false, late = true;

    for (int64_t us = 200000; us < 10000000 && !gets_on; us *= 2) {
        AiotopPatientReading *reading;
        g_autofree char *text = NULL;
        gsize len;

        slow_us = 2 * us;
        reading = aiotop_patience_begin(OWNER, "slow", read_slowly);
        gets_on = aiotop_patience_wait(reading, us, G_MAXINT64);
        late = false;
        text = aiotop_patience_end(
            reading, g_get_monotonic_time() + G_TIME_SPAN_MINUTE, &len, &late);
        g_assert_cmpstr(text, ==, "text");
    }
    g_assert_true(gets_on);
    g_assert_false(late);
}

static char *sleep_once(const char *path G_GNUC_UNUSED, gsize *len)
{
    g_mutex_lock(&held);
    g_mutex_unlock(&held);
    *len = 0;
    return g_strdup("");
}

/* However long it may take in all; and nobody waits for it once more */
static void test_one_that_does_not_get_on_is_not(void)
{
    bool late = false;
    gsize len;

    g_mutex_lock(&held);
    for (unsigned i = 0; i < 2; i++) {
        AiotopPatientReading *reading =
            aiotop_patience_begin(OWNER, "held", sleep_once);

        late = false;
        g_assert_false(aiotop_patience_wait(reading, 50000, G_MAXINT64));
        g_assert_null(aiotop_patience_end(reading, 0, &len, &late));
        g_assert_true(late);
    }
    g_mutex_unlock(&held);
    g_assert_false(aiotop_patience_wait(NULL, G_MAXINT64, G_MAXINT64));
}

static gint n_begun;

static char *count_and_sleep(const char *path, gsize *len)
{
    g_atomic_int_inc(&n_begun);
    return sleep_on(path, len);
}

/* Who is asked may say each time that it is elsewhere */
static void test_one_reader_waits_for_one_process(void)
{
    bool late = false;
    gsize len;

    g_atomic_int_set(&may_end, 0);
    for (unsigned i = 0; i < 8; i++) {
        g_autofree char *path = g_strdup_printf("7/mem@%u", i);
        AiotopPatientReading *reading =
            aiotop_patience_begin_of(OWNER, "7", path, count_and_sleep);

        late = false;
        g_assert_null(
            aiotop_patience_end(reading, g_get_monotonic_time(), &len, &late));
        g_assert_true(late);
        g_assert_cmpint(!!reading, ==, i == 0);
    }
    g_assert_cmpint(g_atomic_int_get(&n_begun), ==, 1);
    g_atomic_int_set(&may_end, 1);
    /* Once that one is over, others are read */
    while (late) {
        late = false;
        g_free(aiotop_patience_end(
            aiotop_patience_begin_of(OWNER, "7", "7/mem@8", count_and_sleep),
            g_get_monotonic_time() + G_USEC_PER_SEC, &len, &late));
    }
    g_assert_cmpint(g_atomic_int_get(&n_begun), ==, 2);
}

static gint n_now, n_most;

static char *count_at_once(const char *path G_GNUC_UNUSED, gsize *len)
{
    gint n = g_atomic_int_add(&n_now, 1) + 1, most;

    do {
        most = g_atomic_int_get(&n_most);
    } while (n > most && !g_atomic_int_compare_and_exchange(&n_most, most, n));
    g_usleep(20000);
    g_atomic_int_add(&n_now, -1);
    *len = 0;
    return g_strdup("");
}

static void test_many_take_turns(void)
{
    AiotopPatientReading *readings[300];
    gsize len;

    for (unsigned i = 0; i < G_N_ELEMENTS(readings); i++) {
        g_autofree char *path = g_strdup_printf("turn%u", i);

        readings[i] = aiotop_patience_begin(OWNER, path, count_at_once);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(readings); i++) {
        int64_t end_us = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
        bool late = false;

        g_free(aiotop_patience_end(readings[i], end_us, &len, &late));
        g_assert_cmpint(late, ==, !readings[i]);
    }
    /* Where the machine is busy they are more than at once */
    g_assert_cmpint(n_most, >, 0);
    g_assert_cmpint(n_most, <=, 48);
}

/* Anybody may have a process that never answers, and as many as he likes */
static void test_many_that_do_not_answer(void)
{
    AiotopPatientReading *readings[100], *honest;
    bool late = false;
    unsigned n = 0;
    gsize len;

    g_atomic_int_set(&may_end, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(readings); i++) {
        g_autofree char *path = g_strdup_printf("hostile%u", i);

        readings[i] = aiotop_patience_begin(OWNER, path, sleep_on);
        n += readings[i] != NULL;
    }
    g_assert_cmpuint(n, >=, 16);
    g_assert_cmpuint(n, <, 64);
    /* And takes no reader from anybody else */
    honest = aiotop_patience_begin(STRANGER, "stranger", count_at_once);
    g_assert_nonnull(honest);
    g_free(aiotop_patience_end(honest, INT64_MAX, &len, &late));
    g_assert_false(late);
    g_atomic_int_set(&may_end, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(readings); i++) {
        int64_t end_us = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

        late = false;
        g_free(aiotop_patience_end(readings[i], end_us, &len, &late));
        g_assert_cmpint(late, ==, !readings[i]);
    }
    /* Then there is room again */
    readings[0] = aiotop_patience_begin(OWNER, "honest", count_at_once);
    g_assert_nonnull(readings[0]);
    g_free(aiotop_patience_end(readings[0], INT64_MAX, &len, &(bool){ 0 }));
}

/* Who may begin containers has users by the thousand */
static void test_many_users_of_one(void)
{
    AiotopPatientReading *readings[100], *honest;
    bool late = false;
    unsigned n = 0;
    gsize len;

    g_atomic_int_set(&may_end, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(readings); i++) {
        g_autofree char *path = g_strdup_printf("contained%u", i);

        readings[i] = aiotop_patience_begin(100000 + i, path, sleep_on);
        n += readings[i] != NULL;
    }
    g_assert_cmpuint(n, <, 64);
    honest = aiotop_patience_begin(STRANGER, "uncontained", count_at_once);
    g_assert_nonnull(honest);
    g_free(aiotop_patience_end(honest, INT64_MAX, &len, &late));
    g_assert_false(late);
    g_atomic_int_set(&may_end, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(readings); i++) {
        g_free(aiotop_patience_end(readings[i], INT64_MAX, &len, &late));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/patience/a-reader-that-can-run-is-waited-for",
                    test_a_reader_that_can_run_is_waited_for);
    g_test_add_func("/patience/one-that-has-just-read-is-not-late",
                    test_one_that_has_just_read_is_not_late);
    g_test_add_func("/patience/a-reader-that-runs-on-is-not",
                    test_a_reader_that_runs_on_is_not);
    g_test_add_func("/patience/one-that-sleeps-is-not",
                    test_one_that_sleeps_is_not);
    g_test_add_func("/patience/one-that-gets-on-is-waited-for",
                    test_one_that_gets_on_is_waited_for);
    g_test_add_func("/patience/one-that-does-not-get-on-is-not",
                    test_one_that_does_not_get_on_is_not);
    g_test_add_func("/patience/one-reader-waits-for-one-process",
                    test_one_reader_waits_for_one_process);
    g_test_add_func("/patience/many-take-turns", test_many_take_turns);
    g_test_add_func("/patience/many-that-do-not-answer",
                    test_many_that_do_not_answer);
    g_test_add_func("/patience/many-users-of-one", test_many_users_of_one);
    return g_test_run();
}
