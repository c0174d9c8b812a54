/*
 * The tables of what is awaited, and of QEMU's threads
 *
 * Columns like those of loops and sources, of rows that are not chosen by a
 * query: text and the screen show those that are visible, CSV and JSON all.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TABLE_AWAITED_H
#define QEMU_AIOTOP_TABLE_AWAITED_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/table/columns.h>

/* Their rows' items: AiotopNodeSample, AiotopRequest, AiotopPool, ... */
extern const AiotopTable aiotop_node_table;
extern const AiotopTable aiotop_request_table;
extern const AiotopTable aiotop_pool_table;
extern const AiotopTable aiotop_group_table;
extern const AiotopTable aiotop_command_table;
extern const AiotopTable aiotop_writer_table;
/*
 * AiotopThreadSample; NULL for the rest of the process's CPU time, and the
 * sample itself for all of it
 */
extern const AiotopTable aiotop_thread_table;

/* Those that are shown together, NULL-terminated: of requests, of threads */
extern const AiotopTable *const aiotop_awaited_tables[];
extern const AiotopTable *const aiotop_thread_tables[];

/**
 * aiotop_awaited_rows:
 *
 * Returns a GArray of AiotopRow: of nodes those with the oldest requests
 * first, of threads those that took most CPU time, then the rest and the sum;
 * of what else there is in QEMU's order.
 */
GArray *aiotop_awaited_rows(const AiotopTable *table,
                            const AiotopSample *sample);

/*
 * Why the table has no rows, in words for the user; NULL where nothing has to
 * be said
 */
const char *aiotop_awaited_none(const AiotopTable *table,
                                const AiotopSample *sample);

/* QEMU tells of what the table is about; there may be nothing to tell */
bool aiotop_awaited_told(const AiotopTable *table, const AiotopSample *sample);

/*
 * What the rows leave out, as "The oldest 64 of 120"; NULL if they leave out
 * nothing.  The caller frees it.
 */
char *aiotop_awaited_remark(const AiotopTable *table,
                            const AiotopSample *sample);

#endif /* QEMU_AIOTOP_TABLE_AWAITED_H */
