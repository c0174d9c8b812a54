/*
 * Diagnosis: what the words of its findings are put together from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words.h"

#include <string.h>

Figure aiotop_word_time(double ns)
{
    Figure figure;

    aiotop_text_time(figure.text, ns);
    return figure;
}

const char *aiotop_word_stack(const Diagnosis *d)
{
    return d->surface == AIOTOP_SURFACE_SCREEN ? "press s" : "--stacks";
}

void aiotop_word_settle(AiotopFinding *finding, GString *evidence,
                        const char *next_step, ...)
{
    va_list args;

    va_start(args, next_step);
    finding->evidence = g_string_free(evidence, FALSE);
    finding->next_step = g_strdup_vprintf(next_step, args);
    va_end(args);
}

void aiotop_word_append_source(GString *out, const AiotopSource *source)
{
    if (source) {
        aiotop_source_append_name(out, source->kind, source->name,
                                  source->label);
    } else {
        g_string_append(out, out->len ? "a callback" : "A callback");
    }
}

bool aiotop_word_is_main_loop(const AiotopLoopSample *loop)
{
    return strcmp(loop->now->name, "main-loop") == 0;
}
