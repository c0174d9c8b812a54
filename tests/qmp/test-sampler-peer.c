/*
 * Whom the sampler looks at from outside, if a profile is to have stacks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <unistd.h>

#include <qemu-aiotop/sampling/sampling.h>

#include "served.h"

/* The linker puts this in place of that of the library */
AiotopSampling *__real_aiotop_sampling_new(const AiotopIdentity *process,
                                           unsigned hz, bool stacks);
AiotopSampling *__wrap_aiotop_sampling_new(const AiotopIdentity *process,
                                           unsigned hz, bool stacks);

static gint n_begun;

AiotopSampling *__wrap_aiotop_sampling_new(const AiotopIdentity *process,
                                           unsigned hz, bool stacks)
{
    g_atomic_int_inc(&n_begun);
    g_assert_cmpint(process->pid, ==, getpid());
    g_assert_cmpuint(hz, ==, 49);
    g_assert_true(stacks);
    return __real_aiotop_sampling_new(process, hz, stacks);
}

static void note_third(Fixture *f, const AiotopSample *sample)
{
    const char *refused = sample->now->sampled.refused;

    g_assert_true(f->pid == (uint64_t)getpid() ||
                  strstr(refused, "not known to be a process of this host"));
    if (f->n_samples == 3) {
        g_main_loop_quit(f->loop);
    }
}

static void test_one_of_its_own(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    n_begun = 0;
    f->sample_hz = 49;
    f->pid = getpid();
    f->on_sample = note_third;
    run(f, false, 10);
    g_assert_cmpint(n_begun, ==, 1);
}

/* Who only passes it on is neither stopped nor read */
static void test_one_of_another(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    n_begun = 0;
    f->sample_hz = 49;
    f->pid = getpid() + 1;
    f->on_sample = note_third;
    run(f, false, 10);
    g_assert_cmpint(n_begun, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/sampler-peer/one-of-its-own", Fixture, NULL, set_up,
               test_one_of_its_own, tear_down);
    g_test_add("/sampler-peer/one-of-another", Fixture, NULL, set_up,
               test_one_of_another, tear_down);
    return g_test_run();
}
