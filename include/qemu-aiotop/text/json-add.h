/*
 * Members of a JSON object that is being written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_JSON_ADD_H
#define QEMU_AIOTOP_TEXT_JSON_ADD_H

#include "qemu-aiotop/model/sample.h"

/* Begins a member: a comma unless it is the first, and its name if any */
void aiotop_json_add_key(GString *out, const char *key);

/* Null for AIOTOP_UNKNOWN */
void aiotop_json_add_integer(GString *out, const char *key, uint64_t value);
/* Null for NULL */
void aiotop_json_add_string(GString *out, const char *key, const char *value);
void aiotop_json_add_bool(GString *out, const char *key, bool value);
/* Seconds with microseconds, UTC; nothing if it is 0 */
void aiotop_json_add_time(GString *out, int64_t real_time_us);

/* "stall_count" and "stalls" */
void aiotop_json_add_stalls(GString *out, const AiotopSample *sample);

#endif /* QEMU_AIOTOP_TEXT_JSON_ADD_H */
