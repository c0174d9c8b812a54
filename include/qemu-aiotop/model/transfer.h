/*
 * A VM whose memory is saved, or whose state comes from elsewhere
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_TRANSFER_H
#define QEMU_AIOTOP_MODEL_TRANSFER_H

#include <stdbool.h>
#include <qemu-aiotop/model/snapshot.h>

/*
 * The thread that sends the guest's memory elsewhere, or saves it while the
 * guest does not run; NULL if none does: then QEMU has a loop do it, or no
 * guest's memory goes anywhere
 */
const AiotopQemuThread *aiotop_transfer_saver(const AiotopSnapshot *snapshot);
/* Whether it migrates the guest, which mostly runs meanwhile */
bool aiotop_transfer_is_live(const AiotopQemuThread *saver);

/* Whether the VM is the target of a migration that is not over */
bool aiotop_transfer_is_incoming(const AiotopSnapshot *snapshot);

/**
 * aiotop_transfer_receiver:
 *
 * Returns what was called last for the state of such a VM to be read; NULL if
 * nothing was since profiling began: nobody has connected, for all that is
 * known.  As long-lived as @snapshot.
 */
const AiotopSource *aiotop_transfer_receiver(const AiotopSnapshot *snapshot);

#endif /* QEMU_AIOTOP_MODEL_TRANSFER_H */
