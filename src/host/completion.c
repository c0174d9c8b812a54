/*
 * What the kernel of the same host knows, added to a snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/completion.h"

#include <string.h>

#include "owner.h"
#include "qemu-aiotop/host/choice.h"
#include "qemu-aiotop/host/descriptor.h"
#include "qemu-aiotop/host/discover.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/model/transfer.h"

/* From then on it is worth the effort to know what a thread waits for */
#define LONG_NS UINT64_C(10000000)
#define LONG_WRITE_NS UINT64_C(5000000000)
/* For the descriptors of threads, each, and of the oldest who write */
#define DESCRIBE_US 100000
#define MAX_WRITERS 4

/* In so many brief snapshots one after the other a thread is said to sleep on */
#define MAX_REPEATS 4

/* Of so many it is looked what they do: what is on the wire may be any number */
#define MAX_LOOPS 1024

/* Since when its thread has been busy with one thing, or AIOTOP_UNKNOWN */
static uint64_t busy_since_ns(const AiotopSnapshot *snapshot,
                              const AiotopLoop *loop)
{
    /* Not known without a profile; what follows from the loop is the rest */
    if (snapshot->host_only) {
        return loop->thread_id == snapshot->pid ? 0 : AIOTOP_UNKNOWN;
    }
    return loop->stack_depth ? loop->stack[0].since_ns
           : loop->thread_id == snapshot->bql.holder_thread_id
               ? snapshot->bql.held_since_ns
               : AIOTOP_UNKNOWN;
}

static bool is_past(const AiotopSnapshot *snapshot, uint64_t since_ns)
{
    return since_ns < snapshot->time_ns &&
           snapshot->time_ns - since_ns >= LONG_NS;
}

static bool has_waited(const AiotopSnapshot *snapshot, const AiotopLoop *loop)
{
    uint64_t since_ns = busy_since_ns(snapshot, loop);

    return (loop->thread.state == 'S' || loop->thread.state == 'D') &&
           is_past(snapshot, since_ns);
}

/* Whether the thread has been in the same call since, of which all is known */
static bool is_same_call(const AiotopThread *before, const AiotopThread *now)
{
    return *before->descriptor &&
           before->voluntary_switches == now->voluntary_switches &&
           aiotop_syscall_equal(&before->syscall, &now->syscall);
}

static const AiotopLoop *find_loop(const AiotopSnapshot *before, int64_t tid)
{
    for (unsigned i = 0; before && i < before->n_loops; i++) {
        if (before->loops[i].thread_id == tid) {
            return &before->loops[i];
        }
    }
    return NULL;
}

/* The thread as it was in @before, if it has been in the same call since */
static const AiotopThread *find_same_call(const AiotopSnapshot *before,
                                          const AiotopLoop *loop)
{
    const AiotopLoop *old = find_loop(before, loop->thread_id);

    return old && is_same_call(&old->thread, &loop->thread) ? &old->thread
                                                            : NULL;
}

/* @same: the thread as it was before, in the same call; or NULL */
static void describe_call(const char *root, const AiotopSnapshot *snapshot,
                          AiotopThread *thread, const AiotopThread *same)
{
    int fd = aiotop_syscall_fd(&thread->syscall);
    g_autofree char *text = NULL;
    const char *end;

    if (fd < 0) {
        return;
    }
    text =
        same ? g_strdup(same->descriptor)
             : aiotop_descriptor_describe(root, snapshot->pid, fd,
                                          g_get_monotonic_time() + DESCRIBE_US);
    if (text) {
        g_strlcpy(thread->descriptor, text, sizeof(thread->descriptor));
        /* Whole characters */
        g_utf8_validate(thread->descriptor, -1, &end);
        thread->descriptor[end - thread->descriptor] = '\0';
    }
}

/* The same wait as it was in @before */
static const AiotopWriter *find_same_writer(const AiotopSnapshot *before,
                                            const AiotopWriter *writer)
{
    for (unsigned i = 0; before && i < before->awaited.n_writers; i++) {
        const AiotopWriter *same = &before->awaited.writers[i];

        if (same->fd == writer->fd && same->since_ns == writer->since_ns &&
            same->descriptor) {
            return same;
        }
    }
    return NULL;
}

