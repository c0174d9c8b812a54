/*
 * Writers: what is awaited, and QEMU's threads
 *
 * What is written is of AIOTOP's tables: aiotop_awaited_tables, or
 * aiotop_thread_tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_AWAITED_H
#define QEMU_AIOTOP_FORMAT_AWAITED_H

#include <glib.h>
#include <qemu-aiotop/table/awaited.h>
#include <qemu-aiotop/text/style.h>

/* One line of whose sample it is, and each of @tables that has rows */
void aiotop_format_text_awaited(GString *out, const AiotopSample *sample,
                                const AiotopTable *const *tables,
                                const AiotopTextStyle *style);

/* One line: a complete JSON object */
void aiotop_format_json_awaited(GString *out, const AiotopSample *sample,
                                const AiotopTable *const *tables);

/* RFC 4180, a record for each row of each of @tables */
void aiotop_format_csv_awaited(GString *out, const AiotopSample *sample,
                               const AiotopTable *const *tables);

/*
 * Members of an object that is being written: a list for each of @tables, null
 * where QEMU does not tell, and what is of none of their rows
 */
void aiotop_format_json_add_awaited(GString *out, const AiotopSample *sample,
                                    const AiotopTable *const *tables);

#endif /* QEMU_AIOTOP_FORMAT_AWAITED_H */
