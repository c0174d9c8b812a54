/*
 * Verdicts: the QEMUs of this host, each judged
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_VERDICT_H
#define QEMU_AIOTOP_DIAGNOSE_VERDICT_H

#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/model/verdict.h>

/**
 * aiotop_verdicts_new:
 * @vms: of AiotopVm, as the host sampler has them
 * @before: of the round before, or NULL
 * @now_us: g_get_monotonic_time()
 * @options: for what is diagnosed of each
 *
 * Returns a GPtrArray of AiotopVerdict, one for each of @vms and in their
 * order, which frees its elements.
 */
GPtrArray *aiotop_verdicts_new(const GPtrArray *vms, const GPtrArray *before,
                               int64_t now_us,
                               const AiotopDiagnoseOptions *options);

/* How many of @verdicts, of AiotopVerdict, are @id */
unsigned aiotop_verdicts_count(const GPtrArray *verdicts, AiotopVerdictId id);

#endif /* QEMU_AIOTOP_DIAGNOSE_VERDICT_H */
