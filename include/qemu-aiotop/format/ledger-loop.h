/*
 * What the ledger has of a loop and its sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_LEDGER_LOOP_H
#define QEMU_AIOTOP_FORMAT_LEDGER_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

/* What all are called together that have no series of their own */
#define AIOTOP_LEDGER_OTHER "(other)"
/* Sources of a VM that have series of their own */
#define AIOTOP_LEDGER_SOURCES 20
/*
 * Sources that are kept an eye on, of a loop and of a VM: QEMU is asked for a
 * quarter as many of a loop, and one that sends more gets no more memory
 */
#define AIOTOP_LEDGER_LOOP_PLACES 256
#define AIOTOP_LEDGER_PLACES 1024
/* A source keeps them for so long, however idle, unless it ends */
#define AIOTOP_LEDGER_KEEP_S 300
/* Another one takes its place if it is so many times as busy */
#define AIOTOP_LEDGER_LEAD 2
/* Over how long that is averaged */
#define AIOTOP_LEDGER_AVERAGE_S 60
/* Bounds of a histogram, every second octave from 64 ns on: 4.29 s is last */
#define AIOTOP_LEDGER_BOUNDS 14

typedef struct AiotopLedgerCounts {
    uint64_t calls;
    uint64_t busy_ns;
    /* Of timed calls */
    uint64_t delays;
    uint64_t delay_ns;
} AiotopLedgerCounts;

typedef struct AiotopLedgerHistogram {
    /* How many are over the bound before, if any, up to this one, if any */
    uint64_t count[AIOTOP_LEDGER_BOUNDS + 1];
    double sum_ns;
} AiotopLedgerHistogram;

typedef struct AiotopLedgerSource {
    /* For labels: see aiotop_label_bound(); "" if it has none */
    char *kind;
    char *name;
    char *label;
    AiotopLedgerCounts counts;
    bool shown;

    /* Private: in the interval; a second, on average; the reader's clock */
    uint64_t interval_ns;
    double busy;
    uint64_t seen_ns;
    uint64_t shown_ns;
} AiotopLedgerSource;

/*
 * Since profiling began, the most that was told: QEMU's own may fall a little
 * while another reader is stopped.  AIOTOP_UNKNOWN if it never was told.
 */
typedef struct AiotopLedgerTimes {
    uint64_t wait_ns;
    uint64_t poll_ns;
    uint64_t dispatch_ns;
    uint64_t bql_wait_ns;
} AiotopLedgerTimes;

typedef struct AiotopLedgerLoop {
    /* For a label; no other loop of the VM has the same */
    char *name;
    bool is_thread;
    AiotopLedgerTimes times;
    /* AiotopLedgerSource, those that are shown and others */
    GPtrArray *sources;
    AiotopLedgerCounts other;
    AiotopLedgerHistogram duration;
    AiotopLedgerHistogram delay;

    /* Private: the sources by their labels, and by QEMU's number */
    GHashTable *by_labels;
    GHashTable *by_id;
    bool there;
} AiotopLedgerLoop;

#endif /* QEMU_AIOTOP_FORMAT_LEDGER_LOOP_H */
