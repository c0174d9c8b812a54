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

/* At 900 s it is 899 s old, at 1000 s it is 999 s old */
static void expect_sources(Fixture *f, const AiotopSample *sample)
{
    static const char *const answers[] = { NULL, OLD_REQUEST(1000),
                                           OLD_REQUEST(1001) };

    g_assert_cmpuint(sample->now->awaited.n_requests, ==, 1);
    if (f->n_samples == 3) {
        g_assert_cmpuint(f->n_loops_only, ==, 2);
        g_main_loop_quit(f->loop);
        return;
    }
    f->instead = answers[f->n_samples];
}

/*
 * Whose fault it is that a request is old is in the sources: they are asked for
 * a second before it is, for as long as it takes to answer
 */
static void test_old_request_asks_for_sources(Fixture *f,
                                              gconstpointer data G_GNUC_UNUSED)
{
    f->loops_only = true;
    f->request_ns = 1000 * UINT64_C(1000000000);
    f->instead = OLD_REQUEST(900);
    f->on_sample = expect_sources;
    run(f, false, 10);
}

static void quit_at_second(Fixture *f, const AiotopSample *sample G_GNUC_UNUSED)
{
    if (f->n_samples == 2) {
        g_main_loop_quit(f->loop);
    }
}

/* One may begin, and be too old, from one snapshot to the next */
static void test_young_request_asks_for_sources(
    Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->loops_only = true;
    f->request_ns = UINT64_C(1000000000);
    f->on_sample = quit_at_second;
    run(f, false, 10);
    g_assert_cmpuint(f->n_loops_only, ==, 1);
}

/* Nobody wants to know */
static void test_no_request_asks_for_sources(Fixture *f,
                                             gconstpointer data G_GNUC_UNUSED)
{
    f->loops_only = true;
    f->instead = OLD_REQUEST(1000);
    f->on_sample = quit_at_second;
    run(f, false, 10);
    g_assert_cmpuint(f->n_loops_only, ==, 2);
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
        { "/sampler/young-request-asks-for-sources",
          test_young_request_asks_for_sources },
        { "/sampler/no-request-asks-for-sources",
          test_no_request_asks_for_sources },
        { "/sampler/what-is-forgotten-goes", test_what_is_forgotten_goes },
        { "/sampler/freed-in-sample-callback", test_freed_in_sample_callback },
        { "/sampler/freed-in-status-callback", test_freed_in_status_callback },
        { "/sampler/freed-in-sample-before-the-end",
          test_freed_in_sample_before_the_end },
        { "/sampler/freed-while-reply-is-read",
          test_freed_while_reply_is_read },
        { "/sampler/malformed-reply-costs-itself",
          test_malformed_reply_costs_itself },
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
