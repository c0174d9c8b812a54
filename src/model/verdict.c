/*
 * A verdict: its words
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/verdict.h"

static const struct {
    const char *word;
    const char *help;
} words[AIOTOP_N_VERDICTS] = {
    [AIOTOP_VERDICT_STUCK] = { "STUCK", "A loop, a request or the whole "
                                        "process does not go on" },
    [AIOTOP_VERDICT_SILENT] = { "SILENT", "It has not answered by the deadline "
                                          "of the round" },
    [AIOTOP_VERDICT_LOST] = { "LOST", "It is profiled, and there is no "
                                      "connection to it" },
    [AIOTOP_VERDICT_SLOW] = { "SLOW", "It goes on, but the guest may notice" },
    [AIOTOP_VERDICT_WELL] = { "well", "Nothing that the guest would notice" },
    [AIOTOP_VERDICT_NEW] = { "new", "Nothing is known of an interval so far" },
    [AIOTOP_VERDICT_UNPROFILED] = { "unprofiled",
                                    "It is not profiled, and what the host "
                                    "knows shows nothing wrong" },
};

const char *aiotop_verdict_word(AiotopVerdictId id)
{
    return words[id].word;
}

const char *aiotop_verdict_help(AiotopVerdictId id)
{
    return words[id].help;
}

const AiotopSample *aiotop_verdict_sample(const AiotopVerdict *verdict)
{
    const AiotopSample *sample = verdict->vm->sample;

    return sample && !sample->cumulative ? sample : NULL;
}

void aiotop_verdict_free(AiotopVerdict *verdict)
{
    if (verdict) {
        aiotop_vm_unref(verdict->vm);
        g_free(verdict->evidence);
        g_free(verdict);
    }
}
