/*
 * The sampler when its connection is lost, or has nothing to say
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "served.h"

static void drop_after_second(Fixture *f, const AiotopSample *sample)
{
    if (f->n_samples == 2) {
        drop_client(f);
    } else if (f->n_samples == 3) {
        /* The interval goes over the gap */
        g_assert_false(sample->cumulative);
        g_assert_cmpuint(sample->interval_ns, ==, 1000);
        g_main_loop_quit(f->loop);
    }
}

static void note_loss(Fixture *f, const AiotopSamplerStatus *status)
{
    /* Told again when the next attempt is under way */
    if (status->state == AIOTOP_SAMPLER_LOST && status->retry_us) {
        g_assert_error(status->error, AIOTOP_QMP_ERROR,
                       AIOTOP_QMP_ERROR_CLOSED);
        g_assert_true(status->retry_us > status->since_us);
        aiotop_sampler_hurry(f->sampler);
    }
}

static void test_lost_connection_is_made_again(Fixture *f,
                                               gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = drop_after_second;
    f->on_status = note_loss;
    run(f, true, 10);
    g_assert_cmpuint(f->n_connections, ==, 2);
    g_assert_null(aiotop_sampler_status(f->sampler)->error);
}

static void drop_after_each(Fixture *f,
                            const AiotopSample *sample G_GNUC_UNUSED)
{
    drop_client(f);
}

/* 250 ms at first, and 4 s at last */
static void note_sixth_loss(Fixture *f, const AiotopSamplerStatus *status)
{
    if (status->state != AIOTOP_SAMPLER_LOST || !status->retry_us) {
        return;
    }
    if (f->n_connections < 6) {
        aiotop_sampler_hurry(f->sampler);
        return;
    }
    g_assert_cmpint(status->retry_us - status->since_us, >, 1000000);
    g_main_loop_quit(f->loop);
}

/* One that answers, and is lost each time, is no better than none */
static void test_tries_become_rare(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = drop_after_each;
    f->on_status = note_sixth_loss;
    run(f, true, 10);
}

static void restart_after_second(Fixture *f, const AiotopSample *sample)
{
    if (f->n_samples == 2) {
        f->pid++;
        f->sequence = 0;
        stop_listening(f);
        drop_client(f);
    } else if (f->n_samples == 3) {
        g_assert_true(sample->restarted);
        g_assert_true(sample->cumulative);
        g_main_loop_quit(f->loop);
    }
}

static void listen_after_two_failures(Fixture *f,
                                      const AiotopSamplerStatus *status)
{
    if (status->state == AIOTOP_SAMPLER_LOST && !f->service) {
        if (status->attempts == 2) {
            g_assert_error(status->error, AIOTOP_QMP_ERROR,
                           AIOTOP_QMP_ERROR_CONNECT);
            listen_again(f);
        }
        aiotop_sampler_hurry(f->sampler);
    }
}

static void test_restart_is_a_new_beginning(Fixture *f,
                                            gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = restart_after_second;
    f->on_status = listen_after_two_failures;
    run(f, true, 10);
}

static void fall_silent(Fixture *f, const AiotopSample *sample G_GNUC_UNUSED)
{
    f->silent = f->n_samples == 2;
    if (f->n_samples == 3) {
        g_main_loop_quit(f->loop);
    }
}

static void answer_late(Fixture *f, const AiotopSamplerStatus *status)
{
    if (status->state == AIOTOP_SAMPLER_STALE) {
        /* Since it was asked for, which is a second ago */
        g_assert_cmpint(g_get_monotonic_time() - status->since_us, >=, 1000000);
        /* The connection is kept; what comes at last is taken */
        f->silent = false;
        answer(f, "{\"execute\":\"query-event-loops\",\"id\":4}");
    }
}

static void test_overdue_answer_is_stale(Fixture *f,
                                         gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = fall_silent;
    f->on_status = answer_late;
    run(f, true, 10);
    g_assert_cmpuint(f->n_connections, ==, 1);
}

