/*
 * How often a thread was seen at which place, and how much time that makes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "tally.h"

#include <string.h>

#include "seen-sources.h"
#include "stack-counts.h"

/* Nested ones are places of their own, up to that; then only the innermost is */
#define MAX_PLACES 10000
/* What was seen so long ago does not say what is now */
#define MOMENT_NS UINT64_C(1000000000)

/* A place, and how often it was seen since the last snapshot */
typedef struct Seen {
    AiotopSeenSource *calls[AIOTOP_PLACE_CALLS];
    unsigned n_calls;
    AiotopActivity activity;
    /* Running, and asleep */
    uint64_t n[2];
} Seen;

struct AiotopTally {
    uint64_t since_ns;
    /* Of AiotopSeenSource */
    GPtrArray *sources;
    /* By place; those that were not seen lately as well */
    GPtrArray *seen;
    /* Of AiotopSampledStack, by text; NULL if they are not counted */
    AiotopStackCounts *stacks;
    /* It has a loop of its own */
    bool is_loop;
    /* How often it was seen running, and of these how often in the kernel */
    uint64_t running;
    uint64_t in_kernel;

    /* As the host last told, AIOTOP_UNKNOWN before */
    uint64_t time_ns;
    uint64_t cpu_ns;
    uint64_t run_queue_ns;
    /* What is not shared out yet: running, and asleep */
    double left_ns[2];

    double wait_ns;
    double poll_ns;
    double bql_wait_ns;
    double dispatch_ns;

    /* What is added was seen then, and after that many runs */
    uint64_t look_ns;
    uint64_t look_runs;
    /* Where it was last seen, and when; NULL: nowhere */
    Seen *last;
    uint64_t last_ns;
    /* It was asleep there, after that many runs, and since when at least */
    bool asleep;
    uint64_t runs;
    uint64_t asleep_since_ns;
};

AiotopTally *aiotop_tally_new(uint64_t since_ns, size_t *stack_bytes)
{
    AiotopTally *tally = g_new0(AiotopTally, 1);

    tally->since_ns = since_ns;
    tally->stacks = stack_bytes ? aiotop_stack_counts_new(stack_bytes) : NULL;
    tally->sources = aiotop_seen_sources_new();
    tally->seen = g_ptr_array_new_with_free_func(g_free);
    tally->time_ns = AIOTOP_UNKNOWN;
    tally->cpu_ns = AIOTOP_UNKNOWN;
    tally->run_queue_ns = AIOTOP_UNKNOWN;
    tally->look_ns = since_ns;
    tally->look_runs = AIOTOP_UNKNOWN;
    tally->runs = AIOTOP_UNKNOWN;
    tally->asleep_since_ns = AIOTOP_UNKNOWN;
    return tally;
}

void aiotop_tally_free(AiotopTally *tally)
{
    if (tally) {
        g_ptr_array_unref(tally->sources);
        g_ptr_array_unref(tally->seen);
        aiotop_stack_counts_free(tally->stacks);
        g_free(tally);
    }
}

/*
 * A thread that is no loop and sleeps is at nothing; what one that is does beside
 * its callbacks is its own
 */
static bool is_nothing(const AiotopTally *tally, const AiotopPlace *place,
                       bool asleep)
{
    return (asleep || tally->is_loop) && place->n_calls == 1 &&
           place->calls[0].kind == AIOTOP_PLACE_THREAD;
}

static Seen *find_seen(const AiotopTally *tally, const Seen *key)
{
    for (unsigned i = 0; i < tally->seen->len; i++) {
        Seen *seen = tally->seen->pdata[i];

        if (seen->n_calls == key->n_calls && seen->activity == key->activity &&
            memcmp(seen->calls, key->calls, sizeof(key->calls)) == 0) {
            return seen;
        }
    }
    return NULL;
}

static Seen *get_seen(AiotopTally *tally, const AiotopPlace *place,
                      unsigned n_calls)
{
    Seen key = { .n_calls = n_calls, .activity = place->activity };
    Seen *seen;

    for (unsigned i = 0; i < n_calls; i++) {
        key.calls[i] = aiotop_seen_sources_get(tally->sources, &place->calls[i],
                                               place->end);
    }
    seen = find_seen(tally, &key);
    if (!seen && n_calls > 1 && tally->seen->len >= MAX_PLACES) {
        key = (Seen){
            .calls = { key.calls[n_calls - 1] },
            .n_calls = 1,
            .activity = key.activity,
        };
        seen = find_seen(tally, &key);
    }
    if (!seen) {
        seen = g_memdup2(&key, sizeof(key));
        g_ptr_array_add(tally->seen, seen);
    }
    return seen;
}

