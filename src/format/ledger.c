/*
 * Sums that only grow, from one sample of a VM to the next
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/format/ledger.h"

#include <inttypes.h>
#include <string.h>

#include "ledger-interval.h"
#include "ledger-sources.h"

#include "qemu-aiotop/text/label.h"

struct AiotopLedger {
    /* What was booked last; NULL before anything was */
    AiotopSnapshot *last;
    /* In @last, the last one that is over; NULL if there is none */
    const AiotopStall *stall;
    int64_t stall_end_us;
    /* AiotopLedgerLoop, by thread and name */
    GHashTable *loops;
    /* Those of the last snapshot, by index; not owned, NULL for none */
    GPtrArray *by_index;
    /* AiotopLedgerNode of those that have series, by QEMU's names */
    GHashTable *nodes;
    uint64_t other_completed;
    uint64_t bql_held_ns;
    uint64_t bql_wait_ns;
};

uint64_t aiotop_ledger_bound_ns(unsigned index)
{
    /* Bucket 1 begins at 64 ns, and eight buckets are two octaves */
    return aiotop_histogram_lower_ns(1 + 8 * index);
}

static void free_loop(gpointer opaque)
{
    AiotopLedgerLoop *loop = opaque;

    g_free(loop->name);
    g_hash_table_unref(loop->by_labels);
    g_hash_table_unref(loop->by_id);
    g_ptr_array_unref(loop->sources);
    g_free(loop);
}

static void free_node(gpointer opaque)
{
    AiotopLedgerNode *node = opaque;

    g_free(node->name);
    g_free(node->device);
    g_free(node);
}

AiotopLedger *aiotop_ledger_new(void)
{
    AiotopLedger *ledger = g_new0(AiotopLedger, 1);

    ledger->loops =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_loop);
    ledger->by_index = g_ptr_array_new();
    ledger->nodes =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_node);
    return ledger;
}

void aiotop_ledger_free(AiotopLedger *ledger)
{
    if (ledger) {
        aiotop_snapshot_unref(ledger->last);
        g_hash_table_unref(ledger->loops);
        g_ptr_array_unref(ledger->by_index);
        g_hash_table_unref(ledger->nodes);
        g_free(ledger);
    }
}

static void begin_anew(AiotopLedger *ledger)
{
    g_hash_table_remove_all(ledger->loops);
    g_hash_table_remove_all(ledger->nodes);
    ledger->stall = NULL;
    ledger->other_completed = 0;
    ledger->bql_held_ns = 0;
    ledger->bql_wait_ns = 0;
}

/* --- Times --- */

static void note_most(uint64_t *most, uint64_t ns)
{
    if (ns != AIOTOP_UNKNOWN && (*most == AIOTOP_UNKNOWN || ns > *most)) {
        *most = ns;
    }
}

static void note_times(AiotopLedgerTimes *times, const AiotopLoop *now)
{
    note_most(&times->wait_ns, now->wait_ns);
    note_most(&times->poll_ns, now->poll_ns);
    note_most(&times->dispatch_ns, now->dispatch_ns);
    note_most(&times->bql_wait_ns, now->bql_wait_ns);
}

/* --- Loops --- */

static bool has_name(const AiotopLedger *ledger, const char *name)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, ledger->loops);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (strcmp(((AiotopLedgerLoop *)value)->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Threads of a pool are called alike; a number tells them apart for good */
static char *make_name(const AiotopLedger *ledger, const AiotopLoop *loop)
{
    char *name = aiotop_label_bound(loop->name);

    while (has_name(ledger, name)) {
        char *numbered =
            g_strdup_printf("%s (thread %" PRId64 ")", name, loop->thread_id);

        g_free(name);
        name = numbered;
    }
    return name;
}

static char *make_key(const AiotopLoop *loop)
{
    return g_strdup_printf("%" PRId64 " %s", loop->thread_id, loop->name);
}

static AiotopLedgerLoop *find_loop(AiotopLedger *ledger, const AiotopLoop *now)
{
    g_autofree char *key = make_key(now);
    AiotopLedgerLoop *loop = g_hash_table_lookup(ledger->loops, key);

    if (!loop) {
        loop = g_new0(AiotopLedgerLoop, 1);
        loop->name = make_name(ledger, now);
        loop->times = (AiotopLedgerTimes){ AIOTOP_UNKNOWN, AIOTOP_UNKNOWN,
                                           AIOTOP_UNKNOWN, AIOTOP_UNKNOWN };
        loop->sources = aiotop_ledger_sources_new();
        loop->by_labels = aiotop_ledger_labels_new();
        loop->by_id = g_hash_table_new(NULL, NULL);
        g_hash_table_insert(ledger->loops, g_steal_pointer(&key), loop);
    }
    return loop;
}

static gboolean is_gone(gpointer key G_GNUC_UNUSED, gpointer value,
                        gpointer opaque G_GNUC_UNUSED)
{
    return !((AiotopLedgerLoop *)value)->there;
}

static void mark_gone(AiotopLedger *ledger)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, ledger->loops);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        ((AiotopLedgerLoop *)value)->there = false;
    }
}

