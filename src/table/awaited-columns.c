/*
 * The columns of what is awaited, and of QEMU's threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/awaited.h"

#include <inttypes.h>

#include "getters.h"

#define GETTER(name, type, value)                                              \
    static AiotopValue name(const AiotopRow *row, char *buffer G_GNUC_UNUSED)  \
    {                                                                          \
        const type *item G_GNUC_UNUSED = row->item;                            \
        return value;                                                          \
    }

/* Of a thread, an offset or a number of bytes: it has none below 0 */
static AiotopValue natural(int64_t value)
{
    return value < 0 ? unknown() : integer(value);
}

#define NODE_GETTER(name, value) GETTER(name, AiotopNodeSample, value)

static uint64_t oldest_since_ns(const AiotopNode *node)
{
    const AiotopNodeStage *oldest = aiotop_node_oldest(node);

    return oldest ? oldest->since_ns : AIOTOP_UNKNOWN;
}

NODE_GETTER(node_name, text(item->now->name))
NODE_GETTER(node_device, text(item->now->device))
NODE_GETTER(node_in_flight, integer(item->now->in_flight))
NODE_GETTER(node_oldest, integer(age(row->sample, oldest_since_ns(item->now))))
NODE_GETTER(node_rate,
            real(aiotop_rate_hz(item->completed, row->sample->interval_ns)))
NODE_GETTER(node_last, integer(age(row->sample, item->now->last_completed_ns)))
NODE_GETTER(node_completed, integer(item->now->completed))
NODE_GETTER(node_last_ns, integer(item->now->last_completed_ns))
NODE_GETTER(node_driver, text(item->now->driver))

/* "throttled 20, driver 1" */
static AiotopValue node_stages(const AiotopRow *row, char *buffer)
{
    const AiotopNode *node = ((const AiotopNodeSample *)row->item)->now;
    g_autoptr(GString) out = g_string_new(NULL);

    for (unsigned i = 0; i < node->n_stages; i++) {
        g_string_append_printf(out, "%s%s %" PRIu32, i ? ", " : "",
                               node->stages[i].stage, node->stages[i].count);
    }
    if (!out->len) {
        return unknown();
    }
    g_strlcpy(buffer, out->str, AIOTOP_VALUE_BUFFER);
    return text(whole_characters(buffer));
}

static const AiotopColumn node_columns[] = {
    { "node", "NODE", "node", AIOTOP_UNIT_TEXT, 16, true,
      "Name of the block node", node_name },
    { "device", "DEVICE", "device", AIOTOP_UNIT_TEXT, 10, true,
      "The guest's device in front of it", node_device },
    { "stages", "STAGES", "stages_text", AIOTOP_UNIT_TEXT, 24, true,
      "Where its requests in flight are, and how many there", node_stages },
    { "in-flight", "FLIGHT", "in_flight", AIOTOP_UNIT_COUNT, 6, true,
      "Requests in flight that began since profiling did", node_in_flight },
    { "oldest", "OLDEST", "oldest_age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long ago the oldest of them began", node_oldest },
    { "rate", "DONE/S", "completed_per_second", AIOTOP_UNIT_RATE, 7, true,
      "Requests that ended in the interval, per second", node_rate },
    { "last", "LAST", "last_completed_age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long ago the last one ended", node_last },
    { "completed", "DONE", "completed", AIOTOP_UNIT_COUNT, 7, false,
      "Requests that ended since profiling began", node_completed },
    { "last-ns", "LASTNS", "last_completed_ns", AIOTOP_UNIT_ID, 16, false,
      "When the last one ended, by QEMU's monotonic clock", node_last_ns },
    { "driver", "DRIVER", "driver", AIOTOP_UNIT_TEXT, 10, false,
      "Name of its driver, such as qcow2", node_driver },
};

#define REQUEST_GETTER(name, value) GETTER(name, AiotopRequest, value)

REQUEST_GETTER(request_age, integer(age(row->sample, item->since_ns)))
REQUEST_GETTER(request_type, text(item->type))
REQUEST_GETTER(request_node, text(item->node))
REQUEST_GETTER(request_device, text(item->device))
REQUEST_GETTER(request_stage, text(item->stage))
REQUEST_GETTER(request_stage_age,
               integer(age(row->sample, item->stage_since_ns)))
REQUEST_GETTER(request_offset, natural(item->offset))
REQUEST_GETTER(request_bytes, natural(item->bytes))
REQUEST_GETTER(request_thread, natural(item->thread_id))
REQUEST_GETTER(request_waits_for, text(item->waits_for))
REQUEST_GETTER(request_id, integer(item->id))
REQUEST_GETTER(request_parent, item->parent ? integer(item->parent) : unknown())
REQUEST_GETTER(request_since, integer(item->since_ns))
REQUEST_GETTER(request_stage_since, integer(item->stage_since_ns))

