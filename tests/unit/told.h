/*
 * A ledger that is told of one snapshot after the other
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_TESTS_TOLD_H
#define AIOTOP_TESTS_TOLD_H

#include <glib.h>

#include <qemu-aiotop/format/ledger.h>

/* A VM whose sources are told of one snapshot after the other */
typedef struct Told {
    AiotopLedger *ledger;
    AiotopSnapshot *last;
    AiotopSample *sample;
    unsigned sequence;
    unsigned time_s;
    unsigned since_s;
    /* The reader's; QEMU's own may go by a nanosecond at a time */
    unsigned own_s;
    bool creeps;
    /* Replies have all sources, as the first one of a connection has */
    bool afresh;
} Told;

Told *told_new(void);
void told_free(Told *told);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Told, told_free)

/* So many seconds later, with these loops; the caller's */
AiotopSnapshot *make(Told *told, unsigned seconds, const char *loops);

/* Takes @now; the sample is of the interval since the last one */
void take(Told *told, AiotopSnapshot *now);
void book(Told *told);

/* All of these: so many seconds later there are these loops */
void tell(Told *told, unsigned seconds, const char *loops);

#define LOOPS(members) "'loops':[" members "]"
#define LOOP(name, thread, sources)                                            \
    "{'name':'" name "','thread-id':" #thread ",'since-ns':1,"                 \
    "'state':'waiting','iterations':1,'dispatches':1,"                         \
    "'sources':[" sources "]}"

/* One source, as JSON; the caller frees it */
char *source(unsigned id, const char *kind, const char *name, const char *label,
             unsigned calls, unsigned busy_ms);

/* Sources "s0" on, each with the calls, and so many ms, of its number's place */
void tell_many(Told *told, unsigned seconds, const unsigned *calls, unsigned n);

/* In the first loop; NULL if it is not there */
const AiotopLedgerSource *find(const Told *told, const char *name);

/* Those that have a place of their own, and what the others have together */
unsigned count_shown(const Told *told);
const AiotopLedgerCounts *other(const Told *told);

#endif
