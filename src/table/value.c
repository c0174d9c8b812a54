/*
 * What a column says of a row
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/value.h"

#include <math.h>

#include "qemu-aiotop/text/escape.h"

void aiotop_value_append(GString *out, AiotopUnit unit,
                         const AiotopValue *value, bool ascii)
{
    char number[AIOTOP_TEXT_NUMBER];
    double real = NAN;

    switch (value->type) {
    case AIOTOP_VALUE_UNKNOWN:
        g_string_append_c(out, '-');
        return;
    case AIOTOP_VALUE_TEXT:
        aiotop_text_append(out, value->text, ascii);
        return;
    case AIOTOP_VALUE_INTEGER:
        real = value->integer;
        break;
    case AIOTOP_VALUE_REAL:
        real = value->real;
        break;
    }
    switch (unit) {
    case AIOTOP_UNIT_TEXT:
    case AIOTOP_UNIT_ID:
        g_string_append_printf(out, "%.0f", real);
        return;
    case AIOTOP_UNIT_COUNT:
        aiotop_text_count(number, real);
        break;
    case AIOTOP_UNIT_RATE:
        aiotop_text_rate(number, real);
        break;
    case AIOTOP_UNIT_TIME:
        aiotop_text_time(number, real);
        break;
    case AIOTOP_UNIT_PERCENT:
        aiotop_text_percent(number, real);
        break;
    }
    g_string_append(out, number);
}
