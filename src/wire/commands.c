/*
 * The commands that are sent to QEMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/wire/commands.h"

#include <inttypes.h>

#include "qemu-aiotop/model/profiler.h"
#include "qemu-aiotop/text/json-writer.h"

char *aiotop_command_query(uint64_t since)
{
    if (!since) {
        return g_strdup("{\"histograms\":true}");
    }
    return g_strdup_printf("{\"since\":%" PRIu64 ",\"histograms\":true}",
                           since);
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
