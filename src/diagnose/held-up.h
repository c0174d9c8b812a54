/*
 * Requests that are to end in a loop which does not go round
 *
 * Whether their storage is at fault can't be known then, so that nothing is
 * said against it: they stand in the finding about the loop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_HELD_UP_H
#define AIOTOP_DIAGNOSE_HELD_UP_H

#include "diagnosis.h"
#include "requests.h"

/**
 * aiotop_held_up_note:
 * @finding: about @group; remembered if a loop holds its requests up
 * @nodes: names of their node, and of those that they are a part of
 */
void aiotop_held_up_note(Diagnosis *d, AiotopFinding *finding,
                         const RequestGroup *group, GHashTable *nodes);

/*
 * Once all that is stuck is found, and before what is only told of where no
 * request is: makes each finding that was remembered a sentence of the one
 * about the loop, if there is one
 */
void aiotop_held_up_fold(Diagnosis *d);

#endif /* AIOTOP_DIAGNOSE_HELD_UP_H */
