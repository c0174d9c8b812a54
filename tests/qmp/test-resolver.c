/*
 * A target that is not found out about, or not soon
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/sampler/sampler.h>

/* A test that hangs fails after this */
#define HANG_S 60

/* What is shared with the threads that look */
static GMutex lock;
static GCond changed;
static bool held;
static unsigned n_begun;
static unsigned n_ended;

typedef struct Fixture {
    GMainLoop *loop;
    guint watchdog;
    AiotopQmpTimeouts timeouts;
    AiotopSampler *sampler;
    void (*on_status)(struct Fixture *f, const AiotopSamplerStatus *status);
} Fixture;

static char *resolve(const char *target, AiotopIdentity *process,
                     GError **error)
{
    bool refuse = g_str_equal(target, "nobody");

    g_mutex_lock(&lock);
    n_begun++;
    g_cond_broadcast(&changed);
    while (held) {
        g_cond_wait(&changed, &lock);
    }
    n_ended++;
    g_cond_broadcast(&changed);
    g_mutex_unlock(&lock);
    if (refuse) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND, "%s is not here", target);
        return NULL;
    }
    process->pid = 4711;
    return g_strdup("unix:/nonexistent/x");
}

static void set_held(bool hold)
{
    g_mutex_lock(&lock);
    held = hold;
    g_cond_broadcast(&changed);
    g_mutex_unlock(&lock);
}

static unsigned count(const unsigned *counter)
{
    unsigned value;

    g_mutex_lock(&lock);
    value = *counter;
    g_mutex_unlock(&lock);
    return value;
}

static void wait_for(const unsigned *counter, unsigned value)
{
    g_mutex_lock(&lock);
    while (*counter < value) {
        g_cond_wait(&changed, &lock);
    }
    g_mutex_unlock(&lock);
}

static void on_sample(AiotopSampler *sampler G_GNUC_UNUSED,
                      AiotopSample *sample, void *opaque G_GNUC_UNUSED)
{
    aiotop_sample_free(sample);
    g_assert_not_reached();
}

static void on_status(AiotopSampler *sampler, void *opaque)
{
    Fixture *f = opaque;

    f->on_status(f, aiotop_sampler_status(sampler));
}

static bool refuse(const AiotopIdentity *process, void *opaque G_GNUC_UNUSED,
                   GError **error)
{
    g_assert_cmpint(process->pid, ==, 4711);
    g_set_error(error, AIOTOP_DISCOVER_ERROR, AIOTOP_DISCOVER_ERROR_AMBIGUOUS,
                "not meant");
    return false;
}

static gboolean on_hang(gpointer opaque G_GNUC_UNUSED)
{
    g_error("the test hangs");
    return G_SOURCE_REMOVE;
}

static void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->loop = g_main_loop_new(NULL, FALSE);
    f->watchdog = g_timeout_add_seconds(HANG_S, on_hang, NULL);
    f->timeouts = aiotop_qmp_timeouts(20);
    n_begun = n_ended = 0;
    set_held(true);
}

static void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    set_held(false);
    wait_for(&n_ended, count(&n_begun));
    aiotop_sampler_free(f->sampler);
    while (g_main_context_iteration(NULL, FALSE)) {
        continue;
    }
    g_source_remove(f->watchdog);
    g_main_loop_unref(f->loop);
}

static void begin(Fixture *f, const char *target, AiotopSamplerAccept *accept)
{
    static const AiotopSamplerHandler handler = {
        .sample = on_sample,
        .status = on_status,
    };
    AiotopSamplerConfig config = {
        .resolve = resolve,
        .target = target,
        .accept = accept,
        .interval_ms = 10,
        .reconnect = true,
        .timeouts = &f->timeouts,
        .handler = &handler,
        .opaque = f,
    };

    f->sampler = aiotop_sampler_new(&config);
}

static void until_it_answers(Fixture *f, const AiotopSamplerStatus *status)
{
    g_assert_cmpint(status->state, ==, AIOTOP_SAMPLER_LOST);
    if (g_error_matches(status->error, AIOTOP_QMP_ERROR,
                        AIOTOP_QMP_ERROR_TIMEOUT)) {
        g_assert_nonnull(g_strrstr(status->error->message, "nobody"));
        g_assert_nonnull(g_strrstr(status->error->message, "0.02 s"));
        /* Nobody looks while somebody does */
        g_assert_cmpuint(count(&n_begun), <=, 1);
        if (status->attempts >= 3 && count(&n_begun)) {
            f->timeouts = aiotop_qmp_timeouts(1000 * HANG_S);
            set_held(false);
        }
        aiotop_sampler_hurry(f->sampler);
    } else {
        g_assert_error(status->error, AIOTOP_DISCOVER_ERROR,
                       AIOTOP_DISCOVER_ERROR_NOT_FOUND);
        g_main_loop_quit(f->loop);
    }
}

/* It is lost after the time-out, and found by a later attempt */
static void test_time_out(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->on_status = until_it_answers;
    begin(f, "nobody", NULL);
    g_main_loop_run(f->loop);
}

static void never(Fixture *f G_GNUC_UNUSED,
                  const AiotopSamplerStatus *status G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

static gboolean quit_once_begun(gpointer opaque)
{
    Fixture *f = opaque;

    if (count(&n_begun)) {
        g_main_loop_quit(f->loop);
    }
    return !count(&n_begun);
}

static void test_freed_meanwhile(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->on_status = never;
    f->timeouts = aiotop_qmp_timeouts(1000 * HANG_S);
    begin(f, "somebody", NULL);
    g_timeout_add(1, quit_once_begun, f);
    g_main_loop_run(f->loop);
    g_clear_pointer(&f->sampler, aiotop_sampler_free);
}

static void expect_refusal(Fixture *f, const AiotopSamplerStatus *status)
{
    g_assert_cmpint(status->state, ==, AIOTOP_SAMPLER_LOST);
    g_assert_error(status->error, AIOTOP_DISCOVER_ERROR,
                   AIOTOP_DISCOVER_ERROR_AMBIGUOUS);
    /* It is not where one connects to */
    g_assert_null(status->address);
    g_main_loop_quit(f->loop);
}

static void test_not_accepted(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->on_status = expect_refusal;
    f->timeouts = aiotop_qmp_timeouts(1000 * HANG_S);
    set_held(false);
    begin(f, "somebody", refuse);
    g_main_loop_run(f->loop);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/resolver/time-out", Fixture, NULL, set_up, test_time_out,
               tear_down);
    g_test_add("/resolver/freed-meanwhile", Fixture, NULL, set_up,
               test_freed_meanwhile, tear_down);
    g_test_add("/resolver/not-accepted", Fixture, NULL, set_up,
               test_not_accepted, tear_down);
    return g_test_run();
}