void aiotop_tally_look(AiotopTally *tally, uint64_t time_ns, uint64_t runs)
{
    tally->look_ns = time_ns;
    tally->look_runs = runs;
}

static Seen *add_weight(AiotopTally *tally, const AiotopPlace *place,
                        const AiotopWalk *walk, AiotopSampledStack **stack,
                        bool asleep, unsigned weight)
{
    bool nothing = is_nothing(tally, place, asleep);
    Seen *seen = get_seen(tally, place, nothing ? 0 : place->n_calls);

    tally->is_loop |= place->in_loop;
    seen->n[asleep] += weight;
    if (tally->stacks && (seen->n_calls || tally->is_loop)) {
        aiotop_stack_counts_add(
            tally->stacks, place, walk, stack,
            seen->n_calls ? seen->calls[seen->n_calls - 1]->id : 0, asleep,
            weight);
    }
    return seen;
}

/* It is the same sleep if the thread has not run since */
static void note_where(AiotopTally *tally, Seen *seen, bool asleep)
{
    bool goes_on = asleep && tally->asleep && tally->last == seen &&
                   tally->runs != AIOTOP_UNKNOWN &&
                   tally->runs == tally->look_runs;

    tally->last = seen;
    tally->last_ns = tally->look_ns;
    tally->asleep = asleep;
    if (!goes_on) {
        tally->runs = asleep ? tally->look_runs : AIOTOP_UNKNOWN;
        tally->asleep_since_ns = tally->look_ns;
    }
}

void aiotop_tally_add(AiotopTally *tally, const AiotopPlace *place,
                      const AiotopWalk *walk, AiotopSampledStack **stack,
                      bool asleep, unsigned weight)
{
    Seen *seen = add_weight(tally, place, walk, stack, asleep, weight);

    if (seen->n_calls) {
        AiotopSeenSource *inner = seen->calls[seen->n_calls - 1];

        inner->samples++;
        if (place->nearest && !inner->nearest) {
            inner->nearest = place->nearest;
        }
    }
    note_where(tally, seen, asleep);
}

void aiotop_tally_count(AiotopTally *tally, bool in_kernel)
{
    tally->running++;
    tally->in_kernel += in_kernel;
}

void aiotop_tally_credit(AiotopTally *tally, const AiotopPlace *place,
                         AiotopSampledStack **stack, unsigned weight)
{
    add_weight(tally, place, NULL, stack, true, weight);
}

void aiotop_tally_add_stacks(const AiotopTally *tally, const AiotopLoop *loop,
                             bool profiled, GArray *stacks)
{
    unsigned first = stacks->len;

    if (tally->stacks) {
        aiotop_stack_counts_list(tally->stacks, loop->thread_id, stacks);
    }
    if (profiled && stacks->len > first) {
        aiotop_seen_sources_find_profiled(
            tally->sources, loop,
            &g_array_index(stacks, AiotopSampledStack, first),
            stacks->len - first);
    }
}

void aiotop_tally_runs(AiotopTally *tally)
{
    tally->asleep = false;
}

static void book(AiotopTally *tally, const Seen *seen, double ns)
{
    for (unsigned i = 0; i < seen->n_calls; i++) {
        bool counted = false;

        /* One that is nested in itself has its time once */
        for (unsigned j = 0; j < i; j++) {
            counted |= seen->calls[j] == seen->calls[i];
        }
        seen->calls[i]->total_ns += counted ? 0 : ns;
    }
    if (seen->n_calls) {
        seen->calls[seen->n_calls - 1]->busy_ns += ns;
        tally->dispatch_ns += ns;
    } else if (seen->activity == AIOTOP_ACTIVITY_WAITS) {
        tally->wait_ns += ns;
    } else if (seen->activity == AIOTOP_ACTIVITY_POLLS) {
        tally->poll_ns += ns;
    } else if (seen->activity == AIOTOP_ACTIVITY_TAKES_BQL) {
        tally->bql_wait_ns += ns;
    }
}

/*
 * Who was not looked at meanwhile, as it goes on sleeping, sleeps where it did.
 * What else was not seen at all stays for later: it is part of what comes then.
 */
static void share_out(AiotopTally *tally, bool asleep)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < tally->seen->len; i++) {
        n += ((const Seen *)tally->seen->pdata[i])->n[asleep];
    }
    if (!n && asleep && tally->asleep) {
        tally->last->n[asleep] = n = 1;
    }
    for (unsigned i = 0; n && i < tally->seen->len; i++) {
        Seen *seen = tally->seen->pdata[i];

        book(tally, seen, tally->left_ns[asleep] * seen->n[asleep] / n);
        seen->n[asleep] = 0;
    }
    if (n) {
        tally->left_ns[asleep] = 0;
    }
}

