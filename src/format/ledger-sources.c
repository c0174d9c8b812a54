/*
 * The part of the ledger that is about sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "ledger-sources.h"

#include <math.h>
#include <string.h>

#include "qemu-aiotop/text/label.h"

static void free_source(gpointer opaque)
{
    AiotopLedgerSource *source = opaque;

    g_free(source->kind);
    g_free(source->name);
    g_free(source->label);
    g_free(source);
}

static guint hash_labels(gconstpointer key)
{
    const AiotopLedgerSource *source = key;

    return g_str_hash(source->kind) ^ 3 * g_str_hash(source->name) ^
           5 * g_str_hash(source->label);
}

static gboolean same_labels(gconstpointer a, gconstpointer b)
{
    const AiotopLedgerSource *x = a, *y = b;

    return strcmp(x->kind, y->kind) == 0 && strcmp(x->name, y->name) == 0 &&
           strcmp(x->label, y->label) == 0;
}

GPtrArray *aiotop_ledger_sources_new(void)
{
    return g_ptr_array_new_with_free_func(free_source);
}

GHashTable *aiotop_ledger_labels_new(void)
{
    return g_hash_table_new(hash_labels, same_labels);
}

static AiotopLedgerSource *find_labels(AiotopLedgerLoop *loop,
                                       const AiotopSource *now)
{
    AiotopLedgerSource *made = g_new0(AiotopLedgerSource, 1), *found;

    made->kind = aiotop_label_bound(now->kind);
    made->name = aiotop_label_bound(now->name);
    made->label = aiotop_label_bound(now->label ? now->label : "");
    found = g_hash_table_lookup(loop->by_labels, made);
    if (found) {
        free_source(made);
        return found;
    }
    g_ptr_array_add(loop->sources, made);
    g_hash_table_add(loop->by_labels, made);
    return made;
}

static gpointer key_of(const AiotopSource *source)
{
    return GUINT_TO_POINTER(source->id);
}

void aiotop_ledger_find_sources(AiotopLedgerLoop *loop,
                                const AiotopSample *sample,
                                const AiotopLoopSample *now)
{
    GHashTable *by_id = g_hash_table_new(NULL, NULL);

    for (unsigned i = 0; i < loop->sources->len; i++) {
        ((AiotopLedgerSource *)loop->sources->pdata[i])->interval_ns = 0;
    }
    for (unsigned i = 0; i < now->n_sources; i++) {
        const AiotopSourceSample *source =
            &sample->sources[now->first_source + i];
        AiotopLedgerSource *place =
            g_hash_table_lookup(loop->by_id, key_of(source->now));

        if (!place) {
            place = find_labels(loop, source->now);
        }
        g_hash_table_insert(by_id, key_of(source->now), place);
        place->seen_ns = sample->now->time_ns;
        place->interval_ns += aiotop_known_or_zero(source->busy_ns);
    }
    g_hash_table_unref(loop->by_id);
    loop->by_id = by_id;
}

/* --- What happened in an interval --- */

/* All that is added up over sources */
typedef struct Sums {
    AiotopLedgerCounts counts;
    uint64_t timed_calls;
    uint64_t total_ns;
} Sums;

static uint64_t count(AiotopBuckets buckets)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < buckets.n; i++) {
        n += buckets.bucket[i].count;
    }
    return n;
}

static void add_source(Sums *sums, const AiotopSource *source)
{
    sums->counts.calls += aiotop_known_or_zero(source->calls);
    sums->counts.busy_ns += aiotop_known_or_zero(source->busy_ns);
    sums->counts.delays += count(source->delay_histogram);
    sums->counts.delay_ns += aiotop_known_or_zero(source->delay_ns);
    sums->timed_calls += aiotop_known_or_zero(source->timed_calls);
    sums->total_ns += aiotop_known_or_zero(source->total_ns);
}

