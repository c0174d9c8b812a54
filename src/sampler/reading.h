/*
 * From a reply, or a process, to a sample, in a thread of its own
 *
 * The thread shares snapshots with others, which never change, and nothing
 * else: all else belongs to the reading as long as it is under way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLER_READING_H
#define AIOTOP_SAMPLER_READING_H

#include <stdbool.h>
#include <gio/gio.h>
#include <json-c/json.h>

#include "qemu-aiotop/host/process.h"
#include "qemu-aiotop/model/sample.h"
#include "qemu-aiotop/sampling/sampling.h"

/* A reply, or a process, and all it takes to make a sample in another thread */
typedef struct AiotopSampleReading {
    json_object *value;
    /* Instead of a reply, if it is not profiled; the sampler's own */
    AiotopProcess *process;
    /* Of @process, or begun of the peer if it is sampled; the sampler's, too */
    AiotopSampling *sampling;
    /* The snapshot before it, or NULL */
    AiotopSnapshot *before;
    /* What is as it was in @before is left out of the reply */
    bool since;
    /* As in the sampler */
    AiotopIdentity peer;
    /* Whose profile it has to be; none for anybody's; and that of @before was */
    AiotopIdentity expected;
    bool continues;
    bool briefly;
    /* How often to look for stacks to add to a reply; 0: not at all */
    unsigned sample_hz;
} AiotopSampleReading;

/* For g_task_set_task_data() */
void aiotop_reading_free(gpointer reading);

/*
 * For g_task_run_in_thread(), with a reading as the task's data.  The task
 * returns an AiotopSample; NULL where QEMU left out what is in no earlier
 * snapshot, as counters began anew; or an error, of AIOTOP_PEER_ERROR if it is
 * not to be believed.
 */
void aiotop_reading_run(GTask *task, gpointer source, gpointer opaque,
                        GCancellable *cancellable);

/* The peer, if the snapshot is of it; a snapshot alone proves nothing */
AiotopIdentity aiotop_reading_local(const AiotopSnapshot *snapshot,
                                    const AiotopIdentity *peer);

#endif /* AIOTOP_SAMPLER_READING_H */
