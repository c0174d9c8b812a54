/*
 * What is awaited while loops are idle: block requests in flight, where they
 * are, and QMP commands that have no answer yet
 *
 * Plain data of a snapshot.  A list is NULL if QEMU does not tell, and not
 * NULL if it is empty.  Requests are tracked while QEMU is profiled: of one
 * that began before nothing is known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_AWAITED_H
#define QEMU_AIOTOP_MODEL_AWAITED_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/counter.h>

/* Where a request is */
typedef enum AiotopStage {
    /* A name that this program has no word for */
    AIOTOP_STAGE_OTHER,
    /* The node's driver works on it */
    AIOTOP_STAGE_DRIVER,
    /* Queued until a drained section ends */
    AIOTOP_STAGE_DRAINED,
    /* In the queue of a throttle group */
    AIOTOP_STAGE_THROTTLED,
    /* Waits for a request that overlaps with it */
    AIOTOP_STAGE_SERIALISING,
    /* Waits for another flush of the node */
    AIOTOP_STAGE_FLUSH,
    /* Waits to read the graph of nodes */
    AIOTOP_STAGE_GRAPH_LOCK,
    /* Queued for a thread of a pool, or such a thread works on it */
    AIOTOP_STAGE_POOL,
    AIOTOP_STAGE_WORKER,
    /* Submitted to the kernel, or gathered to be submitted */
    AIOTOP_STAGE_KERNEL,
    AIOTOP_STAGE_PLUGGED,
    /* Sent to a server, which is to answer */
    AIOTOP_STAGE_NETWORK,
    AIOTOP_N_STAGES,
} AiotopStage;

typedef struct AiotopRequest {
    uint64_t id;
    /* The request that it is a part of; 0 if it is none */
    uint64_t parent;
    GRefString *node;
    /* The guest's device that made it; NULL if it is not known, or none did */
    GRefString *device;
    /* "read", "flush", ..., as QEMU has it */
    GRefString *type;
    /* As QEMU has it: aiotop_stage_parse() knows most */
    GRefString *stage;
    /* When it began, and when its stage did; CLOCK_MONOTONIC, AIOTOP_UNKNOWN */
    uint64_t since_ns;
    uint64_t stage_since_ns;
    /* Bytes; below 0 if not known */
    int64_t offset;
    int64_t bytes;
    /* The thread that works on it; -1 if none is known */
    int64_t thread_id;
    /* Name of what it waits for, such as a throttle group; or NULL */
    GRefString *waits_for;
} AiotopRequest;

/* The requests of a node that are at one stage */
typedef struct AiotopNodeStage {
    GRefString *stage;
    uint32_t count;
    /* When the oldest of them began; CLOCK_MONOTONIC, AIOTOP_UNKNOWN */
    uint64_t since_ns;
} AiotopNodeStage;

/* A block node that has had a request since profiling began */
typedef struct AiotopNode {
    /* "(other)" for those that QEMU has no room for */
    GRefString *name;
    /* Its driver, such as "qcow2"; NULL if it is not known */
    GRefString *driver;
    /* The guest's device in front of it; NULL if it is not known, or none */
    GRefString *device;
    uint64_t in_flight;
    /* Requests that are over; AIOTOP_UNKNOWN */
    uint64_t completed;
    /* CLOCK_MONOTONIC; AIOTOP_UNKNOWN if none was */
    uint64_t last_completed_ns;
    AiotopNodeStage *stages;
    unsigned n_stages;
} AiotopNode;

/* The threads that do what would block a loop */
typedef struct AiotopPool {
    /* Whose context it serves */
    GRefString *loop;
    /* All AIOTOP_UNKNOWN if not known */
    uint64_t max_threads;
    uint64_t threads;
    uint64_t idle;
    uint64_t queued;
    /* Of the oldest in its queue, and the oldest that a thread works on */
    uint64_t queued_since_ns;
    uint64_t running_since_ns;
} AiotopPool;

typedef struct AiotopThrottleGroup {
    GRefString *name;
    uint64_t queued;
    /* Of the oldest in its queue; CLOCK_MONOTONIC, AIOTOP_UNKNOWN */
    uint64_t since_ns;
    bool timer_armed;
} AiotopThrottleGroup;

