/*
 * What a QEMU's figures stand on that is sampled, in words
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/sampled.h"

#include <inttypes.h>

#include "qemu-aiotop/text/figure.h"

/* Sampling may have begun anew meanwhile */
static uint64_t since(uint64_t now, uint64_t before)
{
    return now < before ? now : now - before;
}

void aiotop_sampled_append(GString *out, const AiotopSample *sample)
{
    static const AiotopSampled nothing;
    const AiotopSampled *now = &sample->now->sampled;
    const AiotopSampled *before =
        sample->before ? &sample->before->sampled : &nothing;
    char behind[AIOTOP_TEXT_NUMBER];

    if (now->hz) {
        aiotop_text_time(behind, now->behind_ns);
        g_string_append_printf(
            out,
            "  SAMPLED at %u Hz%s: %" PRIu64 " samples, %" PRIu64
            " lost, %" PRIu64 " that can't be told, %s behind",
            now->hz, now->user_only ? " outside of the kernel" : "",
            since(now->samples, before->samples),
            since(now->lost, before->lost), since(now->failed, before->failed),
            behind);
    }
}
