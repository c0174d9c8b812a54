/*
 * What can't be known of a QEMU, and what it would take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/missing.h"

#include <inttypes.h>

#include "qemu-aiotop/text/figure.h"

const char *aiotop_missing_permission(void)
{
    return "wchan and syscall need ptrace permission: the same user and"
           " kernel.yama.ptrace_scope=0, or CAP_SYS_PTRACE";
}

char *aiotop_missing_profile(AiotopUnprofiled why, int64_t pid)
{
    switch (why) {
    case AIOTOP_UNPROFILED_NO_REASON:
        return NULL;
    case AIOTOP_UNPROFILED_SILENT:
        return g_strdup_printf("it does not answer: its command line,"
                               " /proc/%" PRId64 "/cmdline, can't be read, as"
                               " when a thread of it hangs in the kernel with"
                               " its memory map locked",
                               pid);
    case AIOTOP_UNPROFILED_NO_SOCKET:
        return g_strdup("its " AIOTOP_OBJECT_TYPE
                        " has no socket with an address, and there is no QMP"
                        " monitor on a socket");
    case AIOTOP_UNPROFILED_NOT_BUILT:
        return g_strdup("this QEMU was built without the profiler");
    case AIOTOP_UNPROFILED_NO_MONITOR:
        return g_strdup("no " AIOTOP_OBJECT_TYPE " object, and no QMP monitor"
                        " on a socket to add one through");
    case AIOTOP_UNPROFILED_LIBVIRT:
        return g_strdup_printf("no " AIOTOP_OBJECT_TYPE " object, and the QMP"
                               " monitor is libvirt's: --enable %" PRId64
                               " says how to add one through it",
                               pid);
    case AIOTOP_UNPROFILED_ADD:
        return g_strdup_printf("no " AIOTOP_OBJECT_TYPE " object: add one with"
                               " --enable %" PRId64,
                               pid);
    case AIOTOP_UNPROFILED_PERHAPS_ADD:
        return g_strdup_printf("no " AIOTOP_OBJECT_TYPE " object; perhaps:"
                               " --enable %" PRId64
                               ", if this QEMU has the patches",
                               pid);
    }
    g_assert_not_reached();
}

static bool has_completed_one(const AiotopAwaited *awaited)
{
    for (unsigned i = 0; i < awaited->n_nodes; i++) {
        if (aiotop_known_or_zero(awaited->nodes[i].completed)) {
            return true;
        }
    }
    return false;
}

/* Those that began before profiling did, for all that is known */
static bool may_have_older(const AiotopSnapshot *snapshot, uint64_t request_ns)
{
    uint64_t ns = aiotop_snapshot_most_before_ns(snapshot);

    /* One that tells of its threads would tell of requests */
    return snapshot->threads && ns != AIOTOP_UNKNOWN && ns >= request_ns &&
           !has_completed_one(&snapshot->awaited);
}

char *aiotop_missing_requests(const AiotopSnapshot *snapshot,
                              uint64_t request_ns)
{
    const AiotopAwaited *awaited = &snapshot->awaited;
    uint64_t untracked = aiotop_known_or_zero(awaited->untracked);
    uint64_t ns =
        aiotop_age_ns(snapshot->time_ns, snapshot->profiling_since_ns);
    GString *out = g_string_new(NULL);
    char age[AIOTOP_TEXT_NUMBER];

    if (aiotop_awaited_known(awaited) && ns != AIOTOP_UNKNOWN &&
        ns < request_ns) {
        aiotop_text_time(age, ns);
        g_string_append_printf(out,
                               "Of requests in flight only those are known that"
                               " began since profiling did, %s ago",
                               age);
    } else if (may_have_older(snapshot, request_ns)) {
        aiotop_text_time(age, ns);
        g_string_append_printf(out,
                               "No request has been completed since profiling"
                               " began, %s ago, and those that began before are"
                               " not known",
                               age);
    }
    if (untracked) {
        g_string_append_printf(out, "%s%" PRIu64 " request%s not tracked",
                               out->len ? ", and " : "", untracked,
                               untracked == 1 ? " is" : "s are");
    }
    return g_string_free(out, !out->len);
}

GPtrArray *aiotop_missing_notes(const AiotopSnapshot *snapshot)
{
    GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);

    if (snapshot->host_only) {
        g_autofree char *why =
            aiotop_missing_profile(snapshot->unprofiled, snapshot->pid);

        g_ptr_array_add(
            notes,
            g_strconcat(snapshot->sampled.hz
                            ? "Not profiled, but sampled: shares of time are"
                              " estimates; calls, delays and requests are not"
                              " known"
                            : "Not profiled, only what the host knows of its"
                              " threads",
                        why ? ": " : NULL, why, NULL));
    }
    if (snapshot->sampled.refused) {
        g_ptr_array_add(notes, g_strconcat(snapshot->sampled.hz
                                               ? "Not all threads are sampled: "
                                               : "Not sampled: ",
                                           snapshot->sampled.refused, NULL));
    }
    if (snapshot->unnamed) {
        g_ptr_array_add(notes,
                        g_strdup("Which threads are iothreads or vCPUs is not"
                                 " known: qemu-system-* names them with -name"
                                 " NAME,debug-threads=on"));
    }
    if (snapshot->n_left_out) {
        g_ptr_array_add(notes,
                        g_strdup_printf("%u threads are not shown: of so many"
                                        " only iothreads, vCPUs and the busiest"
                                        " others are looked at",
                                        snapshot->n_left_out));
    }
    if (snapshot->denied) {
        g_ptr_array_add(notes, g_strconcat("Not shown: ",
                                           aiotop_missing_permission(), NULL));
    }
    return notes;
}
