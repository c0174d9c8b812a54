/*
 * What the kernel of the same host knows, added to a snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_COMPLETION_H
#define QEMU_AIOTOP_HOST_COMPLETION_H

#include <qemu-aiotop/model/snapshot.h>

/**
 * aiotop_host_complete:
 * @snapshot: of a process of this host; nobody else has a reference yet
 * @before: an earlier one of it, or NULL
 *
 * Adds what is not on the wire: what /proc says of the loops' threads, and the
 * process's CPU time.  What takes longer to know is not looked up again for a
 * thread that has not been woken since @before.
 */
void aiotop_host_complete(const char *root, AiotopSnapshot *snapshot,
                          const AiotopSnapshot *before);

/*
 * The same for one of many, with what it takes to judge it: of the thread of a
 * loop that goes round, or waits as loops do, no more than how long it waited
 * for a CPU.  All is there of the others, and if there is no @before.
 */
void aiotop_host_complete_briefly(const char *root, AiotopSnapshot *snapshot,
                                  const AiotopSnapshot *before);

#endif /* QEMU_AIOTOP_HOST_COMPLETION_H */
