/*
 * Diagnosis: the words about requests in flight
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words-awaited.h"

#include <inttypes.h>
#include <string.h>

#include "suspects.h"
#include "wait-kind.h"
#include "words.h"

#include "qemu-aiotop/diagnose/thresholds.h"

#define NS_PER_S UINT64_C(1000000000)

static uint64_t age_ns(const AiotopSample *sample, uint64_t since_ns)
{
    return aiotop_age_ns(sample->now->time_ns, since_ns);
}

/* Where a request is, as the end of a sentence that begins with it */
static const char *stage_words(AiotopStage stage)
{
    static const char *const words[AIOTOP_N_STAGES] = {
        [AIOTOP_STAGE_DRIVER] = "in the node's driver",
        [AIOTOP_STAGE_DRAINED] = "queued until a drained section ends",
        [AIOTOP_STAGE_THROTTLED] = "in the queue of a throttle group",
        [AIOTOP_STAGE_SERIALISING] = "behind another request that overlaps",
        [AIOTOP_STAGE_FLUSH] = "behind another flush of the node",
        [AIOTOP_STAGE_GRAPH_LOCK] = "waiting to read the graph of block nodes",
        [AIOTOP_STAGE_POOL] = "queued for a thread of the pool",
        [AIOTOP_STAGE_WORKER] = "in a system call of a thread of the pool",
        [AIOTOP_STAGE_KERNEL] = "submitted to the host's kernel, which has not"
                                " completed it",
        [AIOTOP_STAGE_PLUGGED] = "gathered, and not submitted to the kernel",
        [AIOTOP_STAGE_NETWORK] = "sent to a server that has not answered",
    };

    return words[stage];
}

/* NULL if QEMU does not tell */
static const char *driver_of(const RequestGroup *group)
{
    return group->node ? group->node->driver : NULL;
}

/* Whether it asks another host, or a program, and has no stage for that */
static bool asks_server(const RequestGroup *group)
{
    static const char *const drivers[] = {
        "ftp",  "ftps", "gluster", "http", "https", "iscsi",
        "iser", "nbd",  "nfs",     "rbd",  "ssh",   "virtio-blk-vhost-user",
        NULL,
    };
    const char *driver = driver_of(group);

    return driver && g_strv_contains(drivers, driver);
}

static void append_stage(GString *out, const RequestGroup *group)
{
    const char *words = stage_words(group->stage);
    const char *waits_for = group->oldest->waits_for;

    if (group->stage == AIOTOP_STAGE_THROTTLED && waits_for) {
        g_string_append_printf(out, "in the queue of throttle group %s",
                               waits_for);
    } else if (group->stage == AIOTOP_STAGE_DRIVER && driver_of(group)) {
        g_string_append_printf(out, "in the node's driver, %s",
                               driver_of(group));
    } else if (words) {
        g_string_append(out, words);
    } else {
        g_string_append_printf(out, "at the stage %s", group->oldest->stage);
    }
}

void aiotop_word_append_node(GString *out, const char *node, const char *device)
{
    g_string_append_printf(out, "node %s", node);
    if (device) {
        g_string_append_printf(out, " (device %s)", device);
    }
}

void aiotop_word_append_count(GString *out, unsigned n)
{
    g_string_append_printf(out, "%u request%s", n, n == 1 ? "" : "s");
}

void aiotop_word_append_more_nodes(GString *out, unsigned n)
{
    if (n > AIOTOP_WORDS_MAX_NODES) {
        unsigned more = n - AIOTOP_WORDS_MAX_NODES;

        g_string_append_printf(out, "; and %u more node%s", more,
                               more == 1 ? "" : "s");
    }
}

