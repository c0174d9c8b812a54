/*
 * Event loop profiler: writing JSON
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where there is room at the end of a GString these allocate nothing.  A
 * JSONWriter would, for each string.
 */

#ifndef EVENT_LOOP_JSON_H
#define EVENT_LOOP_JSON_H

#include "qobject/json-writer.h"

/* Writes a number that ends before @end. Returns where it begins. */
static inline char *write_u64(char *end, uint64_t n)
{
    do {
        *--end = '0' + n % 10;
        n /= 10;
    } while (n);
    return end;
}

static inline void put_u64(GString *json, uint64_t n)
{
    char digits[20];
    char *end = digits + sizeof(digits);
    char *p = write_u64(end, n);

    g_string_append_len(json, p, end - p);
}

#define put(json, text) g_string_append_len(json, text, sizeof(text) - 1)

/* All but the first member of an object */
#define put_member(json, name, n)           \
    do {                                    \
        put(json, ", \"" name "\": ");      \
        put_u64(json, n);                   \
    } while (0)

static inline bool is_plain(const char *text)
{
    for (; *text; text++) {
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\') {
            return false;
        }
    }
    return true;
}

/* The same for a string. What has to be escaped does allocate memory. */
static inline void put_string(GString *json, const char *name,
                              const char *value)
{
    put(json, ", \"");
    g_string_append(json, name);
    put(json, "\": ");
    if (is_plain(value)) {
        put(json, "\"");
        g_string_append(json, value);
        put(json, "\"");
    } else {
        g_autoptr(JSONWriter) writer = json_writer_new(false);

        json_writer_str(writer, NULL, value);
        g_string_append(json, json_writer_get(writer));
    }
}

#endif /* EVENT_LOOP_JSON_H */