static void add_writers(const char *root, AiotopSnapshot *snapshot,
                        const AiotopSnapshot *before)
{
    int64_t deadline_us = g_get_monotonic_time() + DESCRIBE_US;
    AiotopAwaited *awaited = &snapshot->awaited;

    for (unsigned i = 0; i < MIN(awaited->n_writers, MAX_WRITERS); i++) {
        AiotopWriter *writer = &awaited->writers[i];
        uint64_t ns = aiotop_age_ns(snapshot->time_ns, writer->since_ns);
        const AiotopWriter *same = find_same_writer(before, writer);

        if (!writer->descriptor && writer->fd >= 0 && ns != AIOTOP_UNKNOWN &&
            ns >= LONG_WRITE_NS) {
            writer->descriptor =
                same ? g_strdup(same->descriptor)
                     : aiotop_descriptor_describe(root, snapshot->pid,
                                                  writer->fd, deadline_us);
        }
    }
}

static void add_tasks(const char *root, AiotopSnapshot *snapshot)
{
    g_autoptr(GArray) threads = aiotop_procfs_threads(root, snapshot->pid);

    aiotop_choice_make(root, threads, snapshot->pid, AIOTOP_CHOICE_MOST);
    g_free(snapshot->tasks);
    snapshot->tasks = g_new(AiotopTask, threads->len);
    snapshot->n_tasks = 0;
    for (unsigned i = 0; i < threads->len; i++) {
        snapshot->n_tasks += aiotop_procfs_task(
            root, snapshot->pid, g_array_index(threads, int64_t, i),
            &snapshot->tasks[snapshot->n_tasks]);
    }
}

/* So many devices are named, with so many bytes each */
#define MAX_OFFLOADED 4
#define MAX_NAME 64

/* As the command line tells; NULL if there are none */
static GRefString *find_offloaded(const char *root, int64_t pid)
{
    g_autoptr(AiotopProcess) process = aiotop_discover_process(root, pid);
    g_autoptr(GString) text = g_string_new(NULL);

    if (!process || !process->offloaded->len) {
        return NULL;
    }
    for (unsigned i = 0; i < process->offloaded->len && i < MAX_OFFLOADED;
         i++) {
        const char *name = process->offloaded->pdata[i];
        g_autofree char *valid =
            g_utf8_make_valid(name, strnlen(name, MAX_NAME));

        g_string_append_printf(text, "%s%s", i ? ", " : "", valid);
    }
    if (process->n_offloaded > MAX_OFFLOADED) {
        g_string_append_printf(text, " and %u more",
                               process->n_offloaded - MAX_OFFLOADED);
    }
    return g_ref_string_new(text->str);
}

/* What stays as it is while the process lives */
static void add_process(const char *root, AiotopSnapshot *snapshot,
                        const AiotopSnapshot *before)
{
    bool known = before && before->pid == snapshot->pid;

    if (known) {
        snapshot->offloaded =
            before->offloaded ? g_ref_string_acquire(before->offloaded) : NULL;
    } else {
        snapshot->offloaded = find_offloaded(root, snapshot->pid);
    }
    /* The last that is read: whose number it is now, it has been until here */
    aiotop_procfs_process(root, snapshot->pid, &snapshot->cpu_ns,
                          &snapshot->start_ns);
    snapshot->suspended_ns = aiotop_procfs_suspended_ns();
    if (known && snapshot->start_ns != before->start_ns) {
        g_clear_pointer(&snapshot->offloaded, g_ref_string_release);
        add_process(root, snapshot, NULL);
    }
}

/* Thread @i, where they are in the same order mostly; NULL if it is another */
static const AiotopQemuThread *find_before(const AiotopSnapshot *before,
                                           unsigned i,
                                           const AiotopQemuThread *thread)
{
    return before && i < before->n_threads &&
                   before->threads[i].thread_id == thread->thread_id
               ? &before->threads[i]
               : NULL;
}

