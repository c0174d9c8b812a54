/*
 * From what the user gave to a socket that serves a profile
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "connect.h"

#include <string.h>

#include <qemu-aiotop/wire/commands.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/peer.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/text/escape.h>
#include <qemu-aiotop/wire/connection.h>
#include <qemu-aiotop/wire/timer.h>

#include "deadline.h"
#include "output.h"

/* A walk through /proc is spared where the target is an address */
static bool resolve(const char *text, bool monitor, AiotopTarget *target,
                    GError **error)
{
    g_autoptr(GPtrArray) processes = NULL;
    g_autofree char *address = text ? aiotop_target_address(text) : NULL;

    if (!address) {
        processes = aiotop_discover(AIOTOP_PROCFS_ROOT);
    }
    return aiotop_target_resolve(text, monitor, processes, target, error);
}

char *connect_resolve(const char *text, AiotopIdentity *process, GError **error)
{
    AiotopTarget target;

    if (!resolve(text, false, &target, error)) {
        aiotop_target_clear(&target);
        return NULL;
    }
    *process = target.process;
    return target.address;
}

/* The steps of connect_enable() */
typedef struct Enable {
    Options *options;
    const char *monitor;
    /* Whom to believe; and who it is */
    AiotopIdentity expected;
    AiotopIdentity peer;
    GMainLoop *loop;
    /* Where the new profiler listens, or NULL */
    char *path;
    /* Where to read the profile; set at success */
    char *address;
    GError *error;
} Enable;

static void fail(Enable *enable, const char *what, const char *cause)
{
    g_set_error(&enable->error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_COMMAND,
                "cannot switch profiling on through %s: %s%s",
                aiotop_target_shown(enable->monitor), what, cause);
    g_main_loop_quit(enable->loop);
}

static void on_added(AiotopQmp *qmp G_GNUC_UNUSED,
                     json_object *value G_GNUC_UNUSED, const GError *error,
                     void *opaque)
{
    Enable *enable = opaque;

    if (error) {
        fail(enable, "object-add says: ", error->message);
        return;
    }
    enable->address = enable->path ? g_strconcat("unix:", enable->path, NULL)
                                   : g_strdup(enable->monitor);
    g_main_loop_quit(enable->loop);
}

static void on_probed(AiotopQmp *qmp, json_object *value G_GNUC_UNUSED,
                      const GError *error, void *opaque)
{
    Enable *enable = opaque;
    g_autoptr(GError) cause = NULL;
    g_autofree char *object = NULL;

    if (!error) {
        report("profiling was on already");
        enable->address = g_strdup(enable->monitor);
        g_main_loop_quit(enable->loop);
        return;
    }
    if (error->code == AIOTOP_QMP_ERROR_NO_COMMAND) {
        fail(enable,
             "this QEMU lacks the event loop profiler's patches (see"
             " qemu-patches/README.md)",
             "");
        return;
    }
    enable->path =
        aiotop_profiler_path(enable->monitor, enable->peer.pid, &cause);
    if (cause) {
        fail(enable, cause->message, "");
        return;
    }
    object = aiotop_command_object_add(enable->path, enable->options->stall_ms);
    aiotop_qmp_execute(qmp, "object-add", object, false, on_added, enable);
}

static bool check_peer(AiotopQmp *qmp G_GNUC_UNUSED, int fd, void *opaque,
                       GError **error)
{
    Enable *enable = opaque;

    return aiotop_peer_check(fd, enable->monitor, &enable->expected,
                             &enable->peer, error);
}

static void on_ready(AiotopQmp *qmp, void *opaque)
{
    aiotop_qmp_execute(qmp, "query-event-loops", NULL, true, on_probed, opaque);
}

static void on_failed(AiotopQmp *qmp G_GNUC_UNUSED, const GError *error,
                      void *opaque)
{
    Enable *enable = opaque;

    enable->error = g_error_copy(error);
    g_main_loop_quit(enable->loop);
}

static gboolean on_deadline(gpointer opaque)
{
    Enable *enable = opaque;

    if (!enable->error && !enable->address) {
        g_autofree char *why = deadline_reason(enable->options);

        fail(enable, why, "");
    }
    return G_SOURCE_REMOVE;
}

/* What to type where the monitor is libvirt's, which lends it */
static void advise_virsh(const Options *options, const AiotopTarget *target,
                         GError *error)
{
    g_autofree char *object =
        aiotop_command_object_add(target->profiler_path, options->stall_ms);
    g_autofree char *command = g_strdup_printf(
        "{\"execute\":\"object-add\",\"arguments\":%s}", object);
    g_autofree char *command_word = aiotop_text_quote(command);
    /* A name may look like an option */
    g_autofree char *domain = g_strconcat("--domain=", target->domain, NULL);
    g_autofree char *domain_word =
        target->domain ? aiotop_text_quote(domain) : NULL;

    if (command_word && domain_word) {
        g_autofree char *message = error->message;

        error->message = g_strdup_printf(
            "%s; through that: virsh -c %s qemu-monitor-command %s %s", message,
            target->libvirt_uri, domain_word, command_word);
    }
}

bool connect_enable(Options *options, GError **error)
{
    static const AiotopQmpHandler handler = {
        .check_peer = check_peer,
        .ready = on_ready,
        .failed = on_failed,
    };
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(AiotopQmp) qmp = NULL;
    GSource *deadline;
    Enable enable = { .options = options, .loop = loop };
    AiotopTarget target;

    if (!resolve(options->target, true, &target, &enable.error)) {
        if (enable.error->code == AIOTOP_DISCOVER_ERROR_LIBVIRT) {
            advise_virsh(options, &target, enable.error);
        }
        g_propagate_error(error, g_steal_pointer(&enable.error));
        aiotop_target_clear(&target);
        return false;
    }
    if (target.process.pid) {
        g_autofree char *monitor = target.address;

        target.address = aiotop_peer_address(monitor, &target.process, error);
        if (!target.address) {
            aiotop_target_clear(&target);
            return false;
        }
    }
    enable.monitor = target.address;
    deadline = deadline_begin(options, on_deadline, &enable);
    enable.expected = target.process;
    qmp =
        aiotop_qmp_open(target.address, &options->timeouts, &handler, &enable);
    g_main_loop_run(loop);
    aiotop_timer_clear(&deadline);
    if (enable.address) {
        if (enable.path) {
            g_autofree char *message =
                g_strdup_printf("profiling is on, served at %s", enable.path);

            report(message);
        }
        g_free(options->target);
        options->target = enable.address;
    }
    g_free(enable.path);
    aiotop_target_clear(&target);
    if (enable.error) {
        g_propagate_error(error, enable.error);
        return false;
    }
    return true;
}
