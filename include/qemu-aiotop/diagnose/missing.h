/*
 * What can't be known of a QEMU, and what it would take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_MISSING_H
#define QEMU_AIOTOP_DIAGNOSE_MISSING_H

#include <glib.h>
#include <qemu-aiotop/model/snapshot.h>

/**
 * aiotop_missing_notes:
 *
 * Returns a GPtrArray of strings that say what is missing in @snapshot, and
 * how it can be had; empty if nothing is.
 */
GPtrArray *aiotop_missing_notes(const AiotopSnapshot *snapshot);

/**
 * aiotop_missing_profile:
 * @pid: of the process
 *
 * Returns in a few words why a process is not profiled, and what to do; NULL
 * if there is no reason.  The caller frees it.
 */
char *aiotop_missing_profile(AiotopUnprofiled why, int64_t pid);

/**
 * aiotop_missing_requests:
 * @request_ns: from this age on a request is stuck
 *
 * Returns which requests in flight are not known though they may be as old, as
 * a sentence without full stop; NULL if QEMU tells of none at all, or nothing
 * is missing.  The caller frees it.
 */
char *aiotop_missing_requests(const AiotopSnapshot *snapshot,
                              uint64_t request_ns);

/* Which permission it takes that the kernel tells what it denied */
const char *aiotop_missing_permission(void);

#endif /* QEMU_AIOTOP_DIAGNOSE_MISSING_H */
