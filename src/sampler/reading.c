/*
 * From a reply, or a process, to a sample
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "reading.h"

#include "qemu-aiotop/host/completion.h"
#include "qemu-aiotop/host/host-snapshot.h"
#include "qemu-aiotop/host/peer.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/wire/reply.h"

AiotopIdentity aiotop_reading_local(const AiotopSnapshot *snapshot,
                                    const AiotopIdentity *peer)
{
    return snapshot && snapshot->pid == peer->pid ? *peer
                                                  : (AiotopIdentity){ 0 };
}

void aiotop_reading_free(gpointer opaque)
{
    AiotopSampleReading *reading = opaque;

    json_object_put(reading->value);
    aiotop_process_free(reading->process);
    aiotop_sampling_unref(reading->sampling);
    aiotop_snapshot_unref(reading->before);
    g_free(reading);
}

/* Who only passes the profile on is not looked at */
static void add_stacks(AiotopSampleReading *reading, AiotopSnapshot *snapshot)
{
    AiotopIdentity process = aiotop_reading_local(snapshot, &reading->peer);

    if (process.pid) {
        if (!reading->sampling) {
            reading->sampling =
                aiotop_sampling_new(&process, reading->sample_hz, true);
        }
        aiotop_sampling_add_stacks(reading->sampling, snapshot);
    } else {
        snapshot->sampled.refused = g_ref_string_new(
            "it is not known to be a process of this host, in its PID name"
            " space");
    }
}

/* Adds what only the kernel of the same host knows */
static void add_local(const AiotopSampleReading *reading,
                      AiotopSnapshot *snapshot)
{
    AiotopIdentity process = aiotop_reading_local(snapshot, &reading->peer);

    if (!process.pid) {
        return;
    }
    if (reading->briefly) {
        aiotop_host_complete_briefly(AIOTOP_PROCFS_ROOT, snapshot,
                                     reading->before);
    } else {
        aiotop_host_complete(AIOTOP_PROCFS_ROOT, snapshot, reading->before);
    }
    if (process.start_ticks != AIOTOP_UNKNOWN &&
        snapshot->start_ns == aiotop_procfs_ticks_ns(process.start_ticks)) {
        return;
    }
    /* It has ended: what was read may be another one's */
    snapshot->cpu_ns = AIOTOP_UNKNOWN;
    snapshot->start_ns = AIOTOP_UNKNOWN;
    g_clear_pointer(&snapshot->offloaded, g_ref_string_release);
    snapshot->n_tasks = 0;
    snapshot->saver = (AiotopThread)AIOTOP_THREAD_UNKNOWN;
    g_clear_pointer(&snapshot->sender, g_ref_string_release);
    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        snapshot->loops[i].thread = (AiotopThread)AIOTOP_THREAD_UNKNOWN;
        snapshot->loops[i].run_queue_ns = AIOTOP_UNKNOWN;
    }
    for (unsigned i = 0; i < snapshot->n_threads; i++) {
        snapshot->threads[i].state = 0;
        snapshot->threads[i].run_queue_ns = AIOTOP_UNKNOWN;
    }
    for (unsigned i = 0; i < snapshot->awaited.n_writers; i++) {
        g_clear_pointer(&snapshot->awaited.writers[i].descriptor, g_free);
    }
}

/* A process has the same number for itself as long as it lives */
static bool is_known(const AiotopSampleReading *reading, int64_t pid)
{
    return reading->continues && !reading->before->host_only &&
           reading->before->pid == pid;
}

static AiotopSnapshot *read_snapshot(const AiotopSampleReading *reading,
                                     const AiotopSnapshot *previous,
                                     GError **error)
{
    AiotopSnapshot *snapshot;

    if (reading->process) {
        snapshot = aiotop_host_snapshot(
            AIOTOP_PROCFS_ROOT, reading->process, reading->before,
            g_get_monotonic_time() * UINT64_C(1000), error);

        if (snapshot && reading->sampling) {
            aiotop_sampling_complete(reading->sampling, snapshot);
        }
        return snapshot;
    }
    snapshot = aiotop_reply_read(reading->value, previous, error);
    if (snapshot && !is_known(reading, snapshot->pid) &&
        !aiotop_peer_is_itself(snapshot->pid, &reading->expected, error)) {
        g_clear_pointer(&snapshot, aiotop_snapshot_unref);
    }
    return snapshot;
}

/* Whether it is of a process of this host */
static bool is_local(const AiotopSampleReading *reading,
                     const AiotopSnapshot *snapshot)
{
    return snapshot->host_only ||
           aiotop_reading_local(snapshot, &reading->peer).pid;
}

void aiotop_reading_run(GTask *task, gpointer source G_GNUC_UNUSED,
                        gpointer opaque,
                        GCancellable *cancellable G_GNUC_UNUSED)
{
    AiotopSampleReading *reading = opaque;
    const AiotopSnapshot *previous = reading->since ? reading->before : NULL;
    g_autoptr(AiotopSnapshot) snapshot = NULL;
    AiotopSample *sample = NULL;
    GError *error = NULL;

    snapshot = read_snapshot(reading, previous, &error);
    /* Here, where its memory is at hand */
    g_clear_pointer(&reading->value, json_object_put);
    if (!snapshot) {
        g_task_return_error(task, error);
        return;
    }
    if (reading->before) {
        aiotop_snapshot_carry_over_idle(snapshot, reading->before);
    }
    /* What a new beginning leaves out was in no earlier snapshot */
    if (!previous || aiotop_snapshot_same_period(previous, snapshot)) {
        if (!snapshot->host_only) {
            add_local(reading, snapshot);
        }
        if (reading->sample_hz && !snapshot->host_only) {
            add_stacks(reading, snapshot);
        }
        if (!reading->briefly && is_local(reading, snapshot)) {
            snapshot->steal_ns = aiotop_procfs_steal_ns(AIOTOP_PROCFS_ROOT);
        }
        sample = aiotop_sample_new(reading->before, snapshot);
        sample->real_time_us = g_get_real_time();
    }
    g_task_return_pointer(task, sample, (GDestroyNotify)aiotop_sample_free);
}
