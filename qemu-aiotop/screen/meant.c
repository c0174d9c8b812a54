/*
 * The process that a target is the number of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "meant.h"

#include <inttypes.h>
#include <qemu-aiotop/host/target.h>

static bool is_number_of(const char *target, const AiotopIdentity *process)
{
    guint64 number;

    return target && process->pid &&
           g_ascii_string_to_unsigned(target, 10, 1, INT32_MAX, &number,
                                      NULL) &&
           (int64_t)number == process->pid;
}

bool meant_accept(AiotopIdentity *meant, const char *target,
                  const AiotopIdentity *process, GError **error)
{
    if (!meant->pid && is_number_of(target, process)) {
        *meant = *process;
    }
    if (meant->pid && (meant->pid != process->pid ||
                       meant->start_ticks != process->start_ticks)) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND,
                    "process %" PRId64 " has ended, and another QEMU has its"
                    " number: V shows all there are",
                    meant->pid);
        return false;
    }
    return true;
}