static const AiotopColumn request_columns[] = {
    { "age", "AGE", "age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long ago the request began", request_age },
    { "type", "TYPE", "type", AIOTOP_UNIT_TEXT, 8, true,
      "What it does: read, write, discard, flush, truncate, ioctl,"
      " block-status, other",
      request_type },
    { "stage", "STAGE", "stage", AIOTOP_UNIT_TEXT, 11, true,
      "Where it is: in the node's driver, or drained (queued until a drained"
      " section ends), throttled, serialising (waits for one that overlaps),"
      " flush (waits for another flush), graph-lock, pool (queued for a"
      " thread), worker (a thread works on it), kernel, plugged (not submitted"
      " yet), network (sent)",
      request_stage },
    { "node", "NODE", "node", AIOTOP_UNIT_TEXT, 16, true, "The block node",
      request_node },
    { "device", "DEVICE", "device", AIOTOP_UNIT_TEXT, 10, true,
      "The guest's device that made it", request_device },
    { "stage-age", "FOR", "stage_age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long it has been there", request_stage_age },
    { "offset", "OFFSET", "offset_bytes", AIOTOP_UNIT_ID, 14, true,
      "Where in the node it begins, in bytes", request_offset },
    { "bytes", "BYTES", "length_bytes", AIOTOP_UNIT_ID, 9, true,
      "How long it is", request_bytes },
    { "thread", "TID", "thread_id", AIOTOP_UNIT_ID, 8, true,
      "The thread that works on it, as the host numbers it", request_thread },
    { "waits-for", "WAITS-FOR", "waits_for", AIOTOP_UNIT_TEXT, 12, true,
      "What it waits for, such as a throttle group", request_waits_for },
    { "id", "ID", "request_id", AIOTOP_UNIT_ID, 7, true,
      "Number that QEMU gave to it", request_id },
    { "parent", "PART-OF", "parent_id", AIOTOP_UNIT_ID, 7, true,
      "Number of the request that it is a part of", request_parent },
    { "since", "SINCE", "since_ns", AIOTOP_UNIT_ID, 16, false,
      "When it began, by QEMU's monotonic clock", request_since },
    { "stage-since", "STAGESINCE", "stage_since_ns", AIOTOP_UNIT_ID, 16, false,
      "When its stage did", request_stage_since },
};

#define POOL_GETTER(name, value) GETTER(name, AiotopPool, value)

POOL_GETTER(pool_loop, text(item->loop))
POOL_GETTER(pool_max, integer(item->max_threads))
POOL_GETTER(pool_threads, integer(item->threads))
POOL_GETTER(pool_idle, integer(item->idle))
POOL_GETTER(pool_queued, integer(item->queued))
POOL_GETTER(pool_oldest, integer(age(row->sample, item->queued_since_ns)))
POOL_GETTER(pool_running, integer(age(row->sample, item->running_since_ns)))

static const AiotopColumn pool_columns[] = {
    { "loop", "POOL-OF", "loop", AIOTOP_UNIT_TEXT, 16, true,
      "The loop that the pool of threads works for", pool_loop },
    { "threads", "THREADS", "threads", AIOTOP_UNIT_COUNT, 7, true,
      "Threads that it has", pool_threads },
    { "idle", "IDLE", "idle", AIOTOP_UNIT_COUNT, 6, true,
      "Of these, those that have nothing to do", pool_idle },
    { "max", "MOST", "max_threads", AIOTOP_UNIT_COUNT, 6, true,
      "Threads that it may have", pool_max },
    { "running", "LONGEST", "running_age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long ago a thread began what one has worked on longest",
      pool_running },
    { "queued", "QUEUED", "queued", AIOTOP_UNIT_COUNT, 6, true,
      "What waits for a thread", pool_queued },
    { "oldest", "OLDEST", "oldest_age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long the oldest of these has waited", pool_oldest },
};

#define GROUP_GETTER(name, value) GETTER(name, AiotopThrottleGroup, value)

GROUP_GETTER(group_name, text(item->name))
GROUP_GETTER(group_queued, integer(item->queued))
GROUP_GETTER(group_oldest, integer(age(row->sample, item->since_ns)))
GROUP_GETTER(group_timer, text(item->timer_armed ? "armed" : "off"))

static const AiotopColumn group_columns[] = {
    { "group", "THROTTLE-GROUP", "throttle_group", AIOTOP_UNIT_TEXT, 16, true,
      "Name of the throttle group", group_name },
    { "queued", "QUEUED", "queued", AIOTOP_UNIT_COUNT, 6, true,
      "Requests that it holds back", group_queued },
    { "oldest", "OLDEST", "oldest_age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long the oldest of these has waited", group_oldest },
    { "timer", "TIMER", "timer", AIOTOP_UNIT_TEXT, 6, true,
      "Whether its timer is armed, which lets the next ones go", group_timer },
};

GETTER(command_name, AiotopCommand, text(item->name))
GETTER(command_age, AiotopCommand, integer(age(row->sample, item->since_ns)))

