/*
 * Of a snapshot: the big lock and the stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "snapshot-stalls.h"

#include <stddef.h>

#include "json-members.h"

/* More than QEMU keeps, and as many threads as a snapshot may have loops */
#define MAX_STALLS 4096
#define MAX_THREADS 4096

static const Member bql_members[] = {
    { "holder-thread-id", MEMBER_ID, offsetof(AiotopBql, holder_thread_id) },
    { "held-since-ns", MEMBER_COUNTER, offsetof(AiotopBql, held_since_ns) },
};

static const Member thread_members[] = {
    { "name", MEMBER_STRING, offsetof(AiotopBqlThread, name) },
    { "thread-id", MEMBER_ID, offsetof(AiotopBqlThread, thread_id) },
    { "holds", MEMBER_COUNTER, offsetof(AiotopBqlThread, holds) },
    { "held-ns", MEMBER_COUNTER, offsetof(AiotopBqlThread, held_ns) },
    { "waits", MEMBER_COUNTER, offsetof(AiotopBqlThread, waits) },
    { "wait-ns", MEMBER_COUNTER, offsetof(AiotopBqlThread, wait_ns) },
    { "waiting-since-ns", MEMBER_COUNTER,
      offsetof(AiotopBqlThread, waiting_since_ns) },
};

static const Member stall_members[] = {
    { "id", MEMBER_COUNTER, offsetof(AiotopStall, id) },
    { "loop", MEMBER_STRING, offsetof(AiotopStall, loop) },
    { "thread-id", MEMBER_ID, offsetof(AiotopStall, thread_id) },
    { "kind", MEMBER_STRING, offsetof(AiotopStall, kind) },
    { "name", MEMBER_STRING, offsetof(AiotopStall, name) },
    { "label", MEMBER_STRING, offsetof(AiotopStall, label) },
    { "start-ns", MEMBER_COUNTER, offsetof(AiotopStall, start_ns) },
    { "duration-ns", MEMBER_COUNTER, offsetof(AiotopStall, duration_ns) },
    { "ongoing", MEMBER_BOOL, offsetof(AiotopStall, ongoing) },
};

static void read_thread(AiotopJson *json, AiotopBqlThread *thread)
{
    AiotopJsonSpan key;

    *thread = (AiotopBqlThread){
        .thread_id = -1,
        .holds = AIOTOP_UNKNOWN,
        .held_ns = AIOTOP_UNKNOWN,
        .waits = AIOTOP_UNKNOWN,
        .wait_ns = AIOTOP_UNKNOWN,
        .waiting_since_ns = AIOTOP_UNKNOWN,
    };
    aiotop_json_enter_object(json);
    while (aiotop_json_next_member(json, &key)) {
        if (!aiotop_json_read_member(json, &key, thread_members,
                                     G_N_ELEMENTS(thread_members), thread)) {
            aiotop_json_skip(json, NULL);
        }
    }
    if (!thread->name || thread->thread_id < 0) {
        aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                         "a thread without name and thread-id");
    }
}

static void read_threads(AiotopJson *json, AiotopBql *bql)
{
    GArray *threads = g_array_new(FALSE, FALSE, sizeof(AiotopBqlThread));

    aiotop_json_enter_array(json);
    while (aiotop_json_next_element(json)) {
        unsigned n = threads->len;

        if (n == MAX_THREADS) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "more threads than there can be");
            break;
        }
        g_array_set_size(threads, n + 1);
        read_thread(json, &g_array_index(threads, AiotopBqlThread, n));
    }
    bql->n_threads = threads->len;
    bql->threads = (AiotopBqlThread *)g_array_free(threads, FALSE);
}

void aiotop_snapshot_read_bql(AiotopJson *json, AiotopBql *bql)
{
    AiotopJsonSpan key;

    bql->known = true;
    aiotop_json_enter_object(json);
    while (aiotop_json_next_member(json, &key)) {
        if (aiotop_json_read_member(json, &key, bql_members,
                                    G_N_ELEMENTS(bql_members), bql)) {
            continue;
        }
        if (aiotop_json_span_is(&key, "threads") && !bql->threads) {
            read_threads(json, bql);
        } else {
            aiotop_json_skip(json, NULL);
        }
    }
}

static void release_strings(AiotopStall *stall)
{
    aiotop_json_release_string(stall->loop);
    aiotop_json_release_string(stall->kind);
    aiotop_json_release_string(stall->name);
    aiotop_json_release_string(stall->label);
}

static void read_stall(AiotopJson *json, AiotopStall *stall)
{
    uint64_t source_id = 0;
    AiotopJsonSpan key, cause;

    *stall = (AiotopStall){
        .thread_id = -1,
        .start_ns = AIOTOP_UNKNOWN,
        .duration_ns = AIOTOP_UNKNOWN,
    };
    aiotop_json_enter_object(json);
    while (aiotop_json_next_member(json, &key)) {
        if (aiotop_json_read_member(json, &key, stall_members,
                                    G_N_ELEMENTS(stall_members), stall)) {
            continue;
        }
        if (aiotop_json_span_is(&key, "cause")) {
            stall->bql_wait = aiotop_json_get_string(json, &cause) &&
                              aiotop_json_span_is(&cause, "bql-wait");
        } else if (aiotop_json_span_is(&key, "source-id")) {
            aiotop_json_get_uint64(json, &source_id);
        } else {
            aiotop_json_skip(json, NULL);
        }
    }
    if (!stall->id || !stall->loop || source_id > UINT32_MAX) {
        aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                         "a stall without valid id, loop and source-id");
    }
    stall->source_id = source_id;
}

void aiotop_snapshot_read_stalls(AiotopJson *json, AiotopSnapshot *snapshot)
{
    /* Not NULL even if there is none: QEMU tells of them */
    GArray *stalls = g_array_sized_new(FALSE, FALSE, sizeof(AiotopStall), 1);
    uint64_t last_id = 0;

    aiotop_json_enter_array(json);
    while (aiotop_json_next_element(json)) {
        unsigned n = stalls->len;
        AiotopStall *stall;

        if (n == MAX_STALLS) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "more stalls than there can be");
            break;
        }
        g_array_set_size(stalls, n + 1);
        stall = &g_array_index(stalls, AiotopStall, n);
        read_stall(json, stall);
        if (stall->id <= last_id) {
            aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                             "stalls that are not in order");
            break;
        }
        last_id = stall->id;
    }
    snapshot->n_stalls = stalls->len;
    snapshot->stalls = (AiotopStall *)g_array_free(stalls, FALSE);
}

void aiotop_snapshot_clear_bql(AiotopBql *bql)
{
    for (unsigned i = 0; i < bql->n_threads; i++) {
        aiotop_json_release_string(bql->threads[i].name);
    }
    g_free(bql->threads);
}

void aiotop_snapshot_clear_stalls(AiotopSnapshot *snapshot)
{
    for (unsigned i = 0; i < snapshot->n_stalls; i++) {
        release_strings(&snapshot->stalls[i]);
    }
    g_free(snapshot->stalls);
}