static void add_saver(const char *root, AiotopSnapshot *snapshot,
                      const AiotopSnapshot *before)
{
    const AiotopQemuThread *saver = aiotop_transfer_saver(snapshot);

    if (saver && saver->idle_since_ns != AIOTOP_UNKNOWN) {
        aiotop_procfs_thread(root, snapshot->pid, saver->thread_id,
                             &snapshot->saver);
        describe_call(root, snapshot, &snapshot->saver,
                      before && is_same_call(&before->saver, &snapshot->saver)
                          ? &before->saver
                          : NULL);
    }
}

/* Also if it was read anew */
static bool is_same_receiver(const AiotopSnapshot *before,
                             const AiotopSnapshot *now)
{
    const AiotopSource *old = aiotop_transfer_receiver(before);
    const AiotopSource *receiver = aiotop_transfer_receiver(now);

    return old && receiver && before->pid == now->pid &&
           old->id == receiver->id && old->fd == receiver->fd &&
           old->last_ns == receiver->last_ns;
}

/* Descriptors of one that has not sent anything since stay what they are */
static void add_sender(const char *root, AiotopSnapshot *snapshot,
                       const AiotopSnapshot *before)
{
    const AiotopSource *receiver = aiotop_transfer_receiver(snapshot);
    g_autofree char *text = NULL;

    if (!receiver || receiver->fd < 0 ||
        aiotop_age_ns(snapshot->time_ns, receiver->last_ns) < LONG_WRITE_NS) {
        return;
    }
    if (before && before->sender && is_same_receiver(before, snapshot)) {
        snapshot->sender = g_ref_string_acquire(before->sender);
        return;
    }
    text = aiotop_descriptor_describe(root, snapshot->pid, receiver->fd,
                                      g_get_monotonic_time() + DESCRIBE_US);
    snapshot->sender = text ? g_ref_string_new(text) : NULL;
}

/* It has not run: its CPU time is in nanoseconds */
static bool has_stayed(uint64_t before_cpu_ns, uint64_t cpu_ns)
{
    return cpu_ns != AIOTOP_UNKNOWN && before_cpu_ns == cpu_ns;
}

/*
 * It has slept, and has not run since.  It may have been woken, and have no CPU
 * yet, so that it has to be looked up now and then.
 */
static bool may_sleep_on(const AiotopQemuThread *before, uint64_t cpu_ns)
{
    return before->state == 'S' && has_stayed(before->cpu_ns, cpu_ns) &&
           before->state_repeats < MAX_REPEATS;
}

/* One that has slept since did not wait for a CPU */
static void add_thread(const char *root, const AiotopSnapshot *snapshot,
                       AiotopQemuThread *thread, const AiotopQemuThread *before,
                       bool briefly)
{
    bool has_run = before && before->cpu_ns != thread->cpu_ns;
    const AiotopLoop *loop = find_loop(snapshot, thread->thread_id);
    AiotopTask task;

    if (briefly && before && may_sleep_on(before, thread->cpu_ns)) {
        thread->state = before->state;
        thread->state_repeats = before->state_repeats + 1;
    }
    if (!has_run && !thread->state &&
        aiotop_procfs_task(root, snapshot->pid, thread->thread_id, &task)) {
        thread->state = task.state;
    }
    if (loop && loop->run_queue_ns != AIOTOP_UNKNOWN) {
        thread->run_queue_ns = loop->run_queue_ns;
        return;
    }
    thread->run_queue_ns =
        before && before->run_queue_ns != AIOTOP_UNKNOWN && !has_run &&
                thread->cpu_ns != AIOTOP_UNKNOWN && thread->state == 'S'
            ? before->run_queue_ns
            : aiotop_procfs_run_queue_ns(root, snapshot->pid,
                                         thread->thread_id);
}

static bool has_ongoing_stall(const AiotopSnapshot *snapshot, int64_t thread_id)
{
    for (unsigned i = 0; i < snapshot->n_stalls; i++) {
        const AiotopStall *stall = &snapshot->stalls[i];

        if (stall->ongoing && stall->thread_id == thread_id) {
            return true;
        }
    }
    return false;
}