/* Since profiling began, of all sources, whether they are listed or not */
static Sums sums_of(const AiotopLoop *loop)
{
    Sums sums = { 0 };

    for (unsigned i = 0; loop && i < loop->n_sources; i++) {
        add_source(&sums, loop->sources[i]);
    }
    if (loop && loop->rest) {
        add_source(&sums, loop->rest);
    }
    return sums;
}

static void subtract(uint64_t *a, uint64_t b)
{
    *a -= MIN(*a, b);
}

static void subtract_counts(AiotopLedgerCounts *a, const AiotopLedgerCounts *b)
{
    subtract(&a->calls, b->calls);
    subtract(&a->busy_ns, b->busy_ns);
    subtract(&a->delays, b->delays);
    subtract(&a->delay_ns, b->delay_ns);
}

static void add_counts(AiotopLedgerCounts *a, const AiotopLedgerCounts *b)
{
    a->calls += b->calls;
    a->busy_ns += b->busy_ns;
    a->delays += b->delays;
    a->delay_ns += b->delay_ns;
}

/* All 0 if it is not known what it did by itself: the rest has it */
static AiotopLedgerCounts counts_of(const AiotopSourceSample *source)
{
    AiotopLedgerCounts counts = { 0 };

    if (source->calls != AIOTOP_UNKNOWN) {
        counts.calls = source->calls;
        counts.busy_ns = aiotop_known_or_zero(source->busy_ns);
        counts.delays = aiotop_known_or_zero(source->delays);
        counts.delay_ns = aiotop_known_or_zero(source->delay_ns);
    }
    return counts;
}

/* What all did in the interval, if some are only known as a sum */
static Sums whole_of(const AiotopLoopSample *loop)
{
    Sums sums = sums_of(loop->now), before = sums_of(loop->before);

    subtract_counts(&sums.counts, &before.counts);
    subtract(&sums.timed_calls, before.timed_calls);
    subtract(&sums.total_ns, before.total_ns);
    return sums;
}

void aiotop_ledger_book_sources(AiotopLedgerLoop *loop,
                                const AiotopSample *sample,
                                const AiotopLoopSample *now)
{
    AiotopLedgerCounts shown = { 0 }, others = { 0 };

    for (unsigned i = 0; i < now->n_sources; i++) {
        const AiotopSourceSample *source =
            &sample->sources[now->first_source + i];
        AiotopLedgerSource *place =
            g_hash_table_lookup(loop->by_id, key_of(source->now));
        AiotopLedgerCounts counts = counts_of(source);

        add_counts(place->shown ? &shown : &others, &counts);
        if (place->shown) {
            add_counts(&place->counts, &counts);
        }
    }
    if (aiotop_loop_sample_has_rest(now)) {
        others = whole_of(now).counts;
        subtract_counts(&others, &shown);
    }
    add_counts(&loop->other, &others);
}

static double product(double mean_ns, double n)
{
    return isnan(mean_ns) ? 0 : mean_ns * n;
}

static double sum_durations(const AiotopSample *sample,
                            const AiotopLoopSample *loop)
{
    bool has_rest = aiotop_loop_sample_has_rest(loop);
    Sums rest = has_rest ? whole_of(loop) : (Sums){ 0 };
    double sum_ns = 0;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source =
            &sample->sources[loop->first_source + i];

        if (source->calls == AIOTOP_UNKNOWN) {
            continue;
        }
        sum_ns += product(
            aiotop_source_sample_mean_ns(source, AIOTOP_HISTOGRAM_DURATION),
            aiotop_known_or_zero(source->timed_calls));
        subtract(&rest.counts.calls, source->calls);
        subtract(&rest.timed_calls, aiotop_known_or_zero(source->timed_calls));
        subtract(&rest.total_ns, aiotop_known_or_zero(source->total_ns));
    }
    return sum_ns + product(aiotop_average(rest.total_ns, rest.counts.calls),
                            rest.timed_calls);
}

