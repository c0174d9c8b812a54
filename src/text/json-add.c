/*
 * Members of a JSON object that is being written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/json-add.h"

#include <inttypes.h>

#include "qemu-aiotop/text/json-writer.h"
#include "qemu-aiotop/text/figure.h"

void aiotop_json_add_key(GString *out, const char *key)
{
    char last = out->str[out->len - 1];

    if (last != '{' && last != '[') {
        g_string_append_c(out, ',');
    }
    if (key) {
        g_string_append_printf(out, "\"%s\":", key);
    }
}

void aiotop_json_add_integer(GString *out, const char *key, uint64_t value)
{
    aiotop_json_add_key(out, key);
    if (value == AIOTOP_UNKNOWN) {
        g_string_append(out, "null");
    } else {
        g_string_append_printf(out, "%" PRIu64, value);
    }
}

void aiotop_json_add_string(GString *out, const char *key, const char *value)
{
    aiotop_json_add_key(out, key);
    if (value) {
        aiotop_json_append_string(out, value);
    } else {
        g_string_append(out, "null");
    }
}

void aiotop_json_add_bool(GString *out, const char *key, bool value)
{
    aiotop_json_add_key(out, key);
    g_string_append(out, value ? "true" : "false");
}

void aiotop_json_add_time(GString *out, int64_t real_time_us)
{
    if (real_time_us) {
        g_autofree char *time = aiotop_text_timestamp(real_time_us);

        aiotop_json_add_string(out, "time", time);
    }
}
