/*
 * Diagnosis: the words about who has something to write, and can't
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words-awaited.h"
#include "words.h"
#include "writers.h"

#include "qemu-aiotop/diagnose/thresholds.h"

/* What the node has to write as long, and can't; NULL if there is nothing */
static const AiotopWriter *find_writer(const Diagnosis *d,
                                       const RequestGroup *group)
{
    const AiotopAwaited *awaited = &d->sample->now->awaited;

    if (group->stage != AIOTOP_STAGE_NETWORK &&
        group->stage != AIOTOP_STAGE_DRIVER) {
        return NULL;
    }
    for (unsigned i = 0; i < awaited->n_writers; i++) {
        const AiotopWriter *writer = &awaited->writers[i];

        if (g_strcmp0(writer->label, group->oldest->node) == 0 &&
            aiotop_rule_exceeds(aiotop_writer_blocked_ns(d, writer),
                                d->request_ns)) {
            return writer;
        }
    }
    return NULL;
}

bool aiotop_word_append_writer(GString *out, const Diagnosis *d,
                               const RequestGroup *group)
{
    const AiotopWriter *writer = find_writer(d, group);

    if (!writer) {
        return false;
    }
    g_string_append_printf(out,
                           " It has had something to send for %s, and can't:"
                           " the other end does not read.",
                           TIME(aiotop_diagnose_age_ns(d, writer->since_ns)));
    if (writer->descriptor) {
        g_string_append_printf(out, " That is %s.", writer->descriptor);
    }
    return true;
}

void aiotop_word_append_blocked(GString *out, const Diagnosis *d,
                                const AiotopWriter *writer)
{
    g_string_append(out, writer->name);
    if (writer->label) {
        g_string_append_printf(out, " %s", writer->label);
    }
    if (writer->fd >= 0) {
        g_string_append_printf(out, " (descriptor %d)", writer->fd);
    }
    g_string_append_printf(out,
                           " has had something to write for %s, and can't.",
                           TIME(aiotop_diagnose_age_ns(d, writer->since_ns)));
    if (writer->descriptor) {
        g_string_append_printf(out, " The descriptor is %s.",
                               writer->descriptor);
    }
}

void aiotop_word_back_pressure(AiotopFinding *finding, const Diagnosis *d,
                               const AiotopWriter *writer)
{
    GString *out = g_string_new(NULL);

    aiotop_word_append_blocked(out, d, writer);
    aiotop_word_settle(finding, out,
                       "Who is at the other end does not read: look at that"
                       " program, whether it runs. Until it reads, whoever"
                       " writes there waits, be that a guest's console, a"
                       " client of an export or a monitor's.");
}