static const AiotopColumn command_columns[] = {
    { "command", "QMP-COMMAND", "command", AIOTOP_UNIT_TEXT, 28, true,
      "A QMP command that has no answer yet", command_name },
    { "age", "AGE", "age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long ago it began", command_age },
};

#define WRITER_GETTER(name, value) GETTER(name, AiotopWriter, value)

WRITER_GETTER(writer_name, text(item->name))
WRITER_GETTER(writer_label, text(item->label))
WRITER_GETTER(writer_fd, natural(item->fd))
WRITER_GETTER(writer_age, integer(age(row->sample, item->since_ns)))

static const AiotopColumn writer_columns[] = {
    { "writer", "WRITER", "writer", AIOTOP_UNIT_TEXT, 28, true,
      "Callback that waits until it can write", writer_name },
    { "label", "LABEL", "label", AIOTOP_UNIT_TEXT, 16, true,
      "What it works for", writer_label },
    { "fd", "FD", "fd", AIOTOP_UNIT_ID, 5, true,
      "File descriptor that takes nothing", writer_fd },
    { "age", "AGE", "age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long it has waited", writer_age },
};

static const AiotopQemuThread *thread_of(const AiotopRow *row)
{
    return row->item && row->item != row->sample
               ? ((const AiotopThreadSample *)row->item)->now
               : NULL;
}

static uint64_t thread_cpu_ns(const AiotopRow *row)
{
    return !row->item ? row->sample->rest_cpu_ns
           : row->item == row->sample
               ? row->sample->cpu_ns
               : ((const AiotopThreadSample *)row->item)->cpu_ns;
}

static AiotopValue thread_name(const AiotopRow *row, char *buffer G_GNUC_UNUSED)
{
    const AiotopQemuThread *thread = thread_of(row);

    return text(thread ? thread->name : row->item ? "(all)" : "(rest)");
}

static AiotopValue thread_id(const AiotopRow *row, char *buffer G_GNUC_UNUSED)
{
    const AiotopQemuThread *thread = thread_of(row);

    return thread ? integer(thread->thread_id) : unknown();
}

static AiotopValue thread_cpu(const AiotopRow *row, char *buffer G_GNUC_UNUSED)
{
    return real(
        aiotop_share_percent(thread_cpu_ns(row), row->sample->interval_ns));
}

static AiotopValue thread_cpu_time(const AiotopRow *row,
                                   char *buffer G_GNUC_UNUSED)
{
    return integer(thread_cpu_ns(row));
}

static AiotopValue thread_total(const AiotopRow *row,
                                char *buffer G_GNUC_UNUSED)
{
    const AiotopQemuThread *thread = thread_of(row);

    return integer(thread      ? thread->cpu_ns
                   : row->item ? row->sample->now->cpu_ns
                               : AIOTOP_UNKNOWN);
}

static AiotopValue thread_is(const AiotopRow *row, char *buffer G_GNUC_UNUSED)
{
    const AiotopQemuThread *thread = thread_of(row);

    if (thread) {
        return text(aiotop_sample_is_loop(row->sample, thread->thread_id)
                        ? "loop"
                        : "thread");
    }
    return text(row->item ? "the process" : "not QEMU's, or ended");
}

static const AiotopColumn thread_columns[] = {
    { "name", "THREAD", "name", AIOTOP_UNIT_TEXT, 20, true,
      "Name that QEMU gave to the thread; (rest) is CPU time of the process"
      " that is in none of its threads, (all) is all of it",
      thread_name },
    { "thread", "TID", "thread_id", AIOTOP_UNIT_ID, 8, true,
      "The thread, as the host numbers it", thread_id },
    { "cpu", "CPU%", "cpu_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "CPU time in the interval, of one CPU; of (rest) and (all) in clock"
      " ticks of the host",
      thread_cpu },
    { "cpu-time", "CPU", "cpu_ns", AIOTOP_UNIT_TIME, 7, false,
      "The same as a time", thread_cpu_time },
    { "total", "TOTAL", "total_cpu_ns", AIOTOP_UNIT_TIME, 7, true,
      "CPU time since the thread began", thread_total },
    { "is", "IS", "is", AIOTOP_UNIT_TEXT, 8, true,
      "Whether it is a loop: a row in the table of loops", thread_is },
};

#define TABLE(of, columns_of)                                                  \
    {                                                                          \
        .name = of, .columns = columns_of,                                     \
        .n_columns = G_N_ELEMENTS(columns_of)                                  \
    }

const AiotopTable aiotop_node_table = TABLE("node", node_columns);
const AiotopTable aiotop_request_table = TABLE("request", request_columns);
const AiotopTable aiotop_pool_table = TABLE("pool", pool_columns);
const AiotopTable aiotop_group_table = TABLE("throttle-group", group_columns);
const AiotopTable aiotop_command_table = TABLE("command", command_columns);
const AiotopTable aiotop_writer_table = TABLE("writer", writer_columns);
const AiotopTable aiotop_thread_table = TABLE("thread", thread_columns);
