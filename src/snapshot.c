/*
 * The model of what QEMU answers to query-event-loops
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/snapshot.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "json-members.h"
#include "qemu-aiotop/json.h"
#include "snapshot-sources.h"
#include "snapshot-stalls.h"

/*
 * QEMU shows 16 dispatches of a stack, and a host has not as many threads.
 * What is linear for a thousand must not become quadratic for a million.
 */
#define MAX_STACK 256
#define MAX_LOOPS 4096

G_DEFINE_QUARK(aiotop - snapshot - error - quark, aiotop_snapshot_error)

static const Member loop_members[] = {
    { "name", MEMBER_STRING, offsetof(AiotopLoop, name) },
    { "thread-id", MEMBER_ID, offsetof(AiotopLoop, thread_id) },
    { "since-ns", MEMBER_COUNTER, offsetof(AiotopLoop, since_ns) },
    { "iterations", MEMBER_COUNTER, offsetof(AiotopLoop, iterations) },
    { "dispatches", MEMBER_COUNTER, offsetof(AiotopLoop, dispatches) },
    { "wait-ns", MEMBER_COUNTER, offsetof(AiotopLoop, wait_ns) },
    { "poll-ns", MEMBER_COUNTER, offsetof(AiotopLoop, poll_ns) },
    { "poll-hits", MEMBER_COUNTER, offsetof(AiotopLoop, poll_hits) },
    { "poll-misses", MEMBER_COUNTER, offsetof(AiotopLoop, poll_misses) },
    { "dispatch-ns", MEMBER_COUNTER, offsetof(AiotopLoop, dispatch_ns) },
    { "bql-wait-ns", MEMBER_COUNTER, offsetof(AiotopLoop, bql_wait_ns) },
    { "poll-max-ns", MEMBER_COUNTER, offsetof(AiotopLoop, poll_max_ns) },
    { "cpu-ns", MEMBER_COUNTER, offsetof(AiotopLoop, cpu_ns) },
    { "bh-pending-since-ns", MEMBER_COUNTER,
      offsetof(AiotopLoop, bh_pending_since_ns) },
    { "timer-deadline-ns", MEMBER_COUNTER,
      offsetof(AiotopLoop, timer_deadline_ns) },
    { "state-since-ns", MEMBER_COUNTER, offsetof(AiotopLoop, state_since_ns) },
};

static const Member snapshot_members[] = {
    { "sequence", MEMBER_COUNTER, offsetof(AiotopSnapshot, sequence) },
    { "time-ns", MEMBER_COUNTER, offsetof(AiotopSnapshot, time_ns) },
    { "pid", MEMBER_ID, offsetof(AiotopSnapshot, pid) },
    { "vm-name", MEMBER_STRING, offsetof(AiotopSnapshot, vm_name) },
    { "qemu-version", MEMBER_STRING, offsetof(AiotopSnapshot, qemu_version) },
    { "build-id", MEMBER_STRING, offsetof(AiotopSnapshot, build_id) },
    { "run-state", MEMBER_STRING, offsetof(AiotopSnapshot, run_state) },
    { "profiling-since-ns", MEMBER_COUNTER,
      offsetof(AiotopSnapshot, profiling_since_ns) },
    { "stall-threshold-ns", MEMBER_COUNTER,
      offsetof(AiotopSnapshot, stall_threshold_ns) },
    { "stall-count", MEMBER_COUNTER, offsetof(AiotopSnapshot, stall_count) },
};

static const char *const state_names[] = {
    [AIOTOP_LOOP_RUNNING] = "running",
    [AIOTOP_LOOP_WAITING] = "waiting",
    [AIOTOP_LOOP_POLLING] = "polling",
    [AIOTOP_LOOP_DISPATCHING] = "dispatching",
    [AIOTOP_LOOP_BQL_WAIT] = "bql-wait",
};

