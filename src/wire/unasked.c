/*
 * How much a peer sends that nobody asked for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "unasked.h"

#include "qemu-aiotop/wire/framing.h"

bool unasked_is_too_much(Unasked *unasked, gsize pending)
{
    int64_t now_us = g_get_monotonic_time();
    uint64_t allowed = (now_us - unasked->counted_us) *
                       (double)AIOTOP_QMP_UNASKED_PER_S / G_USEC_PER_SEC;
    uint64_t all = unasked->received - unasked->asked_for - pending;

    unasked->excess -= MIN(unasked->excess, allowed);
    unasked->excess += all - unasked->counted;
    unasked->counted = all;
    unasked->counted_us = now_us;
    return unasked->excess > AIOTOP_QMP_UNASKED_MAX;
}
