/*
 * Samples whose diagnosis is read as a whole: what is well, or whose
 * guest has stopped
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words-cases.h"

/* No loop: it has no rounds */
#define VCPU ",{'name':'CPU 0/KVM','thread-id':9,'iterations':0,'sources':[]}"

static void offloads(AiotopSample *sample)
{
    sample->now->offloaded = g_ref_string_new("vd0 (vhost-user-blk-pci)");
}

const WordsCase words_well[] = {
    { "healthy",
      MAIN("'dispatch-ns':500000000,"
           "'bh-pending-since-ns':10999000000,'sources':["
           "{'id':1,'kind':'bh','name':'f','calls':9,"
           "'max-ns':1200000,'histogram':{'buckets':[58],'counts':[9]},"
           "'delay-histogram':{'buckets':[10],"
           "'counts':[9]}}]") "," IO("'sources':[]") VCPU,
      ",'run-state':'running'", NULL },
    { "healthy: a tool", MAIN("'sources':[]"), "", NULL },
    { "healthy: a disk past QEMU", MAIN("'sources':[]"),
      ",'run-state':'running'", offloads },
    { "healthy: nobody waited", MAIN("'sources':[]"),
      ",'bql':{'threads':[{'name':'a','thread-id':9,'wait-ns':700499999}]}",
      NULL },
    { "healthy: waits for the lock", MAIN("'bql-wait-ns':20000000"),
      ",'bql':{'threads':[{'name':'main-loop','thread-id':7,"
      "'wait-ns':38000000},{'name':'a','thread-id':9,'wait-ns':750000000}]}",
      NULL },
    { "healthy: three wait for the lock", MAIN("'bql-wait-ns':0"),
      ",'bql':{'threads':["
      "{'name':'a','thread-id':9,'wait-ns':750000000},"
      "{'name':'b','thread-id':10,'wait-ns':30000000},"
      "{'name':'c','thread-id':11,'wait-ns':40000000}]}",
      NULL },
    { "healthy: many wait for the lock", MAIN("'bql-wait-ns':0"),
      ",'bql':{'threads':["
      "{'name':'main-loop','thread-id':7,'wait-ns':20000000},"
      "{'name':'a','thread-id':9,'wait-ns':750000000},"
      "{'name':'b','thread-id':10,'wait-ns':30000000},"
      "{'name':'c','thread-id':11,'wait-ns':40000000},"
      "{'name':'d','thread-id':12,'wait-ns':500000},"
      "{'name':'e','thread-id':13}]}",
      NULL },
    { "healthy: paused", MAIN("'sources':[]"), ",'run-state':'paused'", NULL },
    { "guest-stopped: I/O error", MAIN("'sources':[]"),
      ",'run-state':'io-error'", NULL },
    { "healthy: incoming migration", MAIN("'sources':[]"),
      ",'run-state':'inmigrate'", NULL },
    { "healthy: end of a migration", MAIN("'sources':[]"),
      ",'run-state':'finish-migrate'", NULL },
    { "healthy: migrated", MAIN("'sources':[]"), ",'run-state':'postmigrate'",
      NULL },
    { "healthy: saved", MAIN("'sources':[]"), ",'run-state':'save-vm'", NULL },
    { "healthy: loaded", MAIN("'sources':[]"), ",'run-state':'restore-vm'",
      NULL },
    { "healthy: suspended", MAIN("'sources':[]"), ",'run-state':'suspended'",
      NULL },
    { "healthy: shut down", MAIN("'sources':[]"), ",'run-state':'shutdown'",
      NULL },
    { "guest-stopped: panicked", MAIN("'sources':[]"),
      ",'run-state':'guest-panicked'", NULL },
    { "guest-stopped: internal error", MAIN("'sources':[]"),
      ",'run-state':'internal-error'", NULL },
    { "guest-stopped: watchdog", MAIN("'sources':[]"),
      ",'run-state':'watchdog'", NULL },
};

const unsigned n_words_well = G_N_ELEMENTS(words_well);
