/*
 * The sampler against a QMP server in the same thread
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <unistd.h>

#include <qemu-aiotop/host/procfs.h>

#include "served.h"

static void first_then_interval(Fixture *f, const AiotopSample *sample)
{
    g_assert_cmpint(aiotop_sampler_status(f->sampler)->state, ==,
                    AIOTOP_SAMPLER_LIVE);
    g_assert_true(sample->cumulative == (f->n_samples == 1));
    g_assert_false(sample->restarted);
    g_assert_true(sample->real_time_us > 0);
    g_assert_cmpuint(sample->now->sequence, ==, f->n_samples);
    g_assert_cmpuint(sample->n_sources, ==, N_SOURCES);
    if (sample->before) {
        g_assert_cmpuint(sample->before->sequence, ==, f->n_samples - 1);
        g_assert_true(sample->sources[0].now == sample->sources[0].before);
        g_assert_cmpuint(sample->sources[1].calls, ==, 1);
    }
    if (f->n_samples == 3) {
        g_main_loop_quit(f->loop);
    }
}

static void test_samples(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = first_then_interval;
    run(f, false, 10);
    g_assert_cmpuint(f->n_connections, ==, 1);
}

static void forget_one(Fixture *f, const AiotopSample *sample)
{
    if (f->n_samples == 1) {
        g_assert_cmpuint(sample->n_sources, ==, N_SOURCES);
        f->n_forgotten = 1;
    }
    if (sample->n_sources < N_SOURCES) {
        g_assert_cmpuint(sample->n_sources, ==, N_SOURCES - 1);
        g_assert_cmpuint(f->n_full, ==, 2);
        g_main_loop_quit(f->loop);
    }
}

static void test_what_is_forgotten_goes(Fixture *f,
                                        gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = forget_one;
    run(f, false, 10);
    /* All sources are not asked for more often than is good */
    g_assert_cmpuint(f->n_requests, ==, 61);
}

#define INCOMING(n)                                                            \
    "\"return\":{\"sequence\":" #n ",\"time-ns\":" #n "000,"                   \
    "\"pid\":1000000000,\"profiling-since-ns\":1,"                             \
    "\"run-state\":\"inmigrate\",\"loops\":[],\"threads\":["                   \
    "{\"thread-id\":5,\"name\":\"t\",\"cpu-ns\":7}]}"

static void expect_idle_thread(Fixture *f, const AiotopSample *sample)
{
    if (f->n_samples == 1) {
        f->instead = INCOMING(2);
        return;
    }
    g_assert_cmpuint(sample->now->threads[0].idle_since_ns, ==, 1000);
    g_assert_cmpuint(f->n_loops_only, ==, 1);
    g_main_loop_quit(f->loop);
}

/* What tells that a transfer does not go on is known without all sources */
static void test_transfer_is_seen_without_sources(
    Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->loops_only = true;
    f->instead = INCOMING(1);
    f->on_sample = expect_idle_thread;
    run(f, false, 10);
}

#define OLD_REQUEST(n)                                                         \
    "\"return\":{\"sequence\":" #n ",\"time-ns\":" #n "000000000,"             \
    "\"pid\":1000000000,\"profiling-since-ns\":1,\"loops\":[],\"requests\":["  \
    "{\"id\":1,\"node\":\"n\",\"type\":\"read\",\"stage\":\"driver\","         \
    "\"since-ns\":1000000000}]}"

/* At 4 s it is 3 s old, at 5 s it is 4 s old */
static void expect_sources(Fixture *f, const AiotopSample *sample)
{
    static const char *const answers[] = { NULL, OLD_REQUEST(5),
                                           OLD_REQUEST(6) };

    g_assert_cmpuint(sample->now->awaited.n_requests, ==, 1);
    if (f->n_samples == 3) {
        g_assert_cmpuint(f->n_loops_only, ==, 2);
        g_main_loop_quit(f->loop);
        return;
    }
    f->instead = answers[f->n_samples];
}

/* Whose fault it is that a request is old is in the sources */
static void test_old_request_asks_for_sources(Fixture *f,
                                              gconstpointer data G_GNUC_UNUSED)
{
    f->loops_only = true;
    f->instead = OLD_REQUEST(4);
    f->on_sample = expect_sources;
    run(f, false, 10);
}

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

