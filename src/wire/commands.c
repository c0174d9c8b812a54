/*
 * The commands that are sent to QEMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/wire/commands.h"

#include "qemu-aiotop/model/profiler.h"
#include "qemu-aiotop/text/json-writer.h"

char *aiotop_command_query(const AiotopQueryArguments *arguments)
{
    GString *out = g_string_new("{");

    if (arguments->after_sequence) {
        aiotop_json_add_integer(out, "after-sequence",
                                arguments->after_sequence);
    }
    if (arguments->loops_only) {
        aiotop_json_add_integer(out, "max-sources", 0);
    } else if (arguments->max_sources) {
        aiotop_json_add_integer(out, "max-sources", arguments->max_sources);
    }
    aiotop_json_add_bool(out, "histograms", arguments->histograms);
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}

char *aiotop_command_object_add(const char *path, unsigned stall_ms)
{
    GString *out = g_string_new("{\"qom-type\":\"" AIOTOP_OBJECT_TYPE "\","
                                "\"id\":\"qemu-aiotop\"");

    if (path) {
        g_string_append(out, ",\"socket\":{\"type\":\"unix\",\"path\":");
        aiotop_json_append_string(out, path);
        g_string_append_c(out, '}');
    }
    if (stall_ms) {
        g_string_append_printf(out, ",\"stall-threshold\":%u", stall_ms);
    }
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}
