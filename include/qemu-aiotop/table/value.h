/*
 * What a column says of a row
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TABLE_VALUE_H
#define QEMU_AIOTOP_TABLE_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/text/escape.h>
#include <qemu-aiotop/text/figure.h>

typedef enum AiotopValueType {
    AIOTOP_VALUE_UNKNOWN,
    AIOTOP_VALUE_TEXT,
    AIOTOP_VALUE_INTEGER,
    AIOTOP_VALUE_REAL,
} AiotopValueType;

typedef struct AiotopValue {
    AiotopValueType type;
    union {
        /*
         * As it came over the wire: not fit for a terminal before it went
         * through aiotop_text_escape().  Belongs to the sample, or to the
         * @buffer that the getter was given.
         */
        const char *text;
        uint64_t integer;
        double real;
    };
} AiotopValue;

/**
 * aiotop_value_append:
 *
 * Appends @value as a cell's text, without padding, escaped; "-" if it is
 * unknown.
 */
void aiotop_value_append(GString *out, AiotopUnit unit,
                         const AiotopValue *value, bool ascii);

#endif /* QEMU_AIOTOP_TABLE_VALUE_H */
