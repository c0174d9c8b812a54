/*
 * Replies of a peer that means no good
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_SCREEN_MADE_HOSTILE_H
#define TESTS_SCREEN_MADE_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>

#include <qemu-aiotop/model/snapshot.h>

/* What there is in a snapshot, and what has gone into it so far */
typedef struct Hostile {
    unsigned n_loops;
    unsigned n_sources;
    unsigned n_stalls;
    unsigned depth;
    /* Instead of all kinds of them; NULL */
    const char *string;
    /* No two sources are the same */
    bool distinct;
    /* Of the loops and sources: the first one */
    unsigned first_id;
    /* Where in the lists of strings and numbers it begins */
    unsigned seed;
} Hostile;

/* What a reply with all that comes to */
AiotopSnapshot *hostile_make(Hostile hostile, uint64_t time_ns,
                             const AiotopSnapshot *previous);

#endif /* TESTS_SCREEN_MADE_HOSTILE_H */