static bool is_asleep(const char *root, const AiotopSnapshot *snapshot,
                      const AiotopLoop *loop, const AiotopSnapshot *before)
{
    AiotopTask task;

    for (unsigned i = 0; i < MIN(before->n_threads, MAX_LOOPS); i++) {
        const AiotopQemuThread *thread = &before->threads[i];

        if (thread->thread_id == loop->thread_id &&
            may_sleep_on(thread, loop->cpu_ns)) {
            return true;
        }
    }
    return aiotop_procfs_task(root, snapshot->pid, loop->thread_id, &task) &&
           task.state == 'S';
}

/*
 * Its thread does what a loop's does: what that is need not be looked up. One
 * that says it waits, and has not gone round, may be blocked in the kernel.
 */
static bool goes_on(const char *root, const AiotopSnapshot *snapshot,
                    const AiotopLoop *loop, const AiotopSnapshot *before,
                    const AiotopLoop *old)
{
    return loop->iterations != AIOTOP_UNKNOWN &&
           (loop->state == AIOTOP_LOOP_WAITING ||
            loop->iterations != old->iterations) &&
           !is_past(snapshot, busy_since_ns(snapshot, loop)) &&
           !is_past(snapshot, loop->bh_pending_since_ns) &&
           !is_past(snapshot, loop->timer_deadline_ns) &&
           !has_ongoing_stall(snapshot, loop->thread_id) &&
           (loop->iterations != old->iterations ||
            is_asleep(root, snapshot, loop, before));
}

/* Whether it is one of those that go on, of which little is to be known */
static bool complete_briefly(const char *root, AiotopSnapshot *snapshot,
                             AiotopLoop *loop, const AiotopSnapshot *before)
{
    const AiotopLoop *old = find_loop(before, loop->thread_id);

    if (!old || !goes_on(root, snapshot, loop, before, old)) {
        return false;
    }
    loop->run_queue_ns =
        has_stayed(old->cpu_ns, loop->cpu_ns) &&
                old->run_queue_ns != AIOTOP_UNKNOWN
            ? old->run_queue_ns
            : aiotop_procfs_run_queue_ns(root, snapshot->pid, loop->thread_id);
    snapshot->denied |= before->denied;
    return true;
}

static void complete(const char *root, AiotopSnapshot *snapshot,
                     const AiotopSnapshot *before, bool briefly)
{
    bool wants_tasks = !snapshot->threads;

    for (unsigned i = 0; i < MIN(snapshot->n_loops, MAX_LOOPS); i++) {
        AiotopLoop *loop = &snapshot->loops[i];

        if (briefly && complete_briefly(root, snapshot, loop, before)) {
            continue;
        }
        aiotop_procfs_thread(root, snapshot->pid, loop->thread_id,
                             &loop->thread);
        loop->run_queue_ns = loop->thread.run_queue_ns;
        snapshot->denied |= loop->thread.denied;
        if (has_waited(snapshot, loop)) {
            describe_call(root, snapshot, &loop->thread,
                          find_same_call(before, loop));
            aiotop_owner_find(root, snapshot->pid, loop->thread_id,
                              &loop->thread);
            /* It may be a thread without a loop that does not go on */
            wants_tasks = true;
        }
    }
    for (unsigned i = 0; i < snapshot->n_threads; i++) {
        AiotopQemuThread *thread = &snapshot->threads[i];

        add_thread(root, snapshot, thread, find_before(before, i, thread),
                   briefly);
    }
    add_writers(root, snapshot, before);
    add_saver(root, snapshot, before);
    add_sender(root, snapshot, before);
    if (wants_tasks && !snapshot->host_only) {
        add_tasks(root, snapshot);
    }
    add_process(root, snapshot, before);
}

void aiotop_host_complete(const char *root, AiotopSnapshot *snapshot,
                          const AiotopSnapshot *before)
{
    complete(root, snapshot, before, false);
}

void aiotop_host_complete_briefly(const char *root, AiotopSnapshot *snapshot,
                                  const AiotopSnapshot *before)
{
    complete(root, snapshot, before, true);
}