/* A QMP command that is not answered yet */
typedef struct AiotopCommand {
    GRefString *name;
    /* CLOCK_MONOTONIC; AIOTOP_UNKNOWN */
    uint64_t since_ns;
} AiotopCommand;

/* Who waits until a descriptor can be written */
typedef struct AiotopWriter {
    GRefString *name;
    /* NULL if it has none */
    GRefString *label;
    /* -1 if it is not known */
    int32_t fd;
    uint64_t since_ns;
    /* What is behind @fd, of one that has waited for long; NULL if not known */
    char *descriptor;
} AiotopWriter;

/* A thread that QEMU made, or the first one */
typedef struct AiotopQemuThread {
    int64_t thread_id;
    /* As QEMU named it; the loop's name if it is a loop */
    GRefString *name;
    /* Since it began; AIOTOP_UNKNOWN */
    uint64_t cpu_ns;
    /*
     * Since when it has not run, CLOCK_MONOTONIC, as far as earlier snapshots
     * tell; AIOTOP_UNKNOWN if it has since the last one; not on the wire
     */
    uint64_t idle_since_ns;
    /* For how long it was ready to run and had no CPU; the host tells */
    uint64_t run_queue_ns;
    /*
     * As in /proc, unless it has run since the snapshot before; 0 if unknown;
     * not on the wire
     */
    char state;
    /* In how many snapshots it was not looked up, but is that of the one before */
    unsigned state_repeats;
} AiotopQemuThread;

typedef struct AiotopAwaited {
    /* The oldest, oldest first */
    AiotopRequest *requests;
    unsigned n_requests;
    AiotopNode *nodes;
    unsigned n_nodes;
    AiotopPool *pools;
    unsigned n_pools;
    AiotopThrottleGroup *groups;
    unsigned n_groups;
    /* Oldest first */
    AiotopCommand *commands;
    unsigned n_commands;
    AiotopWriter *writers;
    unsigned n_writers;
    /* Requests that QEMU had no room to track, since profiling began */
    uint64_t untracked;
} AiotopAwaited;

/* "driver", "drained", ...; NULL for AIOTOP_STAGE_OTHER */
const char *aiotop_stage_name(AiotopStage stage);
/* The stage of that name; AIOTOP_STAGE_OTHER if there is none */
AiotopStage aiotop_stage_parse(const char *name);

/* The stage that the oldest request of @node is at; NULL if it has none */
const AiotopNodeStage *aiotop_node_oldest(const AiotopNode *node);

/* The first node of that name; NULL if there is none */
const AiotopNode *aiotop_awaited_find_node(const AiotopAwaited *awaited,
                                           const char *name);

/*
 * Requests by their number, to be unrefed before they are freed: what a peer
 * says of parents may go in a circle, and is long only if it is hostile
 */
GHashTable *aiotop_requests_index(const AiotopAwaited *awaited);
/* Steps from a request to its parent that are worth to be taken */
#define AIOTOP_REQUEST_MAX_DEPTH 16
/* The one that @request is a part of; NULL if it is none, or is not listed */
const AiotopRequest *aiotop_request_parent(GHashTable *index,
                                           const AiotopRequest *request);
/* The device that made it, or the one that it is a part of; or NULL */
const char *aiotop_request_device(GHashTable *index,
                                  const AiotopRequest *request);

/* The throttle group of that name; NULL if there is none; accepts NULL */
const AiotopThrottleGroup *aiotop_awaited_find_throttle(
    const AiotopAwaited *awaited, const char *name);

/* When the oldest request in flight began; AIOTOP_UNKNOWN if there is none */
uint64_t aiotop_awaited_oldest_ns(const AiotopAwaited *awaited);

/* QEMU tells of requests; it may still have none */
bool aiotop_awaited_known(const AiotopAwaited *awaited);

/* Frees what it has */
void aiotop_awaited_clear(AiotopAwaited *awaited);

#endif /* QEMU_AIOTOP_MODEL_AWAITED_H */