void aiotop_word_append_in_flight(GString *out, const Diagnosis *d,
                                  const AiotopLoop *loop)
{
    uint64_t since_ns = aiotop_wait_since_ns(d, loop);
    g_autoptr(GArray) groups = aiotop_requests_older(d->sample->now, 0);
    unsigned n = 0;

    for (unsigned i = 0; i < groups->len && n < AIOTOP_WORDS_MAX_NODES; i++) {
        const RequestGroup *group = &g_array_index(groups, RequestGroup, i);

        /* Who drains is waited for by these, not the other way round */
        if (group->stage == AIOTOP_STAGE_DRAINED ||
            !aiotop_wait_may_be_for(since_ns, group->oldest->since_ns)) {
            continue;
        }
        g_string_append(out, n++ ? "; " : " In flight: ");
        aiotop_word_append_count(out, group->n);
        g_string_append(out, " of ");
        aiotop_word_append_node(out, group->oldest->node, group->device);
        g_string_append(out, ", ");
        append_stage(out, group);
        g_string_append_printf(out, ", for %s", TIME(group->age_ns));
    }
    g_string_append(out, n ? "." : "");
}

void aiotop_word_append_last(GString *out, const Diagnosis *d,
                             const AiotopNode *node)
{
    uint64_t ns =
        node ? age_ns(d->sample, node->last_completed_ns) : AIOTOP_UNKNOWN;

    if (ns != AIOTOP_UNKNOWN) {
        g_string_append_printf(
            out, " The node last completed a request %s ago.", TIME(ns));
    } else if (node && node->completed == 0) {
        g_string_append(out, " The node has not completed any request since"
                             " profiling began.");
    }
}

void aiotop_word_append_behind(GString *out, const RequestGroup *group)
{
    unsigned n = group->behind ? group->behind->len : 0;

    for (unsigned i = 0; i < MIN(n, AIOTOP_WORDS_MAX_NODES); i++) {
        const RequestGroup *behind = group->behind->pdata[i];

        g_string_append(out, i ? "; " : " Behind that: ");
        aiotop_word_append_count(out, behind->n);
        g_string_append(out, " of ");
        aiotop_word_append_node(out, behind->oldest->node, behind->device);
        g_string_append(out, ", ");
        append_stage(out, behind);
        g_string_append_printf(out, ", for %s", TIME(behind->age_ns));
    }
    aiotop_word_append_more_nodes(out, n);
    g_string_append(out, n ? "." : "");
}

static void settle_throttled(AiotopFinding *finding, GString *evidence,
                             const Diagnosis *d, const RequestGroup *group)
{
    const char *name = group->oldest->waits_for;
    const AiotopThrottleGroup *throttle =
        aiotop_awaited_find_throttle(&d->sample->now->awaited, name);

    if (throttle && !throttle->timer_armed) {
        g_string_append_printf(evidence,
                               " No timer is set that would let the next"
                               " request of %s go.",
                               name);
        aiotop_word_settle(finding, evidence,
                           "Nobody lets these requests go on, which is a bug"
                           " in QEMU: report it. Another request of the group"
                           " may set its timer again.");
        return;
    }
    if (throttle) {
        g_string_append_printf(evidence, " %" PRIu64 " wait in that group.",
                               throttle->queued);
    }
    if (group->is_let_go) {
        g_string_append_printf(evidence,
                               " It lets them go one after the other: these"
                               " are its limits at work.");
        aiotop_word_settle(finding, evidence,
                           "Nothing is stuck: more is asked of the disk than"
                           " the limits of %s let through, as they are meant"
                           " to. Look at who asks for so much.",
                           name);
        return;
    }
    if (finding->goes_on) {
        g_string_append(evidence, " Its timer is set: it holds them back as"
                                  " its limits have it, and will let them"
                                  " go.");
    }
    aiotop_word_settle(finding, evidence,
                       "Look at the limits of %s, whether they are meant to"
                       " hold a request back for so long (query-block or"
                       " qom-get limits on the monitor).",
                       name ? name : "the throttle group");
}

