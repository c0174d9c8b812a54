/*
 * Of a reply: what is awaited, and QEMU's threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "reply-parts.h"

/* More than QEMU sends, or than a host has */
#define MAX_REQUESTS 128
#define MAX_NODES 1025
#define MAX_STAGES 64
#define MAX_POOLS 4096
#define MAX_GROUPS 4096
#define MAX_COMMANDS 1024
#define MAX_WRITERS 4096
#define MAX_THREADS 4096

static const Member request_members[] = {
    { "id", MEMBER_COUNTER, offsetof(AiotopRequest, id), .required = true },
    { "parent", MEMBER_COUNTER, offsetof(AiotopRequest, parent) },
    { "node", MEMBER_STRING, offsetof(AiotopRequest, node), .required = true },
    { "device", MEMBER_STRING, offsetof(AiotopRequest, device) },
    { "type", MEMBER_STRING, offsetof(AiotopRequest, type), .required = true },
    { "stage", MEMBER_STRING, offsetof(AiotopRequest, stage),
      .required = true },
    { "since-ns", MEMBER_COUNTER, offsetof(AiotopRequest, since_ns) },
    { "stage-since-ns", MEMBER_COUNTER,
      offsetof(AiotopRequest, stage_since_ns) },
    { "offset", MEMBER_INTEGER, offsetof(AiotopRequest, offset) },
    { "bytes", MEMBER_INTEGER, offsetof(AiotopRequest, bytes) },
    { "thread-id", MEMBER_ID, offsetof(AiotopRequest, thread_id) },
    { "waits-for", MEMBER_STRING, offsetof(AiotopRequest, waits_for) },
};

static const AiotopRequest blank_request = {
    .since_ns = AIOTOP_UNKNOWN,
    .stage_since_ns = AIOTOP_UNKNOWN,
    .offset = -1,
    .bytes = -1,
    .thread_id = -1,
};

const MemberList aiotop_reply_requests = {
    .what = "requests",
    .max = MAX_REQUESTS,
    .n_offset = offsetof(AiotopSnapshot, awaited.n_requests),
    .size = sizeof(AiotopRequest),
    .blank = &blank_request,
    .members = request_members,
    .n_members = G_N_ELEMENTS(request_members),
};

static const Member stage_members[] = {
    { "stage", MEMBER_STRING, offsetof(AiotopNodeStage, stage),
      .required = true },
    { "count", MEMBER_NUMBER, offsetof(AiotopNodeStage, count),
      .required = true },
    { "since-ns", MEMBER_COUNTER, offsetof(AiotopNodeStage, since_ns) },
};

static const AiotopNodeStage blank_stage = {
    .since_ns = AIOTOP_UNKNOWN,
};

static const MemberList stage_list = {
    .what = "stages",
    .max = MAX_STAGES,
    .n_offset = offsetof(AiotopNode, n_stages),
    .size = sizeof(AiotopNodeStage),
    .blank = &blank_stage,
    .members = stage_members,
    .n_members = G_N_ELEMENTS(stage_members),
};

static const Member node_members[] = {
    { "node", MEMBER_STRING, offsetof(AiotopNode, name), .required = true },
    { "driver", MEMBER_STRING, offsetof(AiotopNode, driver) },
    { "device", MEMBER_STRING, offsetof(AiotopNode, device) },
    { "in-flight", MEMBER_COUNTER, offsetof(AiotopNode, in_flight) },
    { "completed", MEMBER_COUNTER, offsetof(AiotopNode, completed) },
    { "last-completed-ns", MEMBER_COUNTER,
      offsetof(AiotopNode, last_completed_ns) },
    { "stages", MEMBER_LIST, offsetof(AiotopNode, stages),
      .list = &stage_list },
};

static const AiotopNode blank_node = {
    .in_flight = AIOTOP_UNKNOWN,
    .completed = AIOTOP_UNKNOWN,
    .last_completed_ns = AIOTOP_UNKNOWN,
};

const MemberList aiotop_reply_nodes = {
    .what = "nodes",
    .max = MAX_NODES,
    .n_offset = offsetof(AiotopSnapshot, awaited.n_nodes),
    .size = sizeof(AiotopNode),
    .blank = &blank_node,
    .members = node_members,
    .n_members = G_N_ELEMENTS(node_members),
};

