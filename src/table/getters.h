/*
 * What getters of columns return
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_TABLE_GETTERS_H
#define AIOTOP_TABLE_GETTERS_H

#include <math.h>

#include "qemu-aiotop/model/sample.h"
#include "qemu-aiotop/table/value.h"

static inline AiotopValue unknown(void)
{
    return (AiotopValue){ .type = AIOTOP_VALUE_UNKNOWN };
}

static inline AiotopValue text(const char *value)
{
    return value ? (AiotopValue){ AIOTOP_VALUE_TEXT, { .text = value } }
                 : unknown();
}

static inline AiotopValue integer(uint64_t value)
{
    return value == AIOTOP_UNKNOWN
               ? unknown()
               : (AiotopValue){ AIOTOP_VALUE_INTEGER, { .integer = value } };
}

static inline AiotopValue real(double value)
{
    return isnan(value) ? unknown()
                        : (AiotopValue){ AIOTOP_VALUE_REAL, { .real = value } };
}

/* How long before the sample's end @since_ns was */
static inline uint64_t age(const AiotopSample *sample, uint64_t since_ns)
{
    return aiotop_age_ns(sample->now->time_ns, since_ns);
}

/* Cuts a character in half no more */
static inline const char *whole_characters(char *buffer)
{
    const char *end;

    if (!g_utf8_validate(buffer, -1, &end)) {
        buffer[end - buffer] = '\0';
    }
    return buffer;
}

/* Of a row of a sample, whose loop is @l and whose source is @s, or NULL */
#define SAMPLE_GETTER(name, value)                                             \
    static AiotopValue name(const AiotopRow *row, char *buffer G_GNUC_UNUSED)  \
    {                                                                          \
        const AiotopLoopSample *l G_GNUC_UNUSED = row->loop;                   \
        const AiotopSourceSample *s G_GNUC_UNUSED = row->source;               \
        return value;                                                          \
    }

#endif /* AIOTOP_TABLE_GETTERS_H */