/*
 * The time since the last snapshot, on the CPU and asleep.  Where a thread was
 * that waited for a CPU, having been woken up or not, nobody knows.
 */
static void add_time(AiotopTally *tally, const AiotopLoop *loop,
                     uint64_t time_ns)
{
    uint64_t ran_ns = aiotop_known_or_zero(
        aiotop_difference(loop->thread.cpu_ns, tally->cpu_ns));
    uint64_t ready_ns = aiotop_known_or_zero(
        aiotop_difference(loop->run_queue_ns, tally->run_queue_ns));
    uint64_t wall_ns = aiotop_known_or_zero(aiotop_difference(
        time_ns,
        tally->time_ns == AIOTOP_UNKNOWN ? tally->since_ns : tally->time_ns));

    ran_ns = MIN(ran_ns, wall_ns);
    if (tally->cpu_ns != AIOTOP_UNKNOWN) {
        tally->left_ns[false] += ran_ns;
        tally->left_ns[true] += aiotop_difference(wall_ns - ran_ns, ready_ns);
    }
    tally->cpu_ns = loop->thread.cpu_ns;
    tally->run_queue_ns = loop->run_queue_ns;
    tally->time_ns = time_ns;
    share_out(tally, false);
    share_out(tally, true);
}

static AiotopLoopState state_of(const Seen *seen)
{
    switch (seen->activity) {
    case AIOTOP_ACTIVITY_TAKES_BQL:
        return AIOTOP_LOOP_BQL_WAIT;
    case AIOTOP_ACTIVITY_WAITS:
        return AIOTOP_LOOP_WAITING;
    case AIOTOP_ACTIVITY_POLLS:
        return AIOTOP_LOOP_POLLING;
    case AIOTOP_ACTIVITY_RUNS:
        break;
    }
    return seen->n_calls ? AIOTOP_LOOP_DISPATCHING : AIOTOP_LOOP_RUNNING;
}

/* The sleep that was looked at is the one that it is in */
static bool sleeps_on(const AiotopTally *tally, const AiotopLoop *loop)
{
    return tally->asleep && tally->runs != AIOTOP_UNKNOWN &&
           tally->runs == loop->thread.runs && loop->thread.state != 'R';
}

/*
 * What it is at now: where it was seen, if it sleeps on there, or was seen a
 * moment ago.  Who was asleep in a callback and has been woken up since is
 * somewhere else; who waited mostly waits again.
 */
static void fill_state(const AiotopTally *tally, AiotopLoop *loop,
                       uint64_t time_ns)
{
    const Seen *seen = tally->last;
    bool asleep = sleeps_on(tally, loop);
    bool counted =
        tally->runs != AIOTOP_UNKNOWN && loop->thread.runs != AIOTOP_UNKNOWN;

    if (!asleep && ((tally->asleep && counted && seen->n_calls) ||
                    aiotop_known_or_zero(aiotop_difference(
                        time_ns, tally->last_ns)) > MOMENT_NS)) {
        return;
    }
    loop->state = state_of(seen);
    loop->state_since_ns = asleep && tally->asleep_since_ns < time_ns
                               ? tally->asleep_since_ns
                               : AIOTOP_UNKNOWN;
    loop->stack = g_new(AiotopDispatch, seen->n_calls);
    loop->stack_depth = seen->n_calls;
    for (unsigned i = 0; i < seen->n_calls; i++) {
        loop->stack[i] = (AiotopDispatch){
            .source_id = seen->calls[i]->id,
            .since_ns = loop->state_since_ns,
        };
    }
}

void aiotop_tally_fill(AiotopTally *tally, AiotopLoop *loop, uint64_t time_ns)
{
    add_time(tally, loop, time_ns);
    loop->since_ns = tally->since_ns;
    loop->seen_running = tally->running;
    loop->seen_in_kernel = tally->in_kernel;
    aiotop_seen_sources_fill(tally->sources, loop);
    if (tally->is_loop) {
        loop->wait_ns = tally->wait_ns;
        loop->poll_ns = tally->poll_ns;
        loop->dispatch_ns = tally->dispatch_ns;
        loop->bql_wait_ns = tally->bql_wait_ns;
        if (tally->last) {
            fill_state(tally, loop, time_ns);
        }
    }
}
