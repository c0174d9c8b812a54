/*
 * Threads that may be why another one waits
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "suspects.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/diagnose/thresholds.h"

#define MAX_SUSPECTS 3

static const AiotopTask *find_task(const AiotopSnapshot *snapshot,
                                   int64_t thread_id)
{
    for (unsigned i = 0; snapshot && i < snapshot->n_tasks; i++) {
        if (snapshot->tasks[i].thread_id == thread_id) {
            return &snapshot->tasks[i];
        }
    }
    return NULL;
}

const char *aiotop_thread_name(const AiotopSample *sample, int64_t thread_id)
{
    const AiotopSnapshot *now = sample->now;
    const AiotopLoopSample *loop = aiotop_sample_find_loop(sample, thread_id);
    const AiotopTask *task = find_task(now, thread_id);

    for (unsigned i = 0; i < now->n_threads; i++) {
        if (now->threads[i].thread_id == thread_id) {
            return now->threads[i].name;
        }
    }
    for (unsigned i = 0; i < now->bql.n_threads; i++) {
        if (now->bql.threads[i].thread_id == thread_id) {
            return now->bql.threads[i].name;
        }
    }
    return loop ? loop->now->name : task && *task->comm ? task->comm : NULL;
}

void aiotop_thread_append_name(GString *out, const AiotopSample *sample,
                               int64_t thread_id)
{
    const char *name = aiotop_thread_name(sample, thread_id);

    if (name) {
        g_string_append_printf(
            out, "%s (thread %" PRId64 "%s)", name, thread_id,
            g_str_has_prefix(name, "mig/") ? ", of the migration" : "");
    } else {
        g_string_append_printf(out, "thread %" PRId64, thread_id);
    }
}

uint64_t aiotop_thread_cpu_ns(const AiotopSample *sample, int64_t thread_id)
{
    const AiotopTask *now = find_task(sample->now, thread_id);
    const AiotopTask *before = find_task(sample->before, thread_id);
    const AiotopLoopSample *loop = aiotop_sample_find_loop(sample, thread_id);

    for (unsigned i = 0; i < sample->n_threads; i++) {
        if (sample->threads[i].now->thread_id == thread_id) {
            return sample->threads[i].cpu_ns;
        }
    }
    if (loop) {
        return loop->cpu_ns;
    }
    return now && before ? aiotop_difference(now->cpu_ns, before->cpu_ns)
                         : AIOTOP_UNKNOWN;
}

/* All the time: who samples stacks stops a thread for a moment, too */
static bool is_stopped(const Diagnosis *d G_GNUC_UNUSED, const AiotopTask *task,
                       const AiotopTask *before)
{
    return aiotop_state_is_stopped(task->state) && before &&
           aiotop_state_is_stopped(before->state) &&
           before->cpu_ns == task->cpu_ns;
}

/* All the time: one that works reads a disk, and is so for a moment, too */
static bool is_blocked(const Diagnosis *d G_GNUC_UNUSED, const AiotopTask *task,
                       const AiotopTask *before)
{
    return task->state == 'D' && before && before->state == 'D' &&
           before->cpu_ns == task->cpu_ns;
}

/* The guest's work in KVM holds up nobody: it is left as soon as it is told */
static bool takes_cpu(const Diagnosis *d, const AiotopTask *task,
                      const AiotopTask *before)
{
    uint64_t cpu_ns = before ? aiotop_difference(task->cpu_ns, before->cpu_ns)
                             : AIOTOP_UNKNOWN;
    const char *name;

    if (!(aiotop_share_percent(cpu_ns, d->sample->interval_ns) >
          AIOTOP_RULE_CPU_PERCENT)) {
        return false;
    }
    name = aiotop_thread_name(d->sample, task->thread_id);
    return !g_str_has_suffix(name ? name : "", "/KVM");
}

static const struct {
    bool (*is)(const Diagnosis *d, const AiotopTask *task,
               const AiotopTask *before);
    const char *says;
    /* Such a thread does not go on, whatever else there is */
    bool is_certain;
} signs[] = {
    { is_stopped, "is stopped (state %c), by a debugger or a signal", true },
    { is_blocked, "may be why: it is blocked in the kernel and can't be"
                  " interrupted (state %c)" },
    { takes_cpu, "may be why: it takes a whole CPU (state %c)" },
};

static void append_sign(GString *out, const char *says, char state)
{
    const char *at = strstr(says, "%c");

    g_string_append_len(out, says, at - says);
    g_string_append_c(out, state);
    g_string_append(out, at + strlen("%c"));
}

/* By their number: each of many loops may wait, and each asks of all threads */
static GHashTable *index_tasks(const AiotopSnapshot *snapshot)
{
    GHashTable *index = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (unsigned i = 0; snapshot && i < snapshot->n_tasks; i++) {
        AiotopTask *task = &snapshot->tasks[i];

        g_hash_table_insert(index, &task->thread_id, task);
    }
    return index;
}

int64_t aiotop_suspects_append(GString *out, const Diagnosis *d, int64_t except,
                               bool vcpus)
{
    const AiotopSnapshot *now = d->sample->now;
    g_autoptr(GHashTable) before = index_tasks(d->sample->before);
    int64_t certain = -1;
    unsigned n = 0;

    for (unsigned i = 0; !n && i < G_N_ELEMENTS(signs); i++) {
        for (unsigned j = 0; j < now->n_tasks && n < MAX_SUSPECTS; j++) {
            const AiotopTask *task = &now->tasks[j];

            if (task->thread_id == except ||
                !signs[i].is(d, task,
                             g_hash_table_lookup(before, &task->thread_id)) ||
                (vcpus && !aiotop_thread_is_vcpu(aiotop_thread_name(
                              d->sample, task->thread_id)))) {
                continue;
            }
            g_string_append(out, n++ ? ", and " : " ");
            aiotop_thread_append_name(out, d->sample, task->thread_id);
            g_string_append_c(out, ' ');
            append_sign(out, signs[i].says, task->state);
            if (signs[i].is_certain && certain < 0) {
                certain = task->thread_id;
            }
        }
        g_string_append(out, n ? "." : "");
    }
    return certain;
}
