/*
 * The host sampler
 *
 *   look --- on_looked ---> begin_round ---> all have answered, or on_deadline
 *              (the first)      ^                        |
 *                               |                        v
 *                               +--- on_round_due --- end_round
 *
 * Each round begins with a look for QEMUs, unless the last one is still under
 * way, and at what the host is short of; what it finds is asked from the next
 * round on.  A look that does not come back by the deadline is not waited for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/sampler/host-sampler.h"

#include <gio/gio.h>

#include "qemu-aiotop/host/discover.h"
#include "qemu-aiotop/host/load.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/wire/timer.h"
#include "admission.h"
#include "watched.h"

/* A look for QEMUs, in a thread of its own */
typedef struct Look {
    /* NULL if nobody waits for it any more */
    AiotopHostSampler *host;
    /* The round that it began with */
    int64_t round_us;
} Look;

/* What it found; and before that, what was found the last time */
typedef struct Found {
    GPtrArray *processes;
    unsigned number;
    AiotopHostLoad load;
} Found;

struct AiotopHostSampler {
    AiotopHostSamplerConfig config;
    /* What each is asked for */
    AiotopSamplerConfig each;
    GMainContext *context;
    /* Of AiotopWatched */
    GPtrArray *watched;
    /* Of AiotopVm: as it was published last */
    GPtrArray *vms;
    Look *look;
    AiotopHostInterval load;
    unsigned left_out;
    /* Of AiotopProcess, as the last look found them; and how many there were */
    GPtrArray *known;
    unsigned n_looks;
    bool has_looked;
    /* The next round need not look: one has just come back */
    bool is_fresh;
    bool paused;
    bool in_round;
    int64_t round_us;
    /* The next round, or that the first look is overdue */
    GSource *timer;
    /* Of the round that is under way */
    GSource *deadline;
};

static void begin_round(AiotopHostSampler *host);

static void free_watched(gpointer watched)
{
    aiotop_watched_free(watched);
}

static gboolean on_round_due(gpointer opaque)
{
    AiotopHostSampler *host = opaque;

    aiotop_timer_clear(&host->timer);
    begin_round(host);
    return G_SOURCE_REMOVE;
}

static void schedule(AiotopHostSampler *host)
{
    int64_t due_us = host->round_us + host->config.interval_ms * INT64_C(1000);
    int64_t left_us = MAX(due_us - g_get_monotonic_time(), 0);

    aiotop_timer_set(&host->timer, host->context, left_us / 1000,
                     G_PRIORITY_DEFAULT, on_round_due, host);
}

static int compare_vms(const void *a, const void *b)
{
    return aiotop_vm_compare(*(AiotopVm *const *)a, *(AiotopVm *const *)b);
}

static void publish(AiotopHostSampler *host)
{
    int64_t now_us = g_get_monotonic_time();
    int64_t patience_us = host->config.deadline_ms * INT64_C(1000);
    GPtrArray *vms = aiotop_vms_new();

    for (unsigned i = 0; i < host->watched->len; i++) {
        g_ptr_array_add(vms, aiotop_watched_publish(host->watched->pdata[i],
                                                    now_us, patience_us));
    }
    g_ptr_array_sort(vms, compare_vms);
    g_ptr_array_unref(host->vms);
    host->vms = vms;
}

/* The last thing that is done in a turn: the handler may free the sampler */
static void end_round(AiotopHostSampler *host)
{
    host->in_round = false;
    aiotop_timer_clear(&host->deadline);
    publish(host);
    schedule(host);
    host->config.handler->round(host, host->config.opaque);
}

static gboolean on_deadline(gpointer opaque)
{
    /* Which removes this source */
    end_round(opaque);
    return G_SOURCE_REMOVE;
}

static void end_round_if_done(AiotopHostSampler *host)
{
    if (host->look && host->look->round_us == host->round_us) {
        return;
    }
    for (unsigned i = 0; i < host->watched->len; i++) {
        if (aiotop_watched_is_awaited(host->watched->pdata[i])) {
            return;
        }
    }
    end_round(host);
}

static void on_done(void *opaque)
{
    AiotopHostSampler *host = opaque;

    if (host->in_round) {
        end_round_if_done(host);
    }
}