/* Those that are as old */
static void append_commands(GString *out, const AiotopSample *sample,
                            uint64_t min_ns)
{
    const AiotopAwaited *awaited = &sample->now->awaited;
    unsigned n = 0;

    for (unsigned i = 0; i < awaited->n_commands && n < AIOTOP_WORDS_MAX_NODES;
         i++) {
        uint64_t ns = age_ns(sample, awaited->commands[i].since_ns);

        if (!aiotop_rule_exceeds(ns, min_ns)) {
            continue;
        }
        n++;
        g_string_append_printf(out,
                               " The monitor's command %s has had no answer"
                               " for %s.",
                               awaited->commands[i].name, TIME(ns));
    }
}

void aiotop_word_append_commands(GString *out, const AiotopSample *sample)
{
    append_commands(out, sample, AIOTOP_RULE_COMMAND_S * NS_PER_S);
}

/* Nothing is wrong yet with a request that takes long by design */
static void settle_long(AiotopFinding *finding, GString *evidence,
                        const char *type, const char *node)
{
    if (strcmp(type, "ioctl") == 0) {
        aiotop_word_settle(finding, evidence,
                           "A command of the guest's to its device, such as a"
                           " rewind or an erase, may take long. If it does not"
                           " end, look at the device behind %s.",
                           node);
    } else if (strcmp(type, "truncate") == 0) {
        aiotop_word_settle(finding, evidence,
                           "The size of %s changes, which may take long, as"
                           " with preallocation all of it is written. If it"
                           " does not end, look at the storage behind it.",
                           node);
    } else if (strcmp(type, "discard") == 0) {
        aiotop_word_settle(finding, evidence,
                           "To discard much may take long. If it does not end,"
                           " look at the storage behind %s.",
                           node);
    } else {
        aiotop_word_settle(finding, evidence,
                           "It is a part of what may take long: a change of"
                           " size, a discard, or a command of the guest's. If"
                           " it does not end, look at the storage behind %s.",
                           node);
    }
}

static void settle_server(AiotopFinding *finding, GString *evidence,
                          const char *node)
{
    aiotop_word_settle(finding, evidence,
                       "Look at the server that %s is on, whether it runs and"
                       " answers, and at the network between.",
                       node);
}

/* @node: as a name */
static void settle_io(AiotopFinding *finding, GString *evidence,
                      const Diagnosis *d, const RequestGroup *group,
                      const char *node)
{
    if (aiotop_word_append_writer(evidence, d, group)) {
        settle_server(finding, evidence, node);
        return;
    }
    if (finding->goes_on && group->stage != AIOTOP_STAGE_THROTTLED) {
        settle_long(finding, evidence, group->oldest->type, node);
        return;
    }
    if (group->stage == AIOTOP_STAGE_DRIVER && asks_server(group)) {
        settle_server(finding, evidence, node);
        return;
    }
    switch (group->stage) {
    case AIOTOP_STAGE_NETWORK:
        settle_server(finding, evidence, node);
        break;
    case AIOTOP_STAGE_WORKER:
    case AIOTOP_STAGE_KERNEL:
        aiotop_word_settle(finding, evidence,
                           "Look at the file or disk behind %s: the host's"
                           " kernel has not completed what it was asked for. A"
                           " network file system whose server is gone, or a"
                           " disk that fails, shows in dmesg.",
                           node);
        break;
    case AIOTOP_STAGE_THROTTLED:
        settle_throttled(finding, evidence, d, group);
        break;
    case AIOTOP_STAGE_DRAINED:
    case AIOTOP_STAGE_GRAPH_LOCK:
        append_commands(evidence, d->sample, 0);
        aiotop_word_settle(finding, evidence,
                           "Look for what holds %s: a command or a job that"
                           " has drained it, or changes the graph, and is not"
                           " over (query-jobs on the monitor).",
                           node);
        break;
    case AIOTOP_STAGE_SERIALISING:
    case AIOTOP_STAGE_FLUSH:
        aiotop_word_settle(finding, evidence,
                           "It goes on when the other one ends: look at what"
                           " else works on %s, a job such as a backup, and the"
                           " disk that it writes to.",
                           node);
        break;
    case AIOTOP_STAGE_PLUGGED:
        aiotop_word_settle(finding, evidence,
                           "Nobody has submitted it, which is a bug in QEMU:"
                           " report it. Another request of %s may take it"
                           " along.",
                           node);
        break;
    case AIOTOP_STAGE_POOL:
        aiotop_word_settle(finding, evidence,
                           "Look at what the threads of the pool do, and at"
                           " the file or disk behind %s.",
                           node);
        break;
    default:
        aiotop_word_settle(finding, evidence,
                           "Look at the storage behind %s, a file, a disk or a"
                           " server: its driver waits for that.",
                           node);
        break;
    }
}

