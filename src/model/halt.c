/*
 * What keeps a whole process from running, and the words for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/halt.h"

#include <inttypes.h>

void aiotop_halt_append_why(GString *out, const AiotopHalt *halt, int64_t pid)
{
    g_string_append_printf(out, "process %" PRId64 " is ", pid);
    switch (halt->kind) {
    case AIOTOP_HALT_NONE:
        g_string_append(out, "not stopped");
        break;
    case AIOTOP_HALT_SIGNAL:
        g_string_append(out, "stopped by a signal");
        break;
    case AIOTOP_HALT_TRACED:
        g_string_append(out, "held");
        if (halt->tracer_pid) {
            g_string_append_printf(out, " by process %" PRId64 " (%s)",
                                   halt->tracer_pid, halt->tracer);
        }
        g_string_append(out, ", as debuggers do");
        break;
    case AIOTOP_HALT_FROZEN:
        g_string_append(out, "frozen with its control group");
        break;
    }
}

void aiotop_halt_append_cure(GString *out, const AiotopHalt *halt, int64_t pid)
{
    switch (halt->kind) {
    case AIOTOP_HALT_NONE:
        break;
    case AIOTOP_HALT_SIGNAL:
        g_string_append_printf(out, "kill -CONT %" PRId64 " lets it go on",
                               pid);
        break;
    case AIOTOP_HALT_TRACED:
        g_string_append(out, "it goes on when they let go");
        break;
    case AIOTOP_HALT_FROZEN:
        g_string_append(out, *halt->thaw ? halt->thaw : "to thaw that group");
        g_string_append(out, " lets it go on");
        break;
    }
}