/* The look has it, if it is still there: NULL if it is another process now */
static const AiotopProcess *find_process(const GPtrArray *processes,
                                         const AiotopWatched *watched)
{
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];
        const AiotopIdentity identity = { process->pid, process->start_ticks };

        if (aiotop_watched_is(watched, &identity)) {
            return process;
        }
    }
    return NULL;
}

static bool is_watched(const AiotopProcess *process, const void *opaque)
{
    const AiotopHostSampler *host = opaque;
    const AiotopIdentity identity = { process->pid, process->start_ticks };

    for (unsigned i = 0; i < host->watched->len; i++) {
        if (aiotop_watched_is(host->watched->pdata[i], &identity)) {
            return true;
        }
    }
    return false;
}

static void take_processes(AiotopHostSampler *host, const GPtrArray *processes)
{
    g_autoptr(GPtrArray) admitted = NULL;

    for (unsigned i = host->watched->len; i-- > 0;) {
        AiotopWatched *watched = host->watched->pdata[i];
        const AiotopProcess *process = find_process(processes, watched);

        if (process) {
            aiotop_watched_update(watched, process);
        } else {
            g_ptr_array_remove_index_fast(host->watched, i);
        }
    }
    admitted = aiotop_admission(processes, host->config.max_vms,
                                host->config.max_vms_of_owner, is_watched, host,
                                &host->left_out);
    for (unsigned i = 0; i < admitted->len; i++) {
        g_ptr_array_add(
            host->watched,
            aiotop_watched_new(admitted->pdata[i], &host->each, on_done, host));
    }
}

static bool is_of_users(const AiotopProcess *process, const GArray *users)
{
    for (unsigned i = 0; users && i < users->len; i++) {
        if (g_array_index(users, uint32_t, i) == process->owner) {
            return true;
        }
    }
    return !users;
}

/* The array does not own them */
static GPtrArray *choose(const AiotopHostSampler *host,
                         const GPtrArray *processes)
{
    GPtrArray *chosen = g_ptr_array_new();

    for (unsigned i = 0; i < processes->len; i++) {
        if (is_of_users(processes->pdata[i], host->config.users)) {
            g_ptr_array_add(chosen, processes->pdata[i]);
        }
    }
    return chosen;
}

static void free_found(gpointer opaque)
{
    Found *found = opaque;

    g_ptr_array_unref(found->processes);
    g_free(found);
}

static void run_look(GTask *task, gpointer source G_GNUC_UNUSED, gpointer data,
                     GCancellable *cancellable G_GNUC_UNUSED)
{
    const Found *before = data;
    Found *found = g_new(Found, 1);

    found->processes = aiotop_discover_again(AIOTOP_PROCFS_ROOT,
                                             before->processes, before->number);
    aiotop_host_load_read(AIOTOP_PROCFS_ROOT,
                          g_get_monotonic_time() * UINT64_C(1000),
                          &found->load);
    g_task_return_pointer(task, found, free_found);
}

static void on_looked(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                      gpointer opaque)
{
    Found *found = g_task_propagate_pointer(G_TASK(result), NULL);
    g_autofree Look *look = opaque;
    AiotopHostSampler *host = look->host;
    g_autoptr(GPtrArray) chosen = NULL;

    if (!host) {
        free_found(found);
        return;
    }
    host->look = NULL;
    host->load.before = host->load.now;
    host->load.now = found->load;
    chosen = choose(host, found->processes);
    take_processes(host, chosen);
    g_ptr_array_unref(host->known);
    host->known = g_ptr_array_ref(found->processes);
    free_found(found);
    if (!host->has_looked) {
        host->has_looked = true;
        host->is_fresh = true;
        if (!host->paused) {
            begin_round(host);
        }
    } else if (host->in_round) {
        /* It was awaited itself, and one that was may be gone */
        end_round_if_done(host);
    }
}

static GPtrArray *new_processes(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)aiotop_process_free);
}

static void look_for_processes(AiotopHostSampler *host)
{
    g_autoptr(GTask) task = NULL;
    Found *before;

    if (host->look) {
        return;
    }
    host->look = g_new(Look, 1);
    *host->look = (Look){ host, host->round_us };
    before = g_new0(Found, 1);
    before->processes = g_steal_pointer(&host->known);
    before->number = host->n_looks++;
    host->known = new_processes();
    task = g_task_new(NULL, NULL, on_looked, host->look);
    g_task_set_task_data(task, before, free_found);
    g_task_run_in_thread(task, run_look);
}