static void read_stack(AiotopJson *json, AiotopLoop *loop, bool since)
{
    unsigned i = 0;

    aiotop_json_enter_array(json);
    while (aiotop_json_next_element(json)) {
        uint64_t value;

        if (i == MAX_STACK) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "more dispatches on a stack than there can be");
            break;
        }
        if (!aiotop_json_get_uint64(json, &value)) {
            break;
        }
        if (i == loop->stack_depth) {
            loop->stack = g_renew(AiotopFrame, loop->stack, i + 1);
            loop->stack[i].source_id = UINT32_MAX;
            loop->stack[i].since_ns = AIOTOP_UNKNOWN;
            loop->stack_depth++;
        }
        if (since) {
            loop->stack[i].since_ns = value;
        } else {
            loop->stack[i].source_id = MIN(value, UINT32_MAX);
        }
        i++;
    }
}

static AiotopLoopState parse_state(const AiotopJsonSpan *span)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(state_names); i++) {
        if (state_names[i] && aiotop_json_span_is(span, state_names[i])) {
            return i;
        }
    }
    return AIOTOP_LOOP_UNKNOWN;
}

static void read_loop(AiotopJson *json, AiotopLoop *loop)
{
    AiotopJsonSpan key, value;

    *loop = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
    aiotop_json_enter_object(json);
    while (aiotop_json_next_member(json, &key)) {
        if (aiotop_json_read_member(json, &key, loop_members,
                                    G_N_ELEMENTS(loop_members), loop)) {
            continue;
        }
        if (aiotop_json_span_is(&key, "sources")) {
            aiotop_snapshot_read_sources(json, loop);
        } else if (aiotop_json_span_is(&key, "stack")) {
            read_stack(json, loop, false);
        } else if (aiotop_json_span_is(&key, "stack-since-ns")) {
            read_stack(json, loop, true);
        } else if (aiotop_json_span_is(&key, "state")) {
            if (aiotop_json_get_string(json, &value)) {
                loop->state = parse_state(&value);
            }
        } else {
            aiotop_json_skip(json, NULL);
        }
    }
    if (!loop->name || loop->thread_id < 0) {
        aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                         "a loop without name and thread-id");
    }
}

static void read_loops(AiotopJson *json, AiotopSnapshot *snapshot)
{
    GArray *loops = g_array_new(FALSE, FALSE, sizeof(AiotopLoop));

    aiotop_json_enter_array(json);
    while (aiotop_json_next_element(json)) {
        unsigned n = loops->len;

        if (n == MAX_LOOPS) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "more loops than there can be");
            break;
        }
        g_array_set_size(loops, n + 1);
        read_loop(json, &g_array_index(loops, AiotopLoop, n));
    }
    snapshot->n_loops = loops->len;
    snapshot->loops = (AiotopLoop *)g_array_free(loops, FALSE);
}

AiotopSnapshot *aiotop_snapshot_new(void)
{
    AiotopSnapshot *snapshot = g_new0(AiotopSnapshot, 1);

    snapshot->ref_count = 1;
    snapshot->time_ns = AIOTOP_UNKNOWN;
    snapshot->profiling_since_ns = AIOTOP_UNKNOWN;
    snapshot->stall_threshold_ns = AIOTOP_UNKNOWN;
    snapshot->stall_count = AIOTOP_UNKNOWN;
    snapshot->bql.held_since_ns = AIOTOP_UNKNOWN;
    snapshot->steal_ns = AIOTOP_UNKNOWN;
    return snapshot;
}

