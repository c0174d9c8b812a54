/*
 * Writers: the log of stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_STALLS_H
#define QEMU_AIOTOP_FORMAT_STALLS_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>

/* The log of stalls, oldest first */
void aiotop_format_text_stalls(GString *out, const AiotopSample *sample,
                               bool ascii);
void aiotop_format_json_stalls(GString *out, const AiotopSample *sample);
void aiotop_format_csv_stalls(GString *out, const AiotopSample *sample);

/* Members of an object that is being written: "stall_count" and "stalls" */
void aiotop_format_json_add_stalls(GString *out, const AiotopSample *sample);

#endif /* QEMU_AIOTOP_FORMAT_STALLS_H */
