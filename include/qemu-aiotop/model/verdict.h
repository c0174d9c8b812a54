/*
 * A verdict: a QEMU of this host, and what is the matter with it, in short
 *
 * Plain data, of which tables are made; diagnose/verdict.h has the rules.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_VERDICT_H
#define QEMU_AIOTOP_MODEL_VERDICT_H

#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/vm.h>

/* Worst first */
typedef enum AiotopVerdictId {
    /* A loop, a request or all of it does not go on */
    AIOTOP_VERDICT_STUCK,
    /* It has not answered by the deadline */
    AIOTOP_VERDICT_SILENT,
    /* It is profiled, and can't be asked */
    AIOTOP_VERDICT_LOST,
    /* It goes on, but the guest may notice */
    AIOTOP_VERDICT_SLOW,
    /* Only time is wasted, if anything */
    AIOTOP_VERDICT_WELL,
    /* There is no sample of an interval so far */
    AIOTOP_VERDICT_NEW,
    /* It is not profiled, and nothing seems to be wrong */
    AIOTOP_VERDICT_UNPROFILED,
    AIOTOP_N_VERDICTS,
} AiotopVerdictId;

typedef struct AiotopVerdict {
    /* A reference */
    AiotopVm *vm;
    AiotopVerdictId id;
    /* What two rounds in a row have said, by which rows are sorted */
    AiotopVerdictId settled;
    /* Name of the worst finding's class; NULL if there is none */
    const char *class_name;
    /* The loop that it is about, else the busiest; NULL if there is none */
    const AiotopLoopSample *loop;
    /* What was seen, in sentences; NULL if there is nothing to be said */
    char *evidence;
    /* How long that has lasted; AIOTOP_UNKNOWN if not known, or not wrong */
    uint64_t lasting_ns;
    /* Stalls that ended in the last minute; AIOTOP_UNKNOWN */
    uint64_t stalls;
    /* g_get_monotonic_time() of it all */
    int64_t now_us;
} AiotopVerdict;

/* "STUCK", "well", ...: stable, programs read it */
const char *aiotop_verdict_word(AiotopVerdictId id);
/* What it means; one line, without full stop */
const char *aiotop_verdict_help(AiotopVerdictId id);

/* The sample, if it is of an interval; NULL if figures would mislead */
const AiotopSample *aiotop_verdict_sample(const AiotopVerdict *verdict);

/* Accepts NULL */
void aiotop_verdict_free(AiotopVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopVerdict, aiotop_verdict_free)

#endif /* QEMU_AIOTOP_MODEL_VERDICT_H */