AiotopSnapshot *aiotop_snapshot_parse(const char *text, gsize len,
                                      const AiotopSnapshot *previous,
                                      GError **error)
{
    g_autoptr(AiotopSnapshot) snapshot = aiotop_snapshot_new();
    g_autoptr(GError) cause = NULL;
    bool has_loops = false;
    AiotopJsonSpan key;
    AiotopJson json;

    aiotop_json_init(&json, text, len);
    aiotop_json_enter_object(&json);
    while (aiotop_json_next_member(&json, &key)) {
        if (aiotop_json_read_member(&json, &key, snapshot_members,
                                    G_N_ELEMENTS(snapshot_members), snapshot)) {
            continue;
        }
        if (aiotop_json_span_is(&key, "loops") && !has_loops) {
            has_loops = true;
            read_loops(&json, snapshot);
        } else if (aiotop_json_span_is(&key, "bql") && !snapshot->bql.known) {
            aiotop_snapshot_read_bql(&json, &snapshot->bql);
        } else if (aiotop_json_span_is(&key, "stalls") && !snapshot->stalls) {
            aiotop_snapshot_read_stalls(&json, snapshot);
        } else {
            aiotop_json_skip(&json, NULL);
        }
    }
    if (!has_loops || snapshot->time_ns == AIOTOP_UNKNOWN) {
        aiotop_json_fail(&json, AIOTOP_JSON_ERROR_TYPE,
                         "no loops and time-ns in it");
    }
    if (!aiotop_json_finish(&json, &cause)) {
        g_set_error(error, AIOTOP_SNAPSHOT_ERROR,
                    AIOTOP_SNAPSHOT_ERROR_MALFORMED,
                    "malformed reply to query-event-loops: %s", cause->message);
        return NULL;
    }

    if (previous && aiotop_snapshot_same_period(previous, snapshot)) {
        for (unsigned i = 0; i < snapshot->n_loops; i++) {
            AiotopLoop *loop = &snapshot->loops[i];
            const AiotopLoop *old = aiotop_snapshot_find_loop(previous, loop);

            if (old) {
                aiotop_snapshot_merge_sources(loop, old);
            }
        }
    }
    if (aiotop_snapshot_is_too_big(snapshot)) {
        g_set_error(error, AIOTOP_SNAPSHOT_ERROR,
                    AIOTOP_SNAPSHOT_ERROR_MALFORMED,
                    "malformed reply to query-event-loops: with what came"
                    " before, more sources than there can be");
        return NULL;
    }
    return g_steal_pointer(&snapshot);
}

AiotopSnapshot *aiotop_snapshot_ref(AiotopSnapshot *snapshot)
{
    g_atomic_int_inc(&snapshot->ref_count);
    return snapshot;
}

void aiotop_snapshot_unref(AiotopSnapshot *snapshot)
{
    if (!snapshot || !g_atomic_int_dec_and_test(&snapshot->ref_count)) {
        return;
    }
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        AiotopLoop *loop = &snapshot->loops[i];

        aiotop_snapshot_clear_sources(loop);
        g_free(loop->stack);
        aiotop_json_release_string(loop->name);
    }
    g_free(snapshot->loops);
    g_free(snapshot->unprofiled);
    aiotop_snapshot_clear_bql(&snapshot->bql);
    aiotop_snapshot_clear_stalls(snapshot);
    aiotop_json_release_string(snapshot->vm_name);
    aiotop_json_release_string(snapshot->qemu_version);
    aiotop_json_release_string(snapshot->build_id);
    aiotop_json_release_string(snapshot->run_state);
    g_free(snapshot);
}

bool aiotop_snapshot_same_period(const AiotopSnapshot *a,
                                 const AiotopSnapshot *b)
{
    return a->pid == b->pid && a->profiling_since_ns == b->profiling_since_ns;
}

const AiotopLoop *aiotop_snapshot_find_loop(const AiotopSnapshot *snapshot,
                                            const AiotopLoop *loop)
{
    if (loop->since_ns != AIOTOP_UNKNOWN &&
        loop->since_ns > snapshot->time_ns) {
        return NULL;
    }
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        const AiotopLoop *other = &snapshot->loops[i];

        if (other->thread_id == loop->thread_id &&
            strcmp(other->name, loop->name) == 0) {
            return other;
        }
    }
    return NULL;
}

const char *aiotop_loop_state_name(AiotopLoopState state)
{
    return state_names[state];
}

char *aiotop_snapshot_request(uint64_t since)
{
    if (!since) {
        return g_strdup("{\"histograms\":true}");
    }
    return g_strdup_printf("{\"since\":%" PRIu64 ",\"histograms\":true}",
                           since);
}