static void begin_round(AiotopHostSampler *host)
{
    aiotop_timer_clear(&host->timer);
    host->round_us = g_get_monotonic_time();
    if (!host->is_fresh) {
        look_for_processes(host);
    }
    host->is_fresh = false;
    if (!host->has_looked) {
        /* It has not come: nothing is known, and that is said */
        end_round(host);
        return;
    }
    host->in_round = true;
    aiotop_timer_set(&host->deadline, host->context, host->config.deadline_ms,
                     AIOTOP_QMP_PRIORITY_OVERDUE, on_deadline, host);
    for (unsigned i = 0; i < host->watched->len; i++) {
        aiotop_watched_ask(host->watched->pdata[i], host->round_us);
    }
    end_round_if_done(host);
}

AiotopHostSampler *aiotop_host_sampler_new(
    const AiotopHostSamplerConfig *config)
{
    AiotopHostSampler *host = g_new(AiotopHostSampler, 1);

    *host = (AiotopHostSampler){
        .config = *config,
        .each = {
            .loops_only = config->loops_only,
            .request_ns = config->request_ns,
            .no_histograms = config->no_histograms,
            .max_sources = config->max_sources,
            .briefly = true,
            .timeouts = config->timeouts,
        },
        .context = g_main_context_ref_thread_default(),
        .watched = g_ptr_array_new_with_free_func(free_watched),
        .vms = aiotop_vms_new(),
        .known = new_processes(),
    };
    if (!host->config.deadline_ms) {
        host->config.deadline_ms = AIOTOP_ROUND_DEADLINE_MS;
    }
    look_for_processes(host);
    aiotop_timer_set(&host->timer, host->context, config->timeouts->reply_ms,
                     AIOTOP_QMP_PRIORITY_OVERDUE, on_round_due, host);
    return host;
}

void aiotop_host_sampler_free(AiotopHostSampler *host)
{
    if (!host) {
        return;
    }
    if (host->look) {
        host->look->host = NULL;
    }
    aiotop_timer_clear(&host->timer);
    aiotop_timer_clear(&host->deadline);
    g_ptr_array_unref(host->watched);
    g_ptr_array_unref(host->vms);
    g_ptr_array_unref(host->known);
    g_main_context_unref(host->context);
    g_free(host);
}

GPtrArray *aiotop_host_sampler_vms(const AiotopHostSampler *host)
{
    return host->vms;
}

unsigned aiotop_host_sampler_left_out(const AiotopHostSampler *host)
{
    return host->left_out;
}

AiotopHostInterval aiotop_host_sampler_load(const AiotopHostSampler *host)
{
    return host->load;
}

bool aiotop_host_sampler_has_looked(const AiotopHostSampler *host)
{
    return host->has_looked;
}

void aiotop_host_sampler_set_interval(AiotopHostSampler *host,
                                      unsigned interval_ms)
{
    host->config.interval_ms = interval_ms;
    if (host->has_looked && !host->in_round && !host->paused) {
        schedule(host);
    }
}

void aiotop_host_sampler_hurry(AiotopHostSampler *host)
{
    if (host->has_looked && !host->in_round && !host->paused) {
        aiotop_timer_set(&host->timer, host->context, 0, G_PRIORITY_DEFAULT,
                         on_round_due, host);
    }
}

void aiotop_host_sampler_pause(AiotopHostSampler *host,
                               const AiotopIdentity *lent)
{
    host->paused = true;
    host->in_round = false;
    aiotop_timer_clear(&host->timer);
    aiotop_timer_clear(&host->deadline);
    for (unsigned i = 0; i < host->watched->len; i++) {
        if (aiotop_watched_is(host->watched->pdata[i], lent)) {
            aiotop_watched_lend(host->watched->pdata[i]);
        }
    }
}

void aiotop_host_sampler_resume(AiotopHostSampler *host)
{
    host->paused = false;
    for (unsigned i = 0; i < host->watched->len; i++) {
        aiotop_watched_take_back(host->watched->pdata[i]);
    }
    aiotop_host_sampler_hurry(host);
}
