/*
 * Rows of this host's QEMUs: which are shown, and in which order
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TABLE_VMS_H
#define QEMU_AIOTOP_TABLE_VMS_H

#include <glib.h>
#include <qemu-aiotop/table/query.h>
#include <qemu-aiotop/table/vm-columns.h>

/**
 * aiotop_query_vms:
 * @verdicts: of aiotop_verdicts_new()
 *
 * Returns a GArray of AiotopRow: those that pass the filter, in order, no
 * more than are asked for.
 */
GArray *aiotop_query_vms(const AiotopQuery *query, const GPtrArray *verdicts);

#endif /* QEMU_AIOTOP_TABLE_VMS_H */
