/*
 * Of a reply: the big lock and the stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "reply-parts.h"

/* More than QEMU keeps, and as many threads as a snapshot may have loops */
#define MAX_STALLS 4096
#define MAX_THREADS 4096

static const Member thread_members[] = {
    { "name", MEMBER_STRING, offsetof(AiotopBqlThread, name),
      .required = true },
    { "thread-id", MEMBER_ID, offsetof(AiotopBqlThread, thread_id),
      .required = true },
    { "holds", MEMBER_COUNTER, offsetof(AiotopBqlThread, holds) },
    { "held-ns", MEMBER_COUNTER, offsetof(AiotopBqlThread, held_ns) },
    { "waits", MEMBER_COUNTER, offsetof(AiotopBqlThread, waits) },
    { "wait-ns", MEMBER_COUNTER, offsetof(AiotopBqlThread, wait_ns) },
    { "waiting-since-ns", MEMBER_COUNTER,
      offsetof(AiotopBqlThread, waiting_since_ns) },
};

static bool read_thread(Reader *reader, json_object *value, void *structure,
                        GError **error)
{
    AiotopBqlThread *thread = structure;

    *thread = (AiotopBqlThread){
        .thread_id = -1,
        .holds = AIOTOP_UNKNOWN,
        .held_ns = AIOTOP_UNKNOWN,
        .waits = AIOTOP_UNKNOWN,
        .wait_ns = AIOTOP_UNKNOWN,
        .waiting_since_ns = AIOTOP_UNKNOWN,
    };
    return members_read(reader, value, thread_members,
                        G_N_ELEMENTS(thread_members), thread, error);
}

static bool read_threads(Reader *reader, json_object *value, void *structure,
                         GError **error)
{
    AiotopBql *bql = structure;

    return members_read_list(reader, value, "threads", sizeof(AiotopBqlThread),
                             MAX_THREADS, read_thread, (void **)&bql->threads,
                             &bql->n_threads, error);
}

static const Member bql_members[] = {
    { "holder-thread-id", MEMBER_ID, offsetof(AiotopBql, holder_thread_id) },
    { "held-since-ns", MEMBER_COUNTER, offsetof(AiotopBql, held_since_ns) },
    { "threads", MEMBER_READ, .read = read_threads },
};

/*
 * A thread that has got the lock may say so a moment before it says that it no
 * longer waits
 */
static void end_wait_of_holder(AiotopBql *bql)
{
    for (unsigned i = 0; i < bql->n_threads; i++) {
        if (bql->threads[i].thread_id == bql->holder_thread_id) {
            bql->threads[i].waiting_since_ns = AIOTOP_UNKNOWN;
        }
    }
}

bool aiotop_reply_read_bql(Reader *reader, json_object *value, void *structure,
                           GError **error)
{
    AiotopSnapshot *snapshot = structure;

    snapshot->bql.known = true;
    if (!members_read(reader, value, bql_members, G_N_ELEMENTS(bql_members),
                      &snapshot->bql, error)) {
        return false;
    }
    end_wait_of_holder(&snapshot->bql);
    return true;
}

static bool read_cause(Reader *reader G_GNUC_UNUSED, json_object *value,
                       void *structure, GError **error)
{
    AiotopStall *stall = structure;

    if (!json_object_is_type(value, json_type_string)) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "not a string");
        return false;
    }
    stall->cause = g_ref_string_new(json_object_get_string(value));
    stall->bql_wait = g_str_equal(stall->cause, "bql-wait");
    return true;
}

static const Member stall_members[] = {
    { "id", MEMBER_COUNTER, offsetof(AiotopStall, id), .required = true },
    { "loop", MEMBER_STRING, offsetof(AiotopStall, loop), .required = true },
    { "thread-id", MEMBER_ID, offsetof(AiotopStall, thread_id) },
    { "cause", MEMBER_READ, .read = read_cause },
    { "source-id", MEMBER_NUMBER, offsetof(AiotopStall, source_id) },
    { "kind", MEMBER_STRING, offsetof(AiotopStall, kind) },
    { "name", MEMBER_STRING, offsetof(AiotopStall, name) },
    { "label", MEMBER_STRING, offsetof(AiotopStall, label) },
    { "start-ns", MEMBER_COUNTER, offsetof(AiotopStall, start_ns) },
    { "duration-ns", MEMBER_COUNTER, offsetof(AiotopStall, duration_ns) },
    { "ongoing", MEMBER_BOOL, offsetof(AiotopStall, ongoing) },
};

static bool read_stall(Reader *reader, json_object *value, void *structure,
                       GError **error)
{
    AiotopStall *stall = structure;

    *stall = (AiotopStall){
        .thread_id = -1,
        .start_ns = AIOTOP_UNKNOWN,
        .duration_ns = AIOTOP_UNKNOWN,
    };
    return members_read(reader, value, stall_members,
                        G_N_ELEMENTS(stall_members), stall, error);
}

bool aiotop_reply_read_stalls(Reader *reader, json_object *value,
                              void *structure, GError **error)
{
    AiotopSnapshot *snapshot = structure;
    uint64_t last_id = 0;

    if (!members_read_list(reader, value, "stalls", sizeof(AiotopStall),
                           MAX_STALLS, read_stall, (void **)&snapshot->stalls,
                           &snapshot->n_stalls, error)) {
        return false;
    }
    for (unsigned i = 0; i < snapshot->n_stalls; i++) {
        if (snapshot->stalls[i].id <= last_id) {
            g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                        "they are not in order");
            return false;
        }
        last_id = snapshot->stalls[i].id;
    }
    return true;
}
