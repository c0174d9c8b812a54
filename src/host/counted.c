/*
 * Whom what a process takes is counted against
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "counted.h"

#include <glib.h>
#include <unistd.h>

uint32_t aiotop_counted_as(uint32_t uid)
{
    return uid == getuid() ? uid : MIN(uid, AIOTOP_NOBODY);
}
