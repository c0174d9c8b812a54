/*
 * The reply to query-event-loops, to a snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/wire/reply.h"

#include <inttypes.h>

#include "reply-parts.h"

/*
 * QEMU shows 16 dispatches of a stack, and a host has not as many threads.
 * What is linear for a thousand must not become quadratic for a million.
 */
#define MAX_STACK 256
#define MAX_LOOPS 4096

/*
 * Bytes of all sources together.  As QEMU sends them they take less than twice
 * their reply.  What many replies add up to, each with sources that the
 * others leave out, is not to be more.
 */
#define MAX_SIZE (2 * AIOTOP_JSON_MAX_BYTES)

G_DEFINE_QUARK(aiotop_reply_error, aiotop_reply_error)

static const Member dispatch_members[] = {
    { "source-id", MEMBER_NUMBER, offsetof(AiotopDispatch, source_id),
      .required = true },
    { "since-ns", MEMBER_COUNTER, offsetof(AiotopDispatch, since_ns) },
};

static bool read_dispatch(Reader *reader, json_object *value, void *structure,
                          GError **error)
{
    AiotopDispatch *dispatch = structure;

    dispatch->since_ns = AIOTOP_UNKNOWN;
    return members_read(reader, value, dispatch_members,
                        G_N_ELEMENTS(dispatch_members), dispatch, error);
}

static bool read_stack(Reader *reader, json_object *value, void *structure,
                       GError **error)
{
    AiotopLoop *loop = structure;

    return members_read_list(reader, value, "dispatches on a stack",
                             sizeof(AiotopDispatch), MAX_STACK, read_dispatch,
                             (void **)&loop->stack, &loop->stack_depth, error);
}

/* What a QEMU has, and this program has no words for */
static bool fail_version(GError **error, const char *what)
{
    g_set_error(error, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_VERSION, "%s",
                what);
    return false;
}

/* Of the form that the wire had before it had max-overhead */
static bool read_former(Reader *reader G_GNUC_UNUSED,
                        json_object *value G_GNUC_UNUSED,
                        void *structure G_GNUC_UNUSED, GError **error)
{
    return fail_version(error, "it is of a former form");
}

/*
 * They are in the reply so that readers need not know them.  This one does, at
 * compile time: that they are others is a new form of the wire.
 */
static bool read_bounds(Reader *reader G_GNUC_UNUSED, json_object *value,
                        void *structure G_GNUC_UNUSED, GError **error)
{
    bool ok = json_object_is_type(value, json_type_array) &&
              json_object_array_length(value) == AIOTOP_HISTOGRAM_BUCKETS;

    for (unsigned i = 0; ok && i < AIOTOP_HISTOGRAM_BUCKETS; i++) {
        uint64_t bound;

        ok = members_get_count(json_object_array_get_idx(value, i), &bound) &&
             bound == aiotop_histogram_lower_ns(i);
    }
    return ok || fail_version(error, "the histograms' buckets are others");
}

static bool read_state(Reader *reader G_GNUC_UNUSED, json_object *value,
                       void *structure, GError **error)
{
    AiotopLoop *loop = structure;

    if (!json_object_is_type(value, json_type_string)) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "not a string");
        return false;
    }
    loop->state = aiotop_loop_state_parse(json_object_get_string(value));
    return true;
}

static const Member loop_members[] = {
    { "name", MEMBER_STRING, offsetof(AiotopLoop, name), .required = true },
    { "thread-id", MEMBER_ID, offsetof(AiotopLoop, thread_id),
      .required = true },
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
    { "state", MEMBER_READ, .read = read_state },
    { "stack-since-ns", MEMBER_READ, .read = read_former },
    { "stack", MEMBER_READ, .read = read_stack },
    { "sources", MEMBER_READ, .read = aiotop_reply_read_sources },
};

static bool read_loop(Reader *reader, json_object *value, void *structure,
                      GError **error)
{
    AiotopLoop *loop = structure;

    *loop = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
    return members_read(reader, value, loop_members, G_N_ELEMENTS(loop_members),
                        loop, error);
}

static bool read_loops(Reader *reader, json_object *value, void *structure,
                       GError **error)
{
    AiotopSnapshot *snapshot = structure;

    return members_read_list(reader, value, "loops", sizeof(AiotopLoop),
                             MAX_LOOPS, read_loop, (void **)&snapshot->loops,
                             &snapshot->n_loops, error);
}

