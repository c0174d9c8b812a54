/*
 * Whose turn it is to look at a process: one is not begun while a former one is
 * stuck there
 *
 * What a former one is stuck with would be the end of the next one, too, with
 * all that it has open.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_TURN_H
#define AIOTOP_SAMPLING_TURN_H

#include <stdbool.h>

#include "qemu-aiotop/model/thread.h"

typedef struct AiotopTurn {
    AiotopIdentity process;
    /* Atomic: those who want it; one that has none, and goes on, is stuck */
    int n_users;
} AiotopTurn;

/**
 * aiotop_turn_take:
 * @turn: stays where it is until aiotop_turn_end()
 *
 * Waits in the thread that is to look, until no other one is stuck with the same
 * process.  Returns false if nobody wants it any more; it is to be ended then,
 * too.
 */
bool aiotop_turn_take(AiotopTurn *turn);
void aiotop_turn_end(AiotopTurn *turn);

/* To be called, in any thread, when the last user of one has gone */
void aiotop_turn_wake(void);

#endif /* AIOTOP_SAMPLING_TURN_H */