static const char *article(const char *word)
{
    return *word && strchr("aeiou", *word) ? "an" : "a";
}

void aiotop_word_io_stuck(AiotopFinding *finding, const Diagnosis *d,
                          const RequestGroup *group)
{
    const AiotopRequest *oldest = group->oldest;
    GString *out = g_string_new(NULL);

    aiotop_word_append_count(out, group->n);
    g_string_append(out, " of ");
    aiotop_word_append_node(out, oldest->node, group->device);
    g_string_append(out, group->n == 1
                             ? " has been in flight for "
                             : " have been in flight, the oldest for ");
    g_string_append_printf(out, "%s", TIME(group->age_ns));
    g_string_append_printf(out, ", over the limit of %s: %s %s",
                           TIME(aiotop_rule_too_old_ns(oldest, d->request_ns)),
                           article(oldest->type), oldest->type);
    if (oldest->bytes > 0 && oldest->offset >= 0) {
        g_string_append_printf(out, " of %" PRId64 " bytes at %" PRId64,
                               oldest->bytes, oldest->offset);
    }
    g_string_append(out, ", ");
    append_stage(out, group);
    if (oldest->thread_id > 0) {
        g_string_append(out, ", ");
        aiotop_thread_append_name(out, d->sample, oldest->thread_id);
        finding->stack_thread_id = oldest->thread_id;
    }
    g_string_append_c(out, '.');
    aiotop_word_append_last(out, d, group->node);
    aiotop_word_append_behind(out, group);
    settle_io(finding, out, d, group, oldest->node);
}

/* The disks first; nodes that stand for a part of one are left out */
static bool is_shown(const AiotopSample *sample, const AiotopNode *node)
{
    for (unsigned i = 0; i < sample->n_nodes; i++) {
        if (sample->nodes[i].now->device) {
            return node->device;
        }
    }
    return true;
}

void aiotop_word_append_requests(GString *out, const AiotopSample *sample)
{
    unsigned n = 0, shown = 0;

    for (unsigned i = 0; i < sample->n_nodes; i++) {
        const AiotopNode *node = sample->nodes[i].now;
        const AiotopNodeStage *oldest = aiotop_node_oldest(node);
        uint64_t last_ns = age_ns(sample, node->last_completed_ns);

        if (!is_shown(sample, node) || ++n > AIOTOP_WORDS_MAX_NODES) {
            continue;
        }
        g_string_append(out, shown++ ? "; " : " Requests in flight: ");
        aiotop_word_append_node(out, node->name, node->device);
        g_string_append_printf(out, " %" PRIu64, node->in_flight);
        if (oldest && node->in_flight) {
            g_string_append_printf(out, " (the oldest for %s)",
                                   TIME(age_ns(sample, oldest->since_ns)));
        }
        if (last_ns != AIOTOP_UNKNOWN) {
            g_string_append_printf(out, ", the last one done %s ago",
                                   TIME(last_ns));
        }
    }
    aiotop_word_append_more_nodes(out, n);
    g_string_append(out, shown ? "." : "");
}