static void no_sample(Fixture *f G_GNUC_UNUSED,
                      const AiotopSample *sample G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

static void free_sampler(Fixture *f, const AiotopSample *sample G_GNUC_UNUSED)
{
    g_clear_pointer(&f->sampler, aiotop_sampler_free);
    g_main_loop_quit(f->loop);
}

static void test_freed_in_sample_callback(Fixture *f,
                                          gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = free_sampler;
    run(f, true, 10);
}

static void drop_with_second(Fixture *f)
{
    if (f->n_samples == 1) {
        drop_client(f);
    }
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

static void free_with_second(Fixture *f, const AiotopSample *sample)
{
    if (f->n_samples == 2) {
        free_sampler(f, sample);
    }
}

static void test_freed_in_sample_before_the_end(
    Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->on_sent = drop_with_second;
    f->on_sample = free_with_second;
    run(f, true, 10);
}

static gboolean on_free_due(gpointer opaque)
{
    free_sampler(opaque, NULL);
    return G_SOURCE_REMOVE;
}

/* After the client took the reply, and before it is given the sample */
static void free_before_second(Fixture *f)
{
    if (f->n_samples == 1) {
        g_idle_add(on_free_due, f);
    }
}

static void expect_first(Fixture *f, const AiotopSample *sample G_GNUC_UNUSED)
{
    g_assert_cmpuint(f->n_samples, ==, 1);
}

static void test_freed_while_reply_is_read(Fixture *f,
                                           gconstpointer data G_GNUC_UNUSED)
{
    f->on_sent = free_before_second;
    f->on_sample = expect_first;
    for (unsigned i = 0; i < 20; i++) {
        f->n_samples = 0;
        run(f, true, 10);
        g_assert_null(f->sampler);
    }
}

static void begin_malformed(Fixture *f, const AiotopSample *sample)
{
    if (f->n_samples == 1) {
        f->instead = "\"return\":{\"loops\":{}}";
    } else {
        /* All sources were asked for anew; the interval goes over the gap */
        g_assert_false(sample->cumulative);
        g_assert_cmpuint(sample->before->sequence, ==, 1);
        g_assert_cmpuint(sample->now->sequence, ==, 3);
        g_assert_true(sample->sources[0].now != sample->sources[0].before);
        g_main_loop_quit(f->loop);
    }
}

static void end_malformed(Fixture *f, const AiotopSamplerStatus *status)
{
    if (status->malformed == 1) {
        g_assert_cmpint(status->state, ==, AIOTOP_SAMPLER_LIVE);
        f->instead = NULL;
    }
}

static void test_malformed_reply_costs_itself(Fixture *f,
                                              gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = begin_malformed;
    f->on_status = end_malformed;
    run(f, false, 10);
    g_assert_cmpuint(aiotop_sampler_status(f->sampler)->malformed, ==, 1);
    g_assert_cmpuint(f->n_connections, ==, 1);
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

static void free_at_status(Fixture *f,
                           const AiotopSamplerStatus *status G_GNUC_UNUSED)
{
    free_sampler(f, NULL);
}

static void test_freed_in_status_callback(Fixture *f,
                                          gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = no_sample;
    f->on_status = free_at_status;
    run(f, true, 10);

    /* The same when there is nothing to connect to */
    stop_listening(f);
    run(f, true, 10);
}

static void change_interval(Fixture *f,
                            const AiotopSample *sample G_GNUC_UNUSED)
{
    if (f->n_samples == 1) {
        aiotop_sampler_set_interval(f->sampler, 10);
    } else if (f->n_samples == 2) {
        aiotop_sampler_set_interval(f->sampler, 3600 * 1000);
        aiotop_sampler_hurry(f->sampler);
    } else {
        g_main_loop_quit(f->loop);
    }
}

static void test_interval_takes_effect_at_once(Fixture *f,
                                               gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = change_interval;
    run(f, false, 3600 * 1000);
}

static void check_local(Fixture *f, const AiotopSample *sample G_GNUC_UNUSED)
{
    AiotopIdentity local = aiotop_sampler_local(f->sampler);

    if (f->n_samples == 1) {
        g_assert_cmpint(local.pid, ==, 0);
        f->pid = getpid();
    } else {
        AiotopIdentity ours =
            aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());

        g_assert_cmpint(local.pid, ==, getpid());
        g_assert_cmpuint(local.start_ticks, ==, ours.start_ticks);
        drop_client(f);
    }
}

/* Whoever has its number when it is gone */
static void no_local_when_lost(Fixture *f, const AiotopSamplerStatus *status)
{
    if (status->state == AIOTOP_SAMPLER_LOST) {
        g_assert_cmpint(aiotop_sampler_local(f->sampler).pid, ==, 0);
        g_main_loop_quit(f->loop);
    }
}

static void test_process_is_local_if_peer_and_reply_agree(
    Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->on_sample = check_local;
    f->on_status = no_local_when_lost;
    run(f, false, 10);
    g_assert_cmpuint(f->n_samples, ==, 2);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/sampler/samples", test_samples },
        { "/sampler/transfer-is-seen-without-sources",
          test_transfer_is_seen_without_sources },
        { "/sampler/old-request-asks-for-sources",
          test_old_request_asks_for_sources },
        { "/sampler/lost-connection-is-made-again",
          test_lost_connection_is_made_again },
        { "/sampler/tries-become-rare", test_tries_become_rare },
        { "/sampler/restart-is-a-new-beginning",
          test_restart_is_a_new_beginning },
        { "/sampler/overdue-answer-is-stale", test_overdue_answer_is_stale },
        { "/sampler/no-second-try-unless-told",
          test_no_second_try_unless_told },
        { "/sampler/since-the-first-try", test_since_the_first_try },
        { "/sampler/what-is-forgotten-goes", test_what_is_forgotten_goes },
        { "/sampler/freed-in-sample-callback", test_freed_in_sample_callback },
        { "/sampler/freed-in-status-callback", test_freed_in_status_callback },
        { "/sampler/sample-before-the-end-is-not-lost",
          test_sample_before_the_end_is_not_lost },
        { "/sampler/freed-in-sample-before-the-end",
          test_freed_in_sample_before_the_end },
        { "/sampler/freed-while-reply-is-read",
          test_freed_while_reply_is_read },
        { "/sampler/malformed-reply-costs-itself",
          test_malformed_reply_costs_itself },
        { "/sampler/errors-end-the-connection",
          test_errors_end_the_connection },
        { "/sampler/interval-takes-effect-at-once",
          test_interval_takes_effect_at_once },
        { "/sampler/process-is-local-if-peer-and-reply-agree",
          test_process_is_local_if_peer_and_reply_agree },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].func,
                   tear_down);
    }
    return g_test_run();
}
