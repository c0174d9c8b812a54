/*
 * A VM whose memory is saved, or whose state comes from elsewhere
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/transfer.h"

#include <string.h>

static bool has_state(const AiotopSnapshot *snapshot, const char *state)
{
    return snapshot->run_state && strcmp(snapshot->run_state, state) == 0;
}

const AiotopQemuThread *aiotop_transfer_saver(const AiotopSnapshot *snapshot)
{
    bool dumps = has_state(snapshot, "save-vm");

    for (unsigned i = 0; i < snapshot->n_threads; i++) {
        const AiotopQemuThread *thread = &snapshot->threads[i];

        if (aiotop_transfer_is_live(thread) ||
            (dumps && strcmp(thread->name, "dump_thread") == 0)) {
            return thread;
        }
    }
    return NULL;
}

bool aiotop_transfer_is_live(const AiotopQemuThread *saver)
{
    return strcmp(saver->name, "mig/src/main") == 0;
}

bool aiotop_transfer_is_incoming(const AiotopSnapshot *snapshot)
{
    return has_state(snapshot, "inmigrate");
}

/* QEMU's names of channels are "migration-socket-incoming" and the like */
static bool is_receiver(const AiotopSource *source)
{
    return strcmp(source->name, "process_incoming_migration_co") == 0 ||
           (source->label && g_str_has_prefix(source->label, "migration-") &&
            g_str_has_suffix(source->label, "-incoming"));
}

static bool is_later(const AiotopSource *source, const AiotopSource *other)
{
    return source->last_ns != AIOTOP_UNKNOWN &&
           (!other || source->last_ns > other->last_ns);
}

const AiotopSource *aiotop_transfer_receiver(const AiotopSnapshot *snapshot)
{
    const AiotopSource *last = NULL;

    for (unsigned i = 0;
         aiotop_transfer_is_incoming(snapshot) && i < snapshot->n_loops; i++) {
        const AiotopLoop *loop = &snapshot->loops[i];

        for (unsigned j = 0; j < loop->n_sources; j++) {
            if (is_receiver(loop->sources[j]) &&
                is_later(loop->sources[j], last)) {
                last = loop->sources[j];
            }
        }
    }
    return last;
}
