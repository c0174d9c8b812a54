/*
 * A check of all QEMUs of this host: each is judged, and the worst one counts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_HOST_CHECK_H
#define QEMU_AIOTOP_DIAGNOSE_HOST_CHECK_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/diagnose/verdict.h>

/* One of them */
typedef struct AiotopVmCheck {
    const AiotopVerdict *verdict;
    AiotopCheckStatus status;
    /* There is a sample of an interval: @result is that of aiotop_check_run() */
    bool measured;
    AiotopCheckResult result;
} AiotopVmCheck;

typedef struct AiotopHostCheck {
    AiotopCheckStatus status;
    /* Of AiotopVmCheck, worst first */
    GArray *vms;
    unsigned n_unprofiled;
} AiotopHostCheck;

/**
 * aiotop_host_check_run:
 * @verdicts: as long-lived as @result
 *
 * Sets @result, to be cleared.  Critical comes before warning, that before
 * unknown.  One that is not profiled is not asked for, so that it makes nothing
 * unknown, as long as another one is.
 */
void aiotop_host_check_run(AiotopHostCheck *result, const GPtrArray *verdicts,
                           const AiotopCheck *check);
void aiotop_host_check_clear(AiotopHostCheck *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AiotopHostCheck, aiotop_host_check_clear)

#endif /* QEMU_AIOTOP_DIAGNOSE_HOST_CHECK_H */