static double sum_delays(const AiotopSample *sample,
                         const AiotopLoopSample *loop)
{
    double sum_ns = 0;

    if (aiotop_loop_sample_has_rest(loop)) {
        return whole_of(loop).counts.delay_ns;
    }
    for (unsigned i = 0; i < loop->n_sources; i++) {
        sum_ns += aiotop_known_or_zero(
            sample->sources[loop->first_source + i].delay_ns);
    }
    return sum_ns;
}

double aiotop_ledger_interval_sum_ns(const AiotopSample *sample,
                                     const AiotopLoopSample *loop,
                                     AiotopHistogramKind kind)
{
    return kind == AIOTOP_HISTOGRAM_DURATION ? sum_durations(sample, loop)
                                             : sum_delays(sample, loop);
}

/* --- Which ones are shown --- */

/* Of those that are shown, and of those that are not, the busiest first */
typedef struct Choice {
    GPtrArray *shown;
    GPtrArray *others;
    uint64_t now_ns;
} Choice;

static bool is_old(const Choice *choice, uint64_t since_ns)
{
    return choice->now_ns - since_ns >=
           AIOTOP_LEDGER_KEEP_S * UINT64_C(1000000000);
}

static void update_busy(AiotopLedgerSource *source, const AiotopSample *sample)
{
    double seconds = sample->interval_ns / 1e9;
    double part = sample->before ? exp(-seconds / AIOTOP_LEDGER_AVERAGE_S) : 0;

    if (seconds > 0) {
        source->busy =
            part * source->busy + (1 - part) * (source->interval_ns / seconds);
    }
}

static void gather(Choice *choice, AiotopLedgerLoop *loop,
                   const AiotopSample *sample)
{
    for (unsigned i = loop->sources->len; i-- > 0;) {
        AiotopLedgerSource *source = loop->sources->pdata[i];

        if (is_old(choice, source->seen_ns)) {
            g_hash_table_remove(loop->by_labels, source);
            g_ptr_array_remove_index(loop->sources, i);
            continue;
        }
        update_busy(source, sample);
        if (source->shown) {
            g_ptr_array_add(choice->shown, source);
        } else if (source->busy > 0) {
            g_ptr_array_add(choice->others, source);
        }
    }
}

static int busiest_first(const void *a, const void *b)
{
    const AiotopLedgerSource *x = *(AiotopLedgerSource *const *)a;
    const AiotopLedgerSource *y = *(AiotopLedgerSource *const *)b;

    return x->busy > y->busy ? -1 : x->busy < y->busy;
}

static void show(const Choice *choice, AiotopLedgerSource *source)
{
    source->shown = true;
    source->shown_ns = choice->now_ns;
}

/* Whether there is one that gives its place to @source */
static bool replace_one(const Choice *choice, const AiotopLedgerSource *source)
{
    for (unsigned i = choice->shown->len; i-- > 0;) {
        AiotopLedgerSource *shown = choice->shown->pdata[i];

        if (source->busy <= AIOTOP_LEDGER_LEAD * shown->busy) {
            return false;
        }
        if (shown->shown && is_old(choice, shown->shown_ns)) {
            shown->shown = false;
            return true;
        }
    }
    return false;
}

void aiotop_ledger_choose_sources(const GPtrArray *loops,
                                  const AiotopSample *sample)
{
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    Choice choice = { shown, others, sample->now->time_ns };
    unsigned n;

    for (unsigned i = 0; i < loops->len; i++) {
        if (loops->pdata[i]) {
            gather(&choice, loops->pdata[i], sample);
        }
    }
    g_ptr_array_sort(shown, busiest_first);
    g_ptr_array_sort(others, busiest_first);
    n = shown->len;
    for (unsigned i = 0; i < others->len; i++) {
        if (n < AIOTOP_LEDGER_SOURCES) {
            n++;
        } else if (!replace_one(&choice, others->pdata[i])) {
            break;
        }
        show(&choice, others->pdata[i]);
    }
}
