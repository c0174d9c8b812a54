/*
 * What metrics are written of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_METRICS_H
#define QEMU_AIOTOP_FORMAT_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/format/ledger.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/model/vm.h>

/* What the names of all metrics begin with */
#define AIOTOP_METRIC_PREFIX "qemu_aiotop_"

/* Findings of a VM that have series; a plain number, for a text that names it */
#define AIOTOP_METRICS_FINDINGS 16

/* A VM, as it is known now */
typedef struct AiotopMetricsVm {
    /* As aiotop_label_bound() makes them; no other VM has the same */
    const char *label;
    /* From -name; NULL if it has none */
    const char *name;
    /* Whose process it is; NULL if not known */
    const char *user;
    int64_t pid;
    bool profiled;
    /* Of one that is not up */
    AiotopVmSilence silence;
    /* The profile in @sample is recent: else what it has is not served */
    bool up;
    /* How old @sample is, in nanoseconds; AIOTOP_UNKNOWN if there is none */
    uint64_t age_ns;
    const AiotopSample *sample;
    /* Of @sample; NULL if nothing was booked */
    const AiotopLedger *ledger;
    /* What is the matter, as of @sample; NULL if that is not known, or old */
    const AiotopCheckResult *check;
} AiotopMetricsVm;

/* Who serves it */
typedef struct AiotopMetricsExporter {
    const char *version;
    /* QEMUs that it does not tell of, as there are too many */
    unsigned left_out;
    /* Of its own process; AIOTOP_UNKNOWN */
    uint64_t cpu_ns;
    uint64_t resident_bytes;
    /* How often this was written, and how long that took, before this time */
    uint64_t renderings;
    uint64_t rendering_ns;
} AiotopMetricsExporter;

#endif /* QEMU_AIOTOP_FORMAT_METRICS_H */