/* First, as one that was made anew has the name of the one before it */
static void drop_loops_gone(AiotopLedger *ledger, const AiotopSample *sample)
{
    mark_gone(ledger);
    for (unsigned i = 0; i < sample->n_loops; i++) {
        g_autofree char *key = make_key(sample->loops[i].now);
        AiotopLedgerLoop *loop = g_hash_table_lookup(ledger->loops, key);

        if (loop) {
            loop->there = true;
        }
    }
    g_hash_table_foreach_remove(ledger->loops, is_gone, NULL);
    mark_gone(ledger);
}

/* Which loops have series: the first ones, in the order of QEMU */
static void choose_loops(AiotopLedger *ledger, const AiotopSample *sample)
{
    unsigned left[2] = { AIOTOP_LEDGER_LOOPS, AIOTOP_LEDGER_LOOPS };

    drop_loops_gone(ledger, sample);
    g_ptr_array_set_size(ledger->by_index, 0);
    for (unsigned i = 0; i < sample->n_loops; i++) {
        const AiotopLoopSample *now = &sample->loops[i];
        AiotopLedgerLoop *loop = NULL;

        if (left[now->is_thread]) {
            loop = find_loop(ledger, now->now);
        }
        /* A peer may list one twice */
        if (loop && !loop->there) {
            left[now->is_thread]--;
            loop->there = true;
            loop->is_thread = now->is_thread;
            note_times(&loop->times, now->now);
        } else {
            loop = NULL;
        }
        g_ptr_array_add(ledger->by_index, loop);
    }
    g_hash_table_foreach_remove(ledger->loops, is_gone, NULL);
}

/* --- Histograms --- */

static void book_histogram(AiotopLedgerHistogram *sum,
                           const AiotopHistogram *histogram, double sum_ns)
{
    unsigned slot = 0;

    if (!histogram->total) {
        return;
    }
    for (unsigned i = 0; i < AIOTOP_HISTOGRAM_BUCKETS; i++) {
        while (slot < AIOTOP_LEDGER_BOUNDS &&
               aiotop_histogram_upper_ns(i) > aiotop_ledger_bound_ns(slot)) {
            slot++;
        }
        sum->count[slot] += histogram->count[i];
    }
    sum->sum_ns += sum_ns;
}

static void book_loop(AiotopLedgerLoop *loop, const AiotopSample *sample,
                      const AiotopLoopSample *now)
{
    AiotopLedgerInterval interval;

    aiotop_ledger_interval(&interval, sample, now);
    book_histogram(&loop->duration, &interval.duration, interval.duration_ns);
    book_histogram(&loop->delay, &interval.delay, interval.delay_ns);
    aiotop_ledger_book_sources(loop, sample, now, &interval.counts);
}

/* --- Nodes and the big lock --- */

/* A name that is cut could be another one's, too, as may that of the others */
static void add_node(AiotopLedger *ledger, GHashTable *taken,
                     const AiotopNode *node)
{
    char *name = aiotop_label_bound(node->name);
    AiotopLedgerNode *added;

    if (g_hash_table_size(ledger->nodes) >= AIOTOP_LEDGER_NODES ||
        strcmp(name, AIOTOP_LEDGER_OTHER) == 0 ||
        g_hash_table_contains(taken, name)) {
        g_free(name);
        return;
    }
    added = g_new(AiotopLedgerNode, 1);
    *added = (AiotopLedgerNode){ name, g_strdup("") };
    g_hash_table_add(taken, name);
    g_hash_table_insert(ledger->nodes, g_strdup(node->name), added);
}

static void note_device(AiotopLedger *ledger, const AiotopNode *node)
{
    AiotopLedgerNode *noted = g_hash_table_lookup(ledger->nodes, node->name);

    if (noted && node->device && !*noted->device) {
        g_free(noted->device);
        noted->device = aiotop_label_bound(node->device);
    }
}

/* Those with a device first; who has series keeps them until it is gone */
static void choose_nodes(AiotopLedger *ledger, const AiotopSample *sample)
{
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer key, value;

    for (unsigned i = 0; i < sample->n_nodes; i++) {
        g_hash_table_add(there, sample->nodes[i].now->name);
    }
    g_hash_table_iter_init(&iter, ledger->nodes);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (g_hash_table_contains(there, key)) {
            g_hash_table_add(taken, ((AiotopLedgerNode *)value)->name);
        } else {
            g_hash_table_iter_remove(&iter);
        }
    }
    for (unsigned i = 0; i < 2 * sample->n_nodes; i++) {
        const AiotopNode *node = sample->nodes[i % sample->n_nodes].now;

        if ((node->device || i >= sample->n_nodes) &&
            !g_hash_table_contains(ledger->nodes, node->name)) {
            add_node(ledger, taken, node);
        }
    }
    for (unsigned i = 0; i < sample->n_nodes; i++) {
        note_device(ledger, sample->nodes[i].now);
    }
}

static void book_nodes(AiotopLedger *ledger, const AiotopSample *sample)
{
    for (unsigned i = 0; i < sample->n_nodes; i++) {
        const AiotopNodeSample *node = &sample->nodes[i];

        if (!g_hash_table_contains(ledger->nodes, node->now->name)) {
            ledger->other_completed += aiotop_known_or_zero(node->completed);
        }
    }
}

