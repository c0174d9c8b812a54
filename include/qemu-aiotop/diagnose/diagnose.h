/*
 * Diagnosis: what is the matter with a QEMU, in plain words
 *
 * A pure function of a sample: no clock, no input, no output.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_DIAGNOSE_H
#define QEMU_AIOTOP_DIAGNOSE_DIAGNOSE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/finding.h>
#include <qemu-aiotop/model/sample.h>

typedef struct AiotopDiagnoseOptions {
    /* Stall threshold; 0 for QEMU's own */
    uint64_t stall_ns;
    /* From this age on a request is stuck; 0 for AIOTOP_RULE_REQUEST_S */
    uint64_t request_ns;
    /*
     * How far to look back for stalls that are over; 0 for
     * AIOTOP_RULE_STALL_WINDOW_S.  Never less than the interval.
     */
    uint64_t window_ns;
    AiotopSurface surface;
} AiotopDiagnoseOptions;

/*
 * Whether the sample will do: it is of an interval, or of a process that is
 * halted, of which one look tells all
 */
bool aiotop_diagnose_can(const AiotopSample *sample);

/**
 * aiotop_diagnose:
 * @sample: of an interval, of a second or so
 *
 * Returns a GPtrArray of AiotopFinding, worst first, at least one.  The last
 * reference to it frees them.
 */
GPtrArray *aiotop_diagnose(const AiotopSample *sample,
                           const AiotopDiagnoseOptions *options);

#endif /* QEMU_AIOTOP_DIAGNOSE_DIAGNOSE_H */
