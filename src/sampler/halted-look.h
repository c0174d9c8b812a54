/*
 * A look whether a process is halted, in a thread of GLib's pool: /proc may
 * not answer, and it takes as long as the process has threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLER_HALTED_LOOK_H
#define AIOTOP_SAMPLER_HALTED_LOOK_H

#include "qemu-aiotop/host/process.h"
#include "qemu-aiotop/model/thread.h"

typedef struct AiotopHaltedLook AiotopHaltedLook;

/* In the thread: the process, to be freed, if it is halted; or NULL */
typedef AiotopProcess *AiotopHaltedFind(const AiotopIdentity *identity);

/* Takes @process; the look is over, and freed */
typedef void AiotopHaltedLookDone(AiotopProcess *process, void *opaque);

/**
 * aiotop_halted_look_begin:
 * @find: aiotop_local_halted
 *
 * Returns at once.  @done is called once, later, in the thread's default main
 * context.
 */
AiotopHaltedLook *aiotop_halted_look_begin(AiotopHaltedFind *find,
                                           const AiotopIdentity *identity,
                                           AiotopHaltedLookDone *done,
                                           void *opaque);

/* done() is not called any more.  Accepts NULL. */
void aiotop_halted_look_cancel(AiotopHaltedLook *look);

#endif /* AIOTOP_SAMPLER_HALTED_LOOK_H */
