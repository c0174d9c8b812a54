/*
 * Diagnosis: the words about a VM that is saved, or comes from elsewhere
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words.h"

#include "qemu-aiotop/model/transfer.h"

void aiotop_word_saver_stuck(AiotopFinding *finding, const AiotopSnapshot *now,
                             const AiotopQemuThread *saver, uint64_t ns)
{
    WaitKind kind = aiotop_wait_kind_of_call(&now->saver);
    bool live = aiotop_transfer_is_live(saver);
    GString *out = g_string_new(live ? "The VM is being migrated"
                                     : "The guest does not run while its memory"
                                       " is saved");

    g_string_append_printf(out,
                           ", and the thread that %s it, %s, has not run for"
                           " %s, or longer.",
                           live ? "sends" : "saves", saver->name, TIME(ns));
    aiotop_word_append_thread(out, &now->saver);
    finding->awaited = aiotop_wait_kind_name(kind);
    if (live && g_str_has_prefix(now->saver.descriptor, "a pipe")) {
        aiotop_word_settle(finding, out,
                           "Look at the program that is to read it, and does"
                           " not. query-migrate on the monitor tells how far it"
                           " is. migrate_cancel can't end it before that"
                           " program reads, or ends.");
    } else if (live) {
        aiotop_word_settle(finding, out,
                           "Look at who is to read it at the other end, the"
                           " QEMU there or a program between, and does not."
                           " query-migrate on the monitor tells how far it is,"
                           " and migrate_cancel ends it.");
    } else if (kind == WAIT_PEER) {
        aiotop_word_settle(finding, out,
                           "Look at who is to read it at the other end, and"
                           " does not. query-dump on the monitor tells how far"
                           " it is. If that end is closed, the dump fails, and"
                           " the guest goes on.");
    } else {
        aiotop_word_settle(finding, out,
                           "Look at what it is written to, a file, a disk or a"
                           " pipe. query-dump on the monitor tells how far it"
                           " is.");
    }
}

void aiotop_word_sender_stuck(AiotopFinding *finding, const AiotopSnapshot *now,
                              const AiotopSource *receiver, uint64_t ns)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "The VM is the target of a migration, whose sender"
                           " is connected and has sent nothing for %s: ",
                           TIME(ns));
    aiotop_word_append_source(out, receiver);
    g_string_append(out, " was last called then.");
    if (now->sender) {
        g_string_append_printf(out, " Its channel is %s.", now->sender);
    }
    finding->awaited = aiotop_wait_kind_name(WAIT_PEER);
    aiotop_word_settle(finding, out,
                       "Look at the QEMU that sends it, whether it runs and"
                       " what query-migrate says there (it may be held before"
                       " it switches over, or wait for its disks), and at the"
                       " network between. Nothing here goes on without it.");
}

/* Else only those that run, or the busiest, are there */
static bool has_all_sources(const AiotopSnapshot *now)
{
    for (unsigned i = 0; i < now->n_loops; i++) {
        if (now->loops[i].rest) {
            return false;
        }
    }
    return true;
}

void aiotop_word_append_receiver(GString *out, const AiotopSnapshot *now)
{
    const AiotopSource *receiver = aiotop_transfer_receiver(now);

    if (!aiotop_transfer_is_incoming(now)) {
        return;
    }
    if (receiver) {
        g_string_append_printf(
            out, " The migration's sender last sent something %s ago.",
            TIME(aiotop_known_or_zero(
                aiotop_age_ns(now->time_ns, receiver->last_ns))));
    } else if (has_all_sources(now)) {
        g_string_append(out, " No sender of the migration has connected since"
                             " profiling began.");
    }
}