static void quit_at_loss(Fixture *f, const AiotopSamplerStatus *status)
{
    if (status->state == AIOTOP_SAMPLER_LOST) {
        g_assert_cmpint(status->retry_us, ==, 0);
        g_main_loop_quit(f->loop);
    }
}

static void test_no_second_try_unless_told(Fixture *f,
                                           gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = drop_after_second;
    f->on_status = quit_at_loss;
    run(f, false, 10);
    g_assert_cmpuint(f->n_connections, ==, 1);
}

static void note_tries(Fixture *f, const AiotopSamplerStatus *status)
{
    if (!f->begun_us) {
        /* Where it connects to is said before it is connected */
        g_assert_cmpint(status->state, ==, AIOTOP_SAMPLER_CONNECTING);
        g_assert_true(g_str_has_suffix(status->address, f->path));
        f->begun_us = status->since_us;
    }
    g_assert_cmpint(status->since_us, ==, f->begun_us);
    if (status->attempts == 3) {
        g_main_loop_quit(f->loop);
    }
}

/* As long as it has never worked, the time runs from the beginning */
static void test_since_the_first_try(Fixture *f,
                                     gconstpointer data G_GNUC_UNUSED)
{
    int64_t before_us = g_get_monotonic_time();

    stop_listening(f);
    f->on_status = note_tries;
    run(f, true, 10);
    g_assert_cmpint(f->begun_us, >=, before_us);
}

static void expect_both(Fixture *f, const AiotopSamplerStatus *status)
{
    if (status->state == AIOTOP_SAMPLER_LOST) {
        g_assert_error(status->error, AIOTOP_QMP_ERROR,
                       AIOTOP_QMP_ERROR_CLOSED);
        g_assert_cmpuint(f->n_samples, ==, 2);
        g_main_loop_quit(f->loop);
    }
}

static void hurry(Fixture *f, const AiotopSample *sample G_GNUC_UNUSED)
{
    aiotop_sampler_hurry(f->sampler);
}

static void test_sample_before_the_end_is_not_lost(
    Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->on_sent = drop_with_second;
    f->on_sample = hurry;
    f->on_status = expect_both;
    run(f, false, 10);
    g_assert_cmpuint(f->n_requests, ==, 2);
}

static void check_loss(Fixture *f, const char *instead, int code)
{
    const AiotopSamplerStatus *status;

    f->instead = instead;
    f->on_sample = no_sample;
    f->on_status = quit_at_loss;
    run(f, false, 10);
    status = aiotop_sampler_status(f->sampler);
    g_assert_error(status->error, AIOTOP_SAMPLER_ERROR, code);
    g_clear_pointer(&f->sampler, aiotop_sampler_free);
}

static void test_errors_end_the_connection(Fixture *f,
                                           gconstpointer data G_GNUC_UNUSED)
{
    check_loss(f, "\"return\":{\"loops\":{}}", AIOTOP_SAMPLER_ERROR_MALFORMED);
    g_assert_cmpuint(f->n_requests, ==, 5);
    check_loss(f,
               "\"error\":{\"class\":\"GenericError\","
               "\"desc\":\"no event-loop profiler\"}",
               AIOTOP_SAMPLER_ERROR_NO_PROFILER);
    check_loss(f, "\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"?\"}",
               AIOTOP_SAMPLER_ERROR_NOT_SUPPORTED);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/sampler-lost/lost-connection-is-made-again",
          test_lost_connection_is_made_again },
        { "/sampler-lost/tries-become-rare", test_tries_become_rare },
        { "/sampler-lost/restart-is-a-new-beginning",
          test_restart_is_a_new_beginning },
        { "/sampler-lost/overdue-answer-is-stale",
          test_overdue_answer_is_stale },
        { "/sampler-lost/no-second-try-unless-told",
          test_no_second_try_unless_told },
        { "/sampler-lost/since-the-first-try", test_since_the_first_try },
        { "/sampler-lost/sample-before-the-end-is-not-lost",
          test_sample_before_the_end_is_not_lost },
        { "/sampler-lost/errors-end-the-connection",
          test_errors_end_the_connection },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].func,
                   tear_down);
    }
    return g_test_run();
}