static const Member pool_members[] = {
    { "loop", MEMBER_STRING, offsetof(AiotopPool, loop), .required = true },
    { "max-threads", MEMBER_COUNTER, offsetof(AiotopPool, max_threads) },
    { "threads", MEMBER_COUNTER, offsetof(AiotopPool, threads) },
    { "idle", MEMBER_COUNTER, offsetof(AiotopPool, idle) },
    { "queued", MEMBER_COUNTER, offsetof(AiotopPool, queued) },
    { "queued-since-ns", MEMBER_COUNTER,
      offsetof(AiotopPool, queued_since_ns) },
    { "running-since-ns", MEMBER_COUNTER,
      offsetof(AiotopPool, running_since_ns) },
};

static const AiotopPool blank_pool = {
    .max_threads = AIOTOP_UNKNOWN,
    .threads = AIOTOP_UNKNOWN,
    .idle = AIOTOP_UNKNOWN,
    .queued = AIOTOP_UNKNOWN,
    .queued_since_ns = AIOTOP_UNKNOWN,
    .running_since_ns = AIOTOP_UNKNOWN,
};

const MemberList aiotop_reply_pools = {
    .what = "pools",
    .max = MAX_POOLS,
    .n_offset = offsetof(AiotopSnapshot, awaited.n_pools),
    .size = sizeof(AiotopPool),
    .blank = &blank_pool,
    .members = pool_members,
    .n_members = G_N_ELEMENTS(pool_members),
};

static const Member group_members[] = {
    { "name", MEMBER_STRING, offsetof(AiotopThrottleGroup, name),
      .required = true },
    { "queued", MEMBER_COUNTER, offsetof(AiotopThrottleGroup, queued) },
    { "since-ns", MEMBER_COUNTER, offsetof(AiotopThrottleGroup, since_ns) },
    { "timer-armed", MEMBER_BOOL, offsetof(AiotopThrottleGroup, timer_armed) },
};

static const AiotopThrottleGroup blank_group = {
    .queued = AIOTOP_UNKNOWN,
    .since_ns = AIOTOP_UNKNOWN,
};

const MemberList aiotop_reply_groups = {
    .what = "throttle groups",
    .max = MAX_GROUPS,
    .n_offset = offsetof(AiotopSnapshot, awaited.n_groups),
    .size = sizeof(AiotopThrottleGroup),
    .blank = &blank_group,
    .members = group_members,
    .n_members = G_N_ELEMENTS(group_members),
};

static const Member command_members[] = {
    { "name", MEMBER_STRING, offsetof(AiotopCommand, name), .required = true },
    { "since-ns", MEMBER_COUNTER, offsetof(AiotopCommand, since_ns) },
};

static const AiotopCommand blank_command = {
    .since_ns = AIOTOP_UNKNOWN,
};

const MemberList aiotop_reply_commands = {
    .what = "commands",
    .max = MAX_COMMANDS,
    .n_offset = offsetof(AiotopSnapshot, awaited.n_commands),
    .size = sizeof(AiotopCommand),
    .blank = &blank_command,
    .members = command_members,
    .n_members = G_N_ELEMENTS(command_members),
};

static const Member writer_members[] = {
    { "name", MEMBER_STRING, offsetof(AiotopWriter, name), .required = true },
    { "label", MEMBER_STRING, offsetof(AiotopWriter, label) },
    { "fd", MEMBER_FD, offsetof(AiotopWriter, fd) },
    { "since-ns", MEMBER_COUNTER, offsetof(AiotopWriter, since_ns) },
};

static const AiotopWriter blank_writer = {
    .fd = -1,
    .since_ns = AIOTOP_UNKNOWN,
};

const MemberList aiotop_reply_writers = {
    .what = "writers",
    .max = MAX_WRITERS,
    .n_offset = offsetof(AiotopSnapshot, awaited.n_writers),
    .size = sizeof(AiotopWriter),
    .blank = &blank_writer,
    .members = writer_members,
    .n_members = G_N_ELEMENTS(writer_members),
};

static const Member thread_members[] = {
    { "thread-id", MEMBER_ID, offsetof(AiotopQemuThread, thread_id),
      .required = true },
    { "name", MEMBER_STRING, offsetof(AiotopQemuThread, name),
      .required = true },
    { "cpu-ns", MEMBER_COUNTER, offsetof(AiotopQemuThread, cpu_ns) },
};

static const AiotopQemuThread blank_thread = {
    .cpu_ns = AIOTOP_UNKNOWN,
    .idle_since_ns = AIOTOP_UNKNOWN,
    .run_queue_ns = AIOTOP_UNKNOWN,
};

const MemberList aiotop_reply_threads = {
    .what = "threads",
    .max = MAX_THREADS,
    .n_offset = offsetof(AiotopSnapshot, n_threads),
    .size = sizeof(AiotopQemuThread),
    .blank = &blank_thread,
    .members = thread_members,
    .n_members = G_N_ELEMENTS(thread_members),
};