static const Member snapshot_members[] = {
    { "sequence", MEMBER_COUNTER, offsetof(AiotopSnapshot, sequence) },
    { "time-ns", MEMBER_COUNTER, offsetof(AiotopSnapshot, time_ns),
      .required = true },
    { "pid", MEMBER_ID, offsetof(AiotopSnapshot, pid) },
    { "vm-name", MEMBER_STRING, offsetof(AiotopSnapshot, vm_name) },
    { "qemu-version", MEMBER_STRING, offsetof(AiotopSnapshot, qemu_version) },
    { "build-id", MEMBER_STRING, offsetof(AiotopSnapshot, build_id) },
    { "run-state", MEMBER_STRING, offsetof(AiotopSnapshot, run_state) },
    { "clock", MEMBER_STRING, offsetof(AiotopSnapshot, clock) },
    { "max-overhead", MEMBER_COUNTER, offsetof(AiotopSnapshot, max_overhead) },
    { "histogram-bounds", MEMBER_READ, .read = read_bounds },
    { "profiling-since-ns", MEMBER_COUNTER,
      offsetof(AiotopSnapshot, profiling_since_ns) },
    { "stall-threshold-ns", MEMBER_COUNTER,
      offsetof(AiotopSnapshot, stall_threshold_ns) },
    { "stall-count", MEMBER_COUNTER, offsetof(AiotopSnapshot, stall_count) },
    { "loops", MEMBER_READ, .required = true, .read = read_loops },
    { "bql", MEMBER_READ, .read = aiotop_reply_read_bql },
    { "stalls", MEMBER_READ, .read = aiotop_reply_read_stalls },
    { "requests", MEMBER_LIST, offsetof(AiotopSnapshot, awaited.requests),
      .list = &aiotop_reply_requests },
    { "nodes", MEMBER_LIST, offsetof(AiotopSnapshot, awaited.nodes),
      .list = &aiotop_reply_nodes },
    { "pools", MEMBER_LIST, offsetof(AiotopSnapshot, awaited.pools),
      .list = &aiotop_reply_pools },
    { "throttle-groups", MEMBER_LIST, offsetof(AiotopSnapshot, awaited.groups),
      .list = &aiotop_reply_groups },
    { "commands", MEMBER_LIST, offsetof(AiotopSnapshot, awaited.commands),
      .list = &aiotop_reply_commands },
    { "writers", MEMBER_LIST, offsetof(AiotopSnapshot, awaited.writers),
      .list = &aiotop_reply_writers },
    { "threads", MEMBER_LIST, offsetof(AiotopSnapshot, threads),
      .list = &aiotop_reply_threads },
    { "untracked-requests", MEMBER_COUNTER,
      offsetof(AiotopSnapshot, awaited.untracked) },
};

static gsize string_size(const GRefString *string)
{
    return string ? g_ref_string_length((GRefString *)string) : 0;
}

static gsize source_size(const AiotopSource *source)
{
    return sizeof(*source) + string_size(source->kind) +
           string_size(source->name) + string_size(source->label) +
           string_size(source->module) +
           (source->histogram.n + source->delay_histogram.n) *
               sizeof(AiotopBucket);
}

/* Whether it is more, all replies together, than any QEMU sends */
static bool is_too_big(const AiotopSnapshot *snapshot)
{
    gsize size = 0;

    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        const AiotopLoop *loop = &snapshot->loops[i];

        if (loop->n_sources > REPLY_MAX_SOURCES) {
            return true;
        }
        for (unsigned j = 0; j < loop->n_sources; j++) {
            size += source_size(loop->sources[j]);
        }
        size += loop->rest ? source_size(loop->rest) : 0;
    }
    return size > MAX_SIZE;
}

AiotopSnapshot *aiotop_reply_read(json_object *value,
                                  const AiotopSnapshot *previous,
                                  GError **error)
{
    g_autoptr(AiotopSnapshot) snapshot = aiotop_snapshot_new();
    g_autoptr(GError) cause = NULL;
    g_auto(Reader) reader;

    reader_init(&reader, json_object_get_userdata(value));
    if (!members_read(&reader, value, snapshot_members,
                      G_N_ELEMENTS(snapshot_members), snapshot, &cause)) {
        if (cause->domain == AIOTOP_REPLY_ERROR) {
            g_set_error(error, AIOTOP_REPLY_ERROR, cause->code,
                        "QEMU's profiler and this qemu-aiotop are of different"
                        " versions: in the reply to query-event-loops, %s",
                        cause->message);
        } else {
            g_set_error(error, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_MALFORMED,
                        "malformed reply to query-event-loops: %s",
                        cause->message);
        }
        return NULL;
    }
    if (previous) {
        aiotop_snapshot_carry_over(snapshot, previous);
    }
    if (is_too_big(snapshot)) {
        g_set_error(error, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_MALFORMED,
                    "malformed reply to query-event-loops: with what came"
                    " before, more sources than there can be");
        return NULL;
    }
    return g_steal_pointer(&snapshot);
}
