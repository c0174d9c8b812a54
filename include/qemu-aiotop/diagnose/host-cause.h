/*
 * Whether it is the host: most of its QEMUs are late for one reason
 *
 * A pure function, like the diagnosis of each of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_HOST_CAUSE_H
#define QEMU_AIOTOP_DIAGNOSE_HOST_CAUSE_H

#include <glib.h>
#include <qemu-aiotop/model/host-load.h>
#include <qemu-aiotop/model/verdict.h>

typedef enum AiotopHostCauseId {
    /* The hypervisor under it keeps its CPUs from running */
    AIOTOP_HOST_CAUSE_STEAL,
    /* There are not enough CPUs for all who want one */
    AIOTOP_HOST_CAUSE_CPU,
    AIOTOP_HOST_CAUSE_MEMORY,
    AIOTOP_HOST_CAUSE_IO,
    AIOTOP_N_HOST_CAUSES,
} AiotopHostCauseId;

typedef struct AiotopHostCause {
    AiotopHostCauseId id;
    /* How many are late, or wait, of those that tell */
    unsigned n_affected;
    unsigned n_told;
    /* What was seen, with figures; and what to do: sentences */
    char *evidence;
    const char *next_step;
} AiotopHostCause;

/* "host-cpu", ...: stable, programs read it */
const char *aiotop_host_cause_name(AiotopHostCauseId id);
/* What it means, with its thresholds; one line, without full stop */
const char *aiotop_host_cause_help(AiotopHostCauseId id);

/**
 * aiotop_host_cause_find:
 * @verdicts: of AiotopVerdict
 *
 * Returns the cause, to be freed; NULL if it is none of the host's, or nothing
 * tells.
 */
AiotopHostCause *aiotop_host_cause_find(const GPtrArray *verdicts,
                                        const AiotopHostInterval *load);
/* Accepts NULL */
void aiotop_host_cause_free(AiotopHostCause *cause);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopHostCause, aiotop_host_cause_free)

#endif /* QEMU_AIOTOP_DIAGNOSE_HOST_CAUSE_H */
