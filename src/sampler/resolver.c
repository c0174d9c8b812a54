/*
 * The resolver: finds out what a target stands for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "resolver.h"

#include <gio/gio.h>
#include <inttypes.h>

#include "qemu-aiotop/host/discover.h"
#include "qemu-aiotop/host/peer.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/target.h"
#include "qemu-aiotop/wire/framing.h"
#include "qemu-aiotop/wire/timer.h"

struct AiotopResolver {
    int ref_count;
    GMainContext *context;
    AiotopSamplerResolve *resolve;
    char *target;
    AiotopResolverDone *done;
    void *opaque;
    /* While done() is to come */
    GSource *overdue;
    /* A thread looks, perhaps for longer */
    bool looking;
    unsigned timeout_ms;
};

/* The thread's, as long as it looks */
typedef struct Look {
    AiotopSamplerResolve *resolve;
    char *target;
    AiotopResolved resolved;
} Look;

static void unref(AiotopResolver *resolver)
{
    if (--resolver->ref_count == 0) {
        g_main_context_unref(resolver->context);
        g_free(resolver->target);
        g_free(resolver);
    }
}

static void free_look(gpointer opaque)
{
    Look *look = opaque;

    g_free(look->target);
    g_free(look->resolved.address);
    aiotop_process_free(look->resolved.host);
    g_free(look);
}

static bool find_host(AiotopResolved *resolved, GError **error)
{
    const AiotopIdentity *process = &resolved->process;

    resolved->host = aiotop_discover_process(AIOTOP_PROCFS_ROOT, process->pid);
    if (!resolved->host ||
        resolved->host->start_ticks != process->start_ticks) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND,
                    "process %" PRId64 " has ended", process->pid);
        return false;
    }
    return true;
}

/* To the process itself, if it is known which one is meant */
static bool find_way(AiotopResolved *resolved, GError **error)
{
    g_autofree char *address = resolved->address;

    if (g_str_has_prefix(address, AIOTOP_HOST_ADDRESS)) {
        resolved->address = g_steal_pointer(&address);
        return find_host(resolved, error);
    }
    resolved->address =
        resolved->process.pid
            ? aiotop_peer_address(address, &resolved->process, error)
            : g_steal_pointer(&address);
    return resolved->address;
}

static void run(GTask *task, gpointer source G_GNUC_UNUSED, gpointer opaque,
                GCancellable *cancellable G_GNUC_UNUSED)
{
    Look *look = opaque;
    AiotopResolved *resolved = &look->resolved;
    GError *error = NULL;

    resolved->address = look->resolve(look->target, &resolved->process, &error);
    if (!resolved->address || !find_way(resolved, &error)) {
        g_task_return_error(task, error);
    } else {
        g_task_return_boolean(task, true);
    }
}

static void on_looked(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                      gpointer opaque)
{
    AiotopResolver *resolver = opaque;
    Look *look = g_task_get_task_data(G_TASK(result));
    GError *error = NULL;

    resolver->looking = false;
    g_task_propagate_boolean(G_TASK(result), &error);
    if (resolver->overdue) {
        aiotop_timer_clear(&resolver->overdue);
        resolver->done(error ? NULL : &look->resolved, error, resolver->opaque);
    } else {
        g_clear_error(&error);
    }
    unref(resolver);
}

static gboolean on_overdue(gpointer opaque)
{
    AiotopResolver *resolver = opaque;

    aiotop_timer_clear(&resolver->overdue);
    resolver->done(NULL,
                   g_error_new(AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_TIMEOUT,
                               "%s is looked for on this host, and /proc has"
                               " not answered within %g s",
                               resolver->target ? resolver->target : "a QEMU",
                               resolver->timeout_ms / 1e3),
                   resolver->opaque);
    return G_SOURCE_REMOVE;
}

static void look(AiotopResolver *resolver)
{
    Look *data = g_new0(Look, 1);
    g_autoptr(GTask) task = NULL;

    data->resolve = resolver->resolve;
    data->target = g_strdup(resolver->target);
    resolver->looking = true;
    resolver->ref_count++;
    task = g_task_new(NULL, NULL, on_looked, resolver);
    g_task_set_task_data(task, data, free_look);
    g_task_run_in_thread(task, run);
}

void aiotop_resolver_begin(AiotopResolver *resolver, unsigned timeout_ms)
{
    resolver->timeout_ms = timeout_ms;
    aiotop_timer_set(&resolver->overdue, resolver->context, timeout_ms,
                     AIOTOP_QMP_PRIORITY_OVERDUE, on_overdue, resolver);
    if (!resolver->looking) {
        look(resolver);
    }
}

bool aiotop_resolver_is_busy(const AiotopResolver *resolver)
{
    return resolver->overdue;
}

AiotopResolver *aiotop_resolver_new(AiotopSamplerResolve *resolve,
                                    const char *target,
                                    AiotopResolverDone *done, void *opaque)
{
    AiotopResolver *resolver = g_new(AiotopResolver, 1);

    *resolver = (AiotopResolver){
        .ref_count = 1,
        .context = g_main_context_ref_thread_default(),
        .resolve = resolve,
        .target = g_strdup(target),
        .done = done,
        .opaque = opaque,
    };
    return resolver;
}

void aiotop_resolver_free(AiotopResolver *resolver)
{
    if (resolver) {
        aiotop_timer_clear(&resolver->overdue);
        unref(resolver);
    }
}
