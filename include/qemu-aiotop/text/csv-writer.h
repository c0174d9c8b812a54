/*
 * Writing CSV, by RFC 4180
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_CSV_WRITER_H
#define QEMU_AIOTOP_TEXT_CSV_WRITER_H

#include <stdint.h>
#include <glib.h>

/* What a record ends with */
#define AIOTOP_CSV_END "\r\n"

/*
 * Appends a field of RFC 4180, escaped as on a terminal, quoted if needed.  A
 * ' comes before what a spreadsheet would take for a formula.
 */
void aiotop_csv_append_field(GString *out, const char *text);

/* Appends a field as JSON's "time", empty if it is 0, and a comma */
void aiotop_csv_append_time(GString *out, int64_t real_time_us);

#endif /* QEMU_AIOTOP_TEXT_CSV_WRITER_H */