static const AiotopBqlThread *find_thread(const AiotopBql *bql,
                                          int64_t thread_id)
{
    for (unsigned i = 0; i < bql->n_threads; i++) {
        if (bql->threads[i].thread_id == thread_id) {
            return &bql->threads[i];
        }
    }
    return NULL;
}

/* Threads come and go: what all of them had would fall */
static void book_bql(AiotopLedger *ledger, const AiotopSample *sample)
{
    const AiotopBql *bql = &sample->now->bql;

    for (unsigned i = 0; i < bql->n_threads; i++) {
        const AiotopBqlThread *now = &bql->threads[i];
        const AiotopBqlThread *before =
            find_thread(&sample->before->bql, now->thread_id);

        ledger->bql_held_ns += aiotop_known_or_zero(
            aiotop_difference(now->held_ns, before ? before->held_ns : 0));
        ledger->bql_wait_ns += aiotop_known_or_zero(
            aiotop_difference(now->wait_ns, before ? before->wait_ns : 0));
    }
}

/* --- The whole --- */

static void book(AiotopLedger *ledger, const AiotopSample *sample)
{
    for (unsigned i = 0; i < sample->n_loops; i++) {
        AiotopLedgerLoop *loop = ledger->by_index->pdata[i];

        if (loop) {
            book_loop(loop, sample, &sample->loops[i]);
        }
    }
    book_nodes(ledger, sample);
    book_bql(ledger, sample);
}

static void find_sources(AiotopLedger *ledger, const AiotopSample *sample,
                         uint64_t now_ns)
{
    unsigned left = AIOTOP_LEDGER_PLACES;

    for (unsigned i = 0; i < sample->n_loops; i++) {
        const AiotopLedgerLoop *loop = ledger->by_index->pdata[i];

        left -= loop ? loop->sources->len : 0;
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        AiotopLedgerLoop *loop = ledger->by_index->pdata[i];

        if (loop) {
            aiotop_ledger_find_sources(loop, sample, &sample->loops[i], now_ns,
                                       &left);
        }
    }
}

static void take(AiotopLedger *ledger, const AiotopSample *sample,
                 uint64_t now_ns)
{
    choose_loops(ledger, sample);
    find_sources(ledger, sample, now_ns);
    if (sample->before) {
        book(ledger, sample);
    }
    choose_nodes(ledger, sample);
    aiotop_ledger_choose_sources(ledger->by_index, sample, now_ns);
}

/* Of one that goes on nothing is settled */
static const AiotopStall *last_over(const AiotopSnapshot *now)
{
    for (unsigned i = now->n_stalls; i-- > 0;) {
        if (!now->stalls[i].ongoing) {
            return &now->stalls[i];
        }
    }
    return NULL;
}

/* It ended once, whenever it is told again and however long that takes */
static void note_stall(AiotopLedger *ledger, const AiotopSample *sample)
{
    uint64_t id = ledger->stall ? ledger->stall->id : AIOTOP_UNKNOWN;

    ledger->stall = last_over(sample->now);
    if (ledger->stall && ledger->stall->id != id) {
        ledger->stall_end_us = aiotop_sample_real_us(
            sample,
            aiotop_sum(ledger->stall->start_ns, ledger->stall->duration_ns));
    }
}

void aiotop_ledger_update(AiotopLedger *ledger, const AiotopSample *sample,
                          uint64_t now_ns)
{
    g_autoptr(AiotopSample) bridge = NULL;
    const AiotopSample *since_last = sample;

    if (sample->now == ledger->last) {
        return;
    }
    if (sample->before != ledger->last) {
        bridge = aiotop_sample_new(ledger->last, sample->now);
        since_last = bridge;
    }
    if (!since_last->before) {
        begin_anew(ledger);
    }
    take(ledger, since_last, now_ns);
    note_stall(ledger, sample);
    aiotop_snapshot_unref(ledger->last);
    ledger->last = aiotop_snapshot_ref(sample->now);
}

const AiotopStall *aiotop_ledger_stall(const AiotopLedger *ledger,
                                       int64_t *end_us)
{
    *end_us = ledger->stall_end_us;
    return ledger->stall;
}

const AiotopLedgerLoop *aiotop_ledger_loop(const AiotopLedger *ledger,
                                           unsigned index)
{
    return index < ledger->by_index->len ? ledger->by_index->pdata[index]
                                         : NULL;
}

const AiotopLedgerNode *aiotop_ledger_node(const AiotopLedger *ledger,
                                           const char *name)
{
    return g_hash_table_lookup(ledger->nodes, name);
}

uint64_t aiotop_ledger_other_completed(const AiotopLedger *ledger)
{
    return ledger->other_completed;
}

uint64_t aiotop_ledger_bql_held_ns(const AiotopLedger *ledger)
{
    return ledger->bql_held_ns;
}

uint64_t aiotop_ledger_bql_wait_ns(const AiotopLedger *ledger)
{
    return ledger->bql_wait_ns;
}
