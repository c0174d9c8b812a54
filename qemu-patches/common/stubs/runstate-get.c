/*
 * There is no machine, and no state that it could be in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "system/runstate.h"

RunState runstate_get(void)
{
    return RUN_STATE__MAX;
}
