/*
 * The part of the ledger that is about sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "ledger-sources.h"

#include <math.h>
#include <string.h>

#include "ledger-interval.h"

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

/* As all that have no place are called, together */
static bool is_reserved(const AiotopLedgerSource *source)
{
    return strcmp(source->name, AIOTOP_LEDGER_OTHER) == 0 && !*source->kind &&
           !*source->label;
}

/* NULL if there is no place for it; nothing is made for it then */
static AiotopLedgerSource *find_labels(AiotopLedgerLoop *loop,
                                       const AiotopSource *now, unsigned *left)
{
    AiotopLedgerSource *made, *found;

    if (!*left || loop->sources->len >= AIOTOP_LEDGER_LOOP_PLACES) {
        return NULL;
    }
    made = g_new0(AiotopLedgerSource, 1);

    made->kind = aiotop_label_bound(now->kind);
    made->name = aiotop_label_bound(now->name);
    made->label = aiotop_label_bound(now->label ? now->label : "");
    found = g_hash_table_lookup(loop->by_labels, made);
    if (found || is_reserved(made)) {
        free_source(made);
        return found;
    }
    --*left;
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
                                const AiotopLoopSample *now, uint64_t now_ns,
                                unsigned *left)
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
            place = find_labels(loop, source->now, left);
        }
        if (!place) {
            continue;
        }
        g_hash_table_insert(by_id, key_of(source->now), place);
        place->seen_ns = now_ns;
        place->interval_ns += aiotop_known_or_zero(source->busy_ns);
    }
    g_hash_table_unref(loop->by_id);
    loop->by_id = by_id;
}

/* --- What they did --- */

void aiotop_ledger_book_sources(AiotopLedgerLoop *loop,
                                const AiotopSample *sample,
                                const AiotopLoopSample *now,
                                const AiotopLedgerCounts *all)
{
    AiotopLedgerCounts others = *all;

    for (unsigned i = 0; i < now->n_sources; i++) {
        const AiotopSourceSample *source =
            &sample->sources[now->first_source + i];
        AiotopLedgerSource *place =
            g_hash_table_lookup(loop->by_id, key_of(source->now));

        if (place && place->shown) {
            AiotopLedgerCounts counts = aiotop_ledger_source_counts(source);

            aiotop_ledger_counts_add(&place->counts, &counts);
            aiotop_ledger_counts_subtract(&others, &counts);
        }
    }
    aiotop_ledger_counts_add(&loop->other, &others);
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
                                  const AiotopSample *sample, uint64_t now_ns)
{
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    Choice choice = { shown, others, now_ns };
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
