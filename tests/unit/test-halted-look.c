/*
 * Whether a process is halted is looked at without those who wait
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <unistd.h>

#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/sampler/sampler.h>

#include "sampler/local.h"

/* The linker puts this in place of the library's */
AiotopProcess *__wrap_aiotop_local_halted(const AiotopIdentity *identity);

static GThread *main_thread;
static gint n_begun;
static gint n_looks;
/* What a look finds; and it does not come back before it may */
static bool is_halted;
static gint may_end;

AiotopProcess *__wrap_aiotop_local_halted(const AiotopIdentity *identity)
{
    AiotopProcess *process = NULL;

    g_assert_true(g_thread_self() != main_thread);
    g_assert_cmpint(identity->pid, ==, getpid());
    g_atomic_int_inc(&n_begun);
    while (!g_atomic_int_get(&may_end)) {
        g_usleep(1000);
    }
    if (is_halted) {
        process = aiotop_process_unreadable(identity->pid, "qemu-nbd");
        process->start_ticks = identity->start_ticks;
    }
    g_atomic_int_inc(&n_looks);
    return process;
}

static char *resolve(const char *target, AiotopIdentity *process,
                     GError **error G_GNUC_UNUSED)
{
    *process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    return g_strdup(target);
}

static bool is_lost;
static unsigned n_samples;

static void on_sample(AiotopSampler *sampler G_GNUC_UNUSED,
                      AiotopSample *sample, void *opaque G_GNUC_UNUSED)
{
    g_assert_true(sample->now->host_only);
    aiotop_sample_free(sample);
    n_samples++;
}

static void on_status(AiotopSampler *sampler, void *opaque G_GNUC_UNUSED)
{
    is_lost = aiotop_sampler_status(sampler)->state == AIOTOP_SAMPLER_LOST;
}

static AiotopSampler *start(void)
{
    static const AiotopQmpTimeouts timeouts = { 60000, 60000, 60000 };
    static const AiotopSamplerHandler handler = { on_sample, on_status };
    const AiotopSamplerConfig config = {
        .resolve = resolve,
        .target = "unix:/nonexistent/socket",
        .interval_ms = 60000,
        .timeouts = &timeouts,
        .looks_at_halted = true,
        .handler = &handler,
    };

    g_atomic_int_set(&n_looks, 0);
    n_samples = 0;
    is_lost = false;
    return aiotop_sampler_new(&config);
}

/* Before the connection is made, and once more when it can't be */
static void test_a_process_that_goes_on(void)
{
    AiotopSampler *sampler;

    is_halted = false;
    may_end = 1;
    sampler = start();
    while (!is_lost) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpint(n_looks, ==, 2);
    g_assert_nonnull(aiotop_sampler_status(sampler)->error);
    aiotop_sampler_free(sampler);
}

static void test_a_process_that_is_halted(void)
{
    AiotopSampler *sampler;

    is_halted = true;
    may_end = 1;
    sampler = start();
    while (!n_samples) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpint(n_looks, ==, 1);
    g_assert_false(is_lost);
    aiotop_sampler_free(sampler);
}

/* Nothing comes of a look that nobody waits for any more */
static void test_freed_meanwhile(void)
{
    AiotopSampler *sampler;

    is_halted = true;
    g_atomic_int_set(&may_end, 0);
    g_atomic_int_set(&n_begun, 0);
    sampler = start();
    while (!g_atomic_int_get(&n_begun)) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    /* Which begins no second one */
    aiotop_sampler_hurry(sampler);
    aiotop_sampler_free(sampler);
    g_atomic_int_set(&may_end, 1);
    while (!g_atomic_int_get(&n_looks)) {
        g_usleep(1000);
    }
    sampler = start();
    while (!n_samples) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpuint(n_samples, ==, 1);
    g_assert_cmpint(g_atomic_int_get(&n_begun), ==, 2);
    aiotop_sampler_free(sampler);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    main_thread = g_thread_self();
    g_test_add_func("/halted-look/goes-on", test_a_process_that_goes_on);
    g_test_add_func("/halted-look/halted", test_a_process_that_is_halted);
    g_test_add_func("/halted-look/freed-meanwhile", test_freed_meanwhile);
    return g_test_run();
}
