/*
 * Requests in flight that have taken too long, and those that are the cause
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_REQUESTS_H
#define AIOTOP_DIAGNOSE_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#include "qemu-aiotop/model/snapshot.h"

/* Requests of one node at one stage */
typedef struct RequestGroup {
    const AiotopRequest *oldest;
    AiotopStage stage;
    uint64_t age_ns;
    /* How many there are; QEMU lists only the oldest of all */
    unsigned n;
    /* NULL if QEMU does not tell of it */
    const AiotopNode *node;
    /* The guest's device that waits in the end, or NULL */
    const char *device;
    /* A throttle group holds them back that has let others go lately */
    bool is_let_go;
    /*
     * Of RequestGroup: those that wait in their driver for its turn to be over,
     * of its node or of ones above it, the oldest first; or NULL
     */
    const GPtrArray *behind;
} RequestGroup;

/**
 * aiotop_requests_older:
 * @age_ns: at least as old; large ones more, see aiotop_rule_too_old_ns()
 *
 * Returns those that are not merely the parent of another one that is too old,
 * as a GArray of RequestGroup, the oldest first.
 */
GArray *aiotop_requests_older(const AiotopSnapshot *now, uint64_t age_ns);

/* The numbers of those that have a part that is too old for that */
GHashTable *aiotop_requests_parents(const AiotopSnapshot *now, uint64_t age_ns);

/* Whether it waits for another request, or for who drains, and so explains
 * nothing */
bool aiotop_requests_wait_for_others(const RequestGroup *group);

#endif /* AIOTOP_DIAGNOSE_REQUESTS_H */
