/*
 * Samples without a screen: from the target to a writer, and so to stdout
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_BATCH_H
#define AIOTOP_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/host/procfs.h>

#include "options.h"

/* What becomes of samples */
typedef struct BatchWriter {
    /**
     * Appends to @out what is to be written to stdout.  Returns true if it
     * wants no more; @status is the exit code then, a success at first.
     * @local is aiotop_sampler_local().
     */
    bool (*take)(GString *out, const AiotopSample *sample,
                 const AiotopIdentity *local, int *status, void *opaque);
    /* The exit code when a signal ends it, unless @fail is set */
    int interrupted;
    /**
     * Optional.  No more samples come, as @message says: says so, and returns
     * the exit code.  Without it, the message is reported.
     */
    int (*fail)(const char *message, void *opaque);
    /* As in AiotopSamplerConfig: what it does without */
    bool loops_only;
    bool no_histograms;
    /* Likewise: it says of a process that is halted that it is */
    bool looks_at_halted;
} BatchWriter;

/**
 * batch_sample:
 *
 * Connects and gives each sample to @writer, until it wants no more, stdout
 * is gone, a signal comes, or the connection fails.  Returns the exit code.
 */
int batch_sample(const Options *options, const BatchWriter *writer,
                 void *opaque);

#endif /* AIOTOP_BATCH_H */
