/*
 * All QEMUs of this host without a screen: from rounds to a writer, and so to
 * stdout
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_BATCH_H
#define AIOTOP_HOST_BATCH_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/host-cause.h>
#include <qemu-aiotop/model/verdict.h>

#include "options.h"

/* What becomes of rounds */
typedef struct HostWriter {
    /**
     * Appends to @out what is to be written to stdout of @verdicts, of
     * AiotopVerdict: those that pass the filter; @cause is of all of them, or
     * NULL.  Returns true if it wants no more; @status is the exit code then, a
     * success at first.
     */
    bool (*take)(GString *out, const GPtrArray *verdicts,
                 const AiotopHostCause *cause, int *status, void *opaque);
    /* The exit code when a signal ends it, unless @fail is set */
    int interrupted;
    /* As in BatchWriter */
    int (*fail)(const char *message, void *opaque);
    /* As in AiotopHostSamplerConfig */
    bool loops_only;
    bool no_histograms;
    /* What is known at --timeout is taken, late or not */
    bool takes_what_there_is;
} HostWriter;

/**
 * host_batch_wanted:
 *
 * Whether it is about all QEMUs: that was asked for, or no TARGET was given
 * and several are profiled.  Looks through /proc for that.
 */
bool host_batch_wanted(const Options *options);

/**
 * host_batch:
 *
 * Gives each round to @writer, from the first one on that has intervals, until
 * it wants no more, stdout is gone, or a signal comes.  Returns the exit code.
 */
int host_batch(const Options *options, const HostWriter *writer, void *opaque);

#endif /* AIOTOP_HOST_BATCH_H */
