/*
 * Mode: the check for monitoring systems, always one line on stdout
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "modes.h"

#include <qemu-aiotop/format/check.h>

#include "batch.h"
#include "host-batch.h"
#include "output.h"

/* A line that nobody got is no answer */
static int print(GString *out, int status)
{
    int written = status;

    return report_output(out, &written) ? status : AIOTOP_CHECK_UNKNOWN;
}

int mode_check_unknown(const char *reason)
{
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_format_check_unknown(out, reason);
    return print(out, AIOTOP_CHECK_UNKNOWN);
}

static int fail(const char *message, void *opaque G_GNUC_UNUSED)
{
    return mode_check_unknown(message);
}

static bool take_sample(GString *out, const AiotopSample *sample,
                        const AiotopIdentity *local G_GNUC_UNUSED, int *status,
                        void *opaque)
{
    const Options *options = opaque;
    g_auto(AiotopCheckResult) result = { 0 };

    if (!aiotop_diagnose_can(sample)) {
        return false;
    }
    aiotop_check_run(&result, sample, &options->check);
    if (result.status != AIOTOP_CHECK_OK || !options->quiet) {
        aiotop_format_check(out, sample, &options->check, &result);
    }
    *status = print(out, result.status);
    return true;
}

static bool take_verdicts(GString *out, const GPtrArray *verdicts,
                          const AiotopHostCause *cause, int *status,
                          void *opaque)
{
    const Options *options = opaque;
    g_auto(AiotopHostCheck) result = { 0 };

    aiotop_host_check_run(&result, verdicts, &options->check);
    if (result.status != AIOTOP_CHECK_OK || !options->quiet) {
        aiotop_format_host_check(out, &options->check, &result, cause);
    }
    *status = print(out, result.status);
    return true;
}

int mode_check(const Options *options)
{
    static const HostWriter host_writer = {
        .take = take_verdicts,
        .fail = fail,
        .takes_what_there_is = true,
    };
    static const BatchWriter writer = {
        .looks_at_halted = true,
        .take = take_sample,
        .fail = fail,
    };

    if (host_batch_wanted(options)) {
        return host_batch(options, &host_writer, (void *)options);
    }
    return batch_sample(options, &writer, (void *)options);
}
