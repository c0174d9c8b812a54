/*
 * What a loop dispatches
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/source.h"

#include <string.h>

bool aiotop_calls_thinned(uint64_t calls, uint64_t timed_calls)
{
    return calls != AIOTOP_UNKNOWN && timed_calls < calls;
}

static const char *base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path;
}

bool aiotop_source_same_callback(const AiotopSource *a, const AiotopSource *b)
{
    return a->callback != AIOTOP_UNKNOWN && a->callback == b->callback &&
           g_strcmp0(base_name(a->module), base_name(b->module)) == 0;
}

void aiotop_source_unref(AiotopSource *source)
{
    if (!source || !g_atomic_int_dec_and_test(&source->ref_count)) {
        return;
    }
    g_clear_pointer(&source->kind, g_ref_string_release);
    g_clear_pointer(&source->name, g_ref_string_release);
    g_clear_pointer(&source->label, g_ref_string_release);
    g_clear_pointer(&source->module, g_ref_string_release);
    g_free(source);
}

void aiotop_source_append_name(GString *out, const char *kind, const char *name,
                               const char *label)
{
    g_string_append_printf(out, "%s %s%s%s", kind ? kind : "source",
                           name ? name : "(no name)", label ? " " : "",
                           label ? label : "");
}
