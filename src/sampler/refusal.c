/*
 * Why a QEMU that is connected to gives no snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "refusal.h"

#include <stdbool.h>
#include <string.h>

#include "qemu-aiotop/host/halted.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/target.h"
#include "qemu-aiotop/model/profiler.h"
#include "qemu-aiotop/sampler/error.h"
#include "qemu-aiotop/wire/commands.h"
#include "qemu-aiotop/wire/framing.h"
#include "qemu-aiotop/wire/reply.h"

G_DEFINE_QUARK(aiotop_sampler_error, aiotop_sampler_error)

/* Replies in a row that may be malformed before the connection is given up */
#define MAX_MALFORMED 5

static bool is_version(const GError *cause)
{
    return g_error_matches(cause, AIOTOP_REPLY_ERROR,
                           AIOTOP_REPLY_ERROR_VERSION);
}

bool aiotop_refusal_is_final(const GError *cause, unsigned in_a_row)
{
    return is_version(cause) || in_a_row >= MAX_MALFORMED;
}

GError *aiotop_refusal_malformed(const char *address, const GError *cause,
                                 unsigned in_a_row)
{
    GError *error =
        g_error_new(AIOTOP_SAMPLER_ERROR, AIOTOP_SAMPLER_ERROR_MALFORMED,
                    "%s: %s", strchr(address, ':') + 1, cause->message);

    if (!is_version(cause)) {
        g_autofree char *message = error->message;

        error->message = g_strdup_printf("%s, %u times in a row; is this"
                                         " another version of the interface?",
                                         message, in_a_row);
    }
    return error;
}

GError *aiotop_refusal_explain(const char *address, int64_t pid,
                               const GError *error)
{
    const char *shown = strchr(address, ':') + 1;

    if (error->code == AIOTOP_QMP_ERROR_NO_COMMAND) {
        return g_error_new(AIOTOP_SAMPLER_ERROR,
                           AIOTOP_SAMPLER_ERROR_NOT_SUPPORTED,
                           "%s speaks QMP but has no"
                           " query-event-loops: this QEMU lacks the"
                           " event loop profiler's patches (see"
                           " qemu-patches/README.md)",
                           shown);
    }
    if (g_str_has_prefix(error->message, "no event-loop profiler")) {
        g_autofree char *path = aiotop_profiler_path(address, pid, NULL);
        g_autofree char *object = aiotop_command_object_add(path, 0);

        return g_error_new(AIOTOP_SAMPLER_ERROR,
                           AIOTOP_SAMPLER_ERROR_NO_PROFILER,
                           "%s: this QEMU has no " AIOTOP_OBJECT_TYPE
                           " object: use --enable, or send"
                           " {\"execute\":\"object-add\","
                           "\"arguments\":%s}",
                           shown, object);
    }
    if (g_str_has_suffix(error->message, "is unexpected")) {
        /* An argument of the query */
        return g_error_new(AIOTOP_SAMPLER_ERROR, AIOTOP_SAMPLER_ERROR_MALFORMED,
                           "%s: QEMU's profiler and this qemu-aiotop are of"
                           " different versions: %s",
                           shown, error->message);
    }
    return g_error_new(AIOTOP_QMP_ERROR, error->code,
                       "%s: query-event-loops failed: %s", shown,
                       error->message);
}

GError *aiotop_refusal_of_connection(const char *address,
                                     const AiotopIdentity *peer,
                                     const GError *error)
{
    bool silent =
        g_error_matches(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_TIMEOUT) ||
        g_error_matches(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_NO_GREETING);
    g_autofree char *why =
        silent ? aiotop_halted_why(AIOTOP_PROCFS_ROOT, peer) : NULL;

    return why ? g_error_new(error->domain, error->code,
                             "no answer from %s: %s",
                             aiotop_target_shown(address), why)
               : g_error_copy(error);
}
