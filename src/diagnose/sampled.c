/*
 * What a QEMU's figures stand on that is sampled, in words
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/sampled.h"

#include <inttypes.h>

void aiotop_sampled_append(GString *out, const AiotopSample *sample)
{
    static const AiotopSampled nothing;
    const AiotopSampled *now = &sample->now->sampled;
    const AiotopSampled *before =
        sample->before ? &sample->before->sampled : &nothing;

    if (now->hz) {
        g_string_append_printf(
            out,
            "  SAMPLED at %u Hz%s: %" PRIu64 " samples, %" PRIu64
            " lost, %" PRIu64 " that can't be told",
            now->hz, now->user_only ? " outside of the kernel" : "",
            now->samples - before->samples, now->lost - before->lost,
            now->failed - before->failed);
    }
}
