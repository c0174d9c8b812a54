/*
 * Rows of this host's QEMUs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/vms.h"

GArray *aiotop_query_vms(const AiotopQuery *query, const GPtrArray *verdicts)
{
    const AiotopFilter filter = aiotop_query_filter(query);
    const AiotopOrder order = { query->vm_sort, query->vm_reverse,
                                query->exact };
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(AiotopRow));

    for (unsigned i = 0; i < verdicts->len; i++) {
        AiotopRow row = aiotop_vm_row(verdicts->pdata[i]);

        if (aiotop_filter_passes(&filter, &row)) {
            g_array_append_val(rows, row);
        }
    }
    aiotop_rows_sort(rows, &order);
    if (query->top && rows->len > query->top) {
        g_array_set_size(rows, query->top);
    }
    return rows;
}
