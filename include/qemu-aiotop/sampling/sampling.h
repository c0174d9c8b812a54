/*
 * A QEMU without a profiler, sampled from outside: which callbacks its loops
 * spend their time in
 *
 * Needs nothing of QEMU but its code, be it stripped.  A thread of its own
 * looks some fifty times a second where each thread of the process is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_SAMPLING_SAMPLING_H
#define QEMU_AIOTOP_SAMPLING_SAMPLING_H

#include <glib.h>
#include <qemu-aiotop/model/snapshot.h>
#include <qemu-aiotop/model/thread.h>

/* Times a second, unless the user says otherwise: no round number, so that it
 * does not keep step with timers */
#define AIOTOP_SAMPLING_HZ 49
#define AIOTOP_SAMPLING_MAX_HZ 999

typedef struct AiotopSampling AiotopSampling;

/**
 * aiotop_sampling_new:
 * @process: of this host
 * @hz: from 1 to AIOTOP_SAMPLING_MAX_HZ
 * @stacks: snapshots have whole stacks, too
 *
 * Begins; it ends by itself when the process does.  Where that is not
 * permitted, or not built in, snapshots say so.
 */
AiotopSampling *aiotop_sampling_new(const AiotopIdentity *process, unsigned hz,
                                    bool stacks);

AiotopSampling *aiotop_sampling_ref(AiotopSampling *sampling);

/*
 * Ends it with the last one.  Waits for nothing: a look may take as long as the
 * process's memory does.  Accepts NULL.
 */
void aiotop_sampling_unref(AiotopSampling *sampling);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopSampling, aiotop_sampling_unref)

/**
 * aiotop_sampling_complete:
 * @snapshot: a host-only one of the process; nobody else has a reference yet
 *
 * Adds sources, and what the loops spent their time with since sampling began.
 * May be called in any thread, by one at a time.
 */
void aiotop_sampling_complete(AiotopSampling *sampling,
                              AiotopSnapshot *snapshot);

/**
 * aiotop_sampling_add_stacks:
 * @snapshot: that QEMU's profiler has told; nobody else has a reference yet
 *
 * Adds the stacks that its threads were seen with, by its own sources, and
 * changes nothing else.  Waits for nothing.
 */
void aiotop_sampling_add_stacks(AiotopSampling *sampling,
                                AiotopSnapshot *snapshot);

#endif /* QEMU_AIOTOP_SAMPLING_SAMPLING_H */
