/*
 * Sampling where it is not built in: it is refused
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/sampling/sampling.h"

struct AiotopSampling {
    int ref_count;
};

AiotopSampling *aiotop_sampling_new(const AiotopIdentity *process G_GNUC_UNUSED,
                                    unsigned hz G_GNUC_UNUSED,
                                    bool stacks G_GNUC_UNUSED)
{
    AiotopSampling *sampling = g_new0(AiotopSampling, 1);

    sampling->ref_count = 1;
    return sampling;
}

AiotopSampling *aiotop_sampling_ref(AiotopSampling *sampling)
{
    g_atomic_int_inc(&sampling->ref_count);
    return sampling;
}

void aiotop_sampling_unref(AiotopSampling *sampling)
{
    if (sampling && g_atomic_int_dec_and_test(&sampling->ref_count)) {
        g_free(sampling);
    }
}

void aiotop_sampling_complete(AiotopSampling *sampling G_GNUC_UNUSED,
                              AiotopSnapshot *snapshot)
{
    snapshot->sampled.refused = g_ref_string_new(
        "this qemu-aiotop was built without stacks, which need elfutils and"
        " x86-64 or AArch64");
}

void aiotop_sampling_add_stacks(AiotopSampling *sampling,
                                AiotopSnapshot *snapshot)
{
    aiotop_sampling_complete(sampling, snapshot);
}
