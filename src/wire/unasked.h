/*
 * How much a peer sends that nobody asked for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_WIRE_UNASKED_H
#define AIOTOP_WIRE_UNASKED_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

/* All zero at first */
typedef struct Unasked {
    /* Bytes that came, and of these the ones that were asked for */
    uint64_t received;
    uint64_t asked_for;
    /*
     * Bytes in excess of AIOTOP_QMP_UNASKED_PER_S, when they were counted, and
     * what was counted then
     */
    uint64_t excess;
    int64_t counted_us;
    uint64_t counted;
} Unasked;

/* @pending: bytes that came and are not looked at yet */
bool unasked_is_too_much(Unasked *unasked, gsize pending);

#endif /* AIOTOP_WIRE_UNASKED_H */
